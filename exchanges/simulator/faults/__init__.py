"""What can be made to go wrong, and how it is done."""
