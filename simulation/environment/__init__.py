"""What lies around the program: network, the exchange's faults, its operator and house, crashes; drawn by the seed."""
