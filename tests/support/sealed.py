"""Journals that tests change by hand."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from actors.journal.checksums import CHECKED, add_checksums, checksum_sql


@contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """The file for writing; afterwards every record has the checksum of what it is then, as if we had written it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        add_checksums(connection)
        yield connection
        for table in CHECKED:
            connection.execute(f"UPDATE {table} SET checksum = {checksum_sql(table)}")  # noqa: S608 our own words
