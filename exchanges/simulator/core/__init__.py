"""The engine's core: books, orders, money, markets and what is remembered of them; no venue's words."""
