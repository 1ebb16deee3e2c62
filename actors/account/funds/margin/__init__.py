"""What an account that trades on margin has: its money, and its positions."""
