"""Tests of the Gate.io spot clients."""
