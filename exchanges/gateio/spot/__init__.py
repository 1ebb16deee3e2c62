"""Spot: wire formats and clients."""
