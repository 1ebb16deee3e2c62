"""What an account has: one kind of funds for each product."""
