"""Kinds of accounts, by what they trade."""
