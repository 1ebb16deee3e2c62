"""MEXC spot: a venue. Facts that the code rests on: docs/venues/mexc.md."""
