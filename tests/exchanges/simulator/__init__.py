"""Tests of the embedded exchange: its engine, its wire face and its control API."""
