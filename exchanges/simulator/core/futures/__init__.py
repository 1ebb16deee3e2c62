"""Perpetual contracts: margin accounts, positions, mark and index prices, funding, liquidation. No venue's words."""
