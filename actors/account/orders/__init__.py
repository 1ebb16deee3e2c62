"""Orders of an account, the same for every product: what is known of them, commands, queries, reconciliation."""
