"""The command line of Teller: ``run.py start``, ``simulate``, ``check``, ``history``, ``kill-switch``."""

import sys
from collections.abc import Sequence

from console.exit_codes import ExitCode


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code (see `console.exit_codes`)."""
    try:
        from console.descriptors import fill_standard_descriptors

        fill_standard_descriptors()
        from console.arguments import build_parser
        from console.commands import run_command

        return run_command(build_parser().parse_args(argv))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
