"""What a figure should be, and whether it is."""

from collections.abc import Mapping


def judged(
    row: dict[str, object],
    *,
    at_most: Mapping[str, float] | None = None,
    at_least: Mapping[str, float] | None = None,
    below: Mapping[str, float] | None = None,
) -> dict[str, object]:
    """The row with ``targets``: for each field that has one, what it is and whether it is met."""
    targets: dict[str, object] = {}
    for field, limit in (at_most or {}).items():
        targets[field] = {"target": f"<= {limit:g}", "met": _figure(row, field) <= limit}
    for field, limit in (at_least or {}).items():
        targets[field] = {"target": f">= {limit:g}", "met": _figure(row, field) >= limit}
    for field, limit in (below or {}).items():
        targets[field] = {"target": f"< {limit:g}", "met": _figure(row, field) < limit}
    return {**row, "targets": targets}


def _figure(row: dict[str, object], field: str) -> float:
    value = row[field]
    assert isinstance(value, int | float), f"{field} is to be judged, so it is a number"
    return float(value)
