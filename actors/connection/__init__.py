"""Connections: the state machine, the supervisor that drives it, and what it asks of a session."""
