"""Deliberate bugs that the seeds must find, and the tool that hunts them: ``python -m simulation.mutants``."""
