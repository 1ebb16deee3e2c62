"""Market data of one venue: its actor, its session."""
