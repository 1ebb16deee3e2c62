"""Gate.io: how its wire is read, and deliberate bugs and branches of its client."""
