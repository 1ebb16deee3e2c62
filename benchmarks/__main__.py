"""``python -m benchmarks [NAME ...] [--json]``: runs benchmarks and says which targets they meet.

Each runs in a process of its own, so that none pays for what another left in memory. A missed target is a finding,
not a failure: the exit code is 0 unless a benchmark could not be run (1) or the command line is wrong (2).
"""

import argparse
import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterable, Iterator

import benchmarks
from benchmarks.support.loops import log_like_the_program
from benchmarks.support.table import lines_of


def names() -> list[str]:
    """Every benchmark there is: the modules of this package that have a ``run``."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.ispkg and not module.name.startswith("_")
    )


def rows_of(name: str) -> Iterator[dict[str, object]]:
    """Runs one benchmark in this process."""
    yield from importlib.import_module(f"benchmarks.{name}").run()


def _in_own_process(name: str) -> Iterator[dict[str, object]]:
    command = [sys.executable, "-m", "benchmarks", name, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield json.loads(line)
    if child.returncode:
        raise SystemExit(f"{name} could not be run (exit code {child.returncode})")


def _print(rows: Iterable[dict[str, object]], *, as_json: bool) -> None:
    for row in rows:
        if as_json:
            print(json.dumps(row), flush=True)
        else:
            for line in lines_of(row):
                print(line, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Runs what the command line names, all benchmarks when it names none."""
    known = names()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(known)}; all when none is given")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in known:
            parser.error(f"NAME {name!r} is not allowed: one of {', '.join(known)}")
    if not options.json:
        print(lines_of(None)[0], flush=True)
    if len(options.names) == 1:
        log_like_the_program()
        _print(rows_of(options.names[0]), as_json=options.json)
        return 0
    for name in options.names or known:
        _print(_in_own_process(name), as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
