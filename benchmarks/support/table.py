"""Rows of benchmarks for people: one line for each figure."""

from collections.abc import Mapping

_WIDTHS = (12, 30, 34, 22, 12, 8)
_HEADINGS = ("benchmark", "case", "figure", "value", "target", "verdict")
_SURROUNDINGS = frozenset({"benchmark", "loop", "ccxt_json"})
"""Words of a row that do not tell its case from another's."""


def lines_of(row: Mapping[str, object] | None) -> list[str]:
    """The figures of a row, each on its line, those with a target first; for None, the headings."""
    if row is None:
        return [_line(_HEADINGS)]
    targets = row.get("targets")
    judged: Mapping[str, Mapping[str, object]] = targets if isinstance(targets, dict) else {}
    case = " ".join(str(value) for name, value in row.items() if name not in _SURROUNDINGS and isinstance(value, str))
    figures = [name for name, value in row.items() if isinstance(value, int | float | list) and name not in judged]
    lines = []
    for name in [*judged, *figures]:
        target = judged.get(name, {})
        verdict = {True: "met", False: "MISSED"}.get(bool(target["met"]), "") if target else ""
        cells = (str(row["benchmark"]), case, name, _text(row[name]), str(target.get("target", "")), verdict)
        lines.append(_line(cells))
    return lines


def _line(cells: tuple[str, ...]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _text(value: object) -> str:
    if isinstance(value, list):
        return " .. ".join(_text(item) for item in value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
