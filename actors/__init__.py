"""Who owns what: the actor runtime, accounts, connections, market data, strategies."""
