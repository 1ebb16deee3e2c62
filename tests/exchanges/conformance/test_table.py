"""What a venue cannot is said in one table, and the factories of a venue are few."""

import ast
from pathlib import Path

from exchanges.capability_table import capability_table, registered
from exchanges.registry import VENUE_KINDS
from tests.exchanges.conformance.lines import venue
from tests.support.virtual_world import Subject, VirtualWorld, on_virtual_time

ROOT = Path(__file__).resolve().parents[3]


def test_the_table_is_what_the_venues_declare(subject: Subject) -> None:
    if subject.name in VENUE_KINDS:
        page = (ROOT / "docs/venues/capabilities.md").read_text(encoding="utf-8")
        assert page == capability_table(registered()), "make it anew: python -m exchanges.capability_table"


def test_a_table_says_what_is_missing(subject: Subject) -> None:
    del subject
    table = capability_table({"lines": venue.CAPABILITIES})
    assert "| amending orders | no |" in table
    assert "| one list of open orders covers | one market |" in table


@on_virtual_time()
async def test_a_venue_declares_what_its_clients_declare(world: VirtualWorld) -> None:
    assert world.rest.capabilities == world.venue.capabilities
    assert world.venue.capabilities.venue == world.venue.name


def test_the_made_up_venue_is_few_lines_of_factories_and_declarations(subject: Subject) -> None:
    del subject
    tree = ast.parse(Path(venue.__file__).read_text(encoding="utf-8"))
    lines = {
        line
        for node in tree.body
        if isinstance(node, ast.Assign | ast.ClassDef)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    assert len(lines) < 60
