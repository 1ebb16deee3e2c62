"""``python -m exchanges.simulator``."""

import sys

from exchanges.simulator.command import main

sys.exit(main())
