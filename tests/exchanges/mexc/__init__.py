"""Tests of the MEXC spot clients."""
