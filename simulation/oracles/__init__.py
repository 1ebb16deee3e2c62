"""What must hold, each looked at from outside: by the exchange's own books, by what was asked, by what was told."""
