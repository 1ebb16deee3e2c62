"""`python -m simulation`: see `simulation.command`."""

import sys

from simulation.command import main

if __name__ == "__main__":
    sys.exit(main())
