"""Gate.io (API v4), spot."""
