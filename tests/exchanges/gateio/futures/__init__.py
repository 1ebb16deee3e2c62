"""Tests of the Gate.io perpetuals clients."""
