"""Gate.io perpetuals that are settled in USDT."""
