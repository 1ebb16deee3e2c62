"""stdin, stdout and stderr where whoever started us has closed them. Imports nothing that could open a file."""

import os
import sys
from typing import Final

_STANDARD: Final = (0, 1, 2)


def fill_standard_descriptors() -> None:
    """Lets stdin, stdout and stderr lead nowhere where they were closed before we began.

    Otherwise the next file that is opened, a journal, would get such a number and all that is said.
    """
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one
            os.set_inheritable(number, True)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # as long as the process
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # as above
