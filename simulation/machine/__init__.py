"""A faulty machine: what can go wrong with the computer that the program runs on, and with code of its users."""
