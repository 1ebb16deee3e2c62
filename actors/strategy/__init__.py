"""Strategies: what a trader writes, the actors that host it, and one that is ready to run."""
