"""Hunts the deliberate bugs; see `simulation.mutants.hunt`."""

import sys

from simulation.mutants.hunt import main

if __name__ == "__main__":
    sys.exit(main())
