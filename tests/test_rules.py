"""What code, tests and docs cite is in the repository: rules by their number, files by their path."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("actors", "benchmarks", "config", "console", "docs", "exchanges", "messages", "simulation", "tests")
RULES = ROOT / "docs" / "rules.md"
_HEADING = re.compile(r"^## R(\d+) ", re.MULTILINE)
_CITED = re.compile(r"(?<![\w.])R(\d{1,2})(?!\w)|\btest_r(\d{1,2})_")
_PATH = re.compile(r"(?<![\w/.:~<])((?:[\w-]+/)+[\w.-]+\.(?:md|py|toml|json|jsonl|proto))(?![\w/])")
_FOREIGN = re.compile(r"\bDESIGN\b|\b[Ff]act sheet\b|(?<![\w/])shared/")


def files() -> Iterator[Path]:
    for folder in FOLDERS:
        for suffix in ("*.py", "*.md", "*.toml"):
            yield from (ROOT / folder).rglob(suffix)
    yield from (ROOT / name for name in ("README.md", "pyproject.toml", "run.py", "Makefile"))


def sections() -> dict[str, str]:
    """The text below each rule, by its number."""
    _, *parts = _HEADING.split(RULES.read_text())
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_rules_are_numbered_from_one_without_a_gap() -> None:
    assert list(sections()) == [str(number) for number in range(1, len(sections()) + 1)]


def test_every_rule_that_is_cited_is_there() -> None:
    known = sections()
    unknown = {
        f"{path.relative_to(ROOT)}: R{number}"
        for path in files()
        for match in _CITED.finditer(path.read_text())
        if (number := match[1] or match[2]) not in known
    }
    assert not unknown


@pytest.mark.parametrize("number", sections())
def test_the_tests_that_a_rule_names_are_there_and_cite_it(number: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", sections()[number])
    assert named
    for path in named:
        text = (ROOT / path).read_text()
        cited = {match[1] or match[2] for match in _CITED.finditer(text)}
        assert number in cited, f"{path} does not cite R{number}"


def test_no_file_is_cited_that_a_clone_lacks() -> None:
    lacking = set()
    for path in files():
        if path in {Path(__file__), ROOT / "tests/simulation/tools/test_evidence.py"}:  # made-up names
            continue
        text = path.read_text()
        lacking |= {f"{path.relative_to(ROOT)}: {match[0]}" for match in _FOREIGN.finditer(text)}
        if path.suffix == ".md":
            lacking |= {
                f"{path.relative_to(ROOT)}: {cited}"
                for cited in _PATH.findall(text)
                if not any((beside / cited).exists() for beside in (ROOT, path.parent, ROOT / "simulation"))
            }
        else:
            lacking |= {
                f"{path.relative_to(ROOT)}: {cited}"
                for cited in _PATH.findall(text)
                if cited.startswith(("docs/", "tests/")) and not (ROOT / cited).exists()
            }
    assert not lacking
