"""Contracts of the embedded exchange: its core, and the face of futures."""
