"""MEXC, as the simulation reads it."""
