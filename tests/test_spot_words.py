"""Spot accounts have no positions, and the code of spot has no name for any."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SPOT = ("exchanges/gateio/spot", "exchanges/mexc", "actors/account/funds/spot.py", "actors/account/funds/money.py")
OF_POSITIONS = re.compile(
    r"position|leverage|liquidation|reduce_?only|mark_?price|unrealized|isolated|perpetual|funding(?!_balance)",
    re.IGNORECASE,
)


def names(path: Path) -> Iterator[str]:
    """Those of every source in or at a path, as ``file: name``."""
    for source in [path] if path.is_file() else sorted(path.rglob("*.py")):
        if source.name.endswith("_pb2.py"):
            continue
        for token in tokenize.generate_tokens(io.StringIO(source.read_text()).readline):
            if token.type == tokenize.NAME:
                yield f"{source.relative_to(ROOT)}: {token.string}"


@pytest.mark.parametrize("place", SPOT)
def test_the_code_of_spot_has_no_name_for_a_position(place: str) -> None:
    found = list(names(ROOT / place))
    assert len(found) > 50
    assert not [name for name in found if OF_POSITIONS.search(name.rpartition(": ")[2])]


def test_the_search_finds_them_where_they_are() -> None:
    found = {name.rpartition(": ")[2] for name in names(ROOT / "exchanges/gateio/futures")}
    assert {"set_leverage", "load_positions", "reduce_only", "mark_price"} <= {
        name for name in found if OF_POSITIONS.search(name)
    }
