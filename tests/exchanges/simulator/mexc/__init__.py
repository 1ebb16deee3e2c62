"""MEXC's face, in memory and on virtual time."""
