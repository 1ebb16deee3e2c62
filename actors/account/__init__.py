"""One account: its state (pure), its actor, and how orders of unknown fate are settled."""
