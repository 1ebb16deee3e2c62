"""No venue is named where code is common to all: what is one venue's has a place of its own."""

import re
import subprocess
from pathlib import Path

import pytest

from exchanges.registry import VENUE_KINDS
from exchanges.simulator.faces.registry import FACES, WITHOUT_CLIENT
from simulation.venues.wires import VENUE_WIRES

ROOT = Path(__file__).resolve().parents[1]
COMMON = [
    "actors",
    "config/*.py",
    "console",
    "exchanges/base",
    "exchanges/simulator",
    "messages",
    "simulation",
    ":!exchanges/simulator/faces",
    ":!simulation/venues",
]
NAMED = re.compile(r"gateio|gate[.]io|\bgate\b|mexc", re.IGNORECASE)
LOCK = "_gate"
"""A lock of the runtime's."""


def test_common_code_names_no_venue() -> None:
    files = subprocess.run(["git", "ls-files", *COMMON], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [path for path in files.split() if path.endswith(".py")]
    assert len(paths) > 200
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1)
        if NAMED.search(line) and LOCK not in line
    ]
    assert found == []


@pytest.mark.parametrize("text", ["Gate", "gateio", "Gate.io's", "exchanges.gateio", "MEXC"])
def test_the_search_finds_a_venue(text: str) -> None:
    assert NAMED.search(text)


def test_every_kind_of_venue_has_a_face_and_a_reading_of_its_wire() -> None:
    assert set(VENUE_KINDS) == set(VENUE_WIRES) == set(FACES) - WITHOUT_CLIENT
    assert set(FACES) >= WITHOUT_CLIENT
