"""Who trades in a run."""
