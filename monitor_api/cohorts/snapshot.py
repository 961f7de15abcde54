"""The columnar snapshot of session facts: one Parquet file, a row a session, written whole and renamed into place.

Rules, kept here:
- The schema is the table in `rows` and nothing else; a row gives back the facts it was made from, to the bit.
- What is of a person rather than of a session stands in `person`, the same text in each of their rows; somebody
  without a session has one row with nothing but that.
- A reader sees the old file or the new one, never a part: it is written beside its place and renamed.
"""

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

import duckdb
import pandas as pd

from monitor_api.cohorts.case import Case
from monitor_api.cohorts.rows import MOVED, NAMES, Entry, case_of, layout, rows_of, schema
from monitor_api.errors import SnapshotUnreadable, SnapshotUnwritten
from vocabulary.identity import PatientId

ROWS_AT_ONCE: Final = 5_000
"""Rows that are in memory together."""

MEMORY: Final = "512MB"
"""What DuckDB may use while a snapshot is written; beyond that it goes to disk, beside the snapshot."""

_AS_OF: Final = "as_of"
_LAYOUT: Final = "layout"
_ROW_GROUP: Final = 10_000


def write_snapshot(path: Path, cases: Iterable[Case], as_of: datetime | None = None) -> int:
    """Write a snapshot of these people, a part of them at a time, and give how many sessions it has.

    `as_of`: the instant as of which it is; None: that of its newest session.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".snapshot-", dir=path.parent) as directory:
        written = compose(Path(directory), (Entry(case=case) for case in cases), as_of)
        count: int = _query(written, "SELECT count(session) FROM read_parquet($path)", {})[0][0]
        put_in_place(written, path)
    return count


def compose(
    directory: Path, entries: Iterable[Entry], as_of: datetime | None = None, before: Path | None = None
) -> Path:
    """Write a snapshot somewhere in an empty directory, for `put_in_place`; `before`: the one that entries go on from.

    Raises SnapshotUnwritten.
    """
    written = directory / "sessions.parquet"
    try:
        with closing(duckdb.connect(str(directory / "rows.duckdb"))) as store:
            for setting in ("threads = 1", f"memory_limit = '{MEMORY}'", f"temp_directory = '{_quoted(directory)}'"):
                store.execute(f"SET {setting}")
            _fill(store, entries)
            store.execute(_copy(written, as_of, before))
    except duckdb.Error as error:
        raise SnapshotUnwritten(directory.parent, str(error).splitlines()[0]) from error
    with written.open("rb") as file:
        os.fsync(file.fileno())
    return written


def _copy(written: Path, as_of: datetime | None, before: Path | None) -> str:
    told = {_LAYOUT: layout()} | ({} if as_of is None else {_AS_OF: as_of.astimezone(UTC).isoformat()})
    metadata = ", ".join(f"{key}: '{value}'" for key, value in told.items())
    taken_over = "" if before is None else f" UNION ALL {_taken_over(before)}"
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}, KV_METADATA {{{metadata}}}"
    return f"COPY (SELECT {NAMES} FROM rows{taken_over}) TO '{_quoted(written)}' ({options})"  # noqa: S608


def put_in_place(written: Path, path: Path) -> None:
    """Let readers see a composed snapshot from now on; not one of them sees a part of it, whatever fails."""
    written.replace(path)


def _taken_over(before: Path) -> str:
    """The rows of those, with what is of the person as it is now."""
    now = {name for name, _ in MOVED}
    names = ", ".join(f"{'moved' if name in now else 'old'}.{name}" for name, _ in schema())
    return f"SELECT {names} FROM read_parquet('{_quoted(before)}') old JOIN moved ON old.number = moved.before"  # noqa: S608


def _fill(store: duckdb.DuckDBPyConnection, entries: Iterable[Entry]) -> None:
    """Stage what is new, some rows at a time: one person may have thousands."""
    tables = {"rows": schema(), "moved": list(MOVED)}
    for table, columns in tables.items():
        store.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns)})")
    arriving = (row for number, entry in enumerate(entries) for row in rows_of(number, entry))
    while part := list(islice(arriving, ROWS_AT_ONCE)):
        for table, columns in tables.items():
            _insert(store, table, columns, [row for into, row in part if into == table])


def _insert(
    store: duckdb.DuckDBPyConnection, table: str, columns: list[tuple[str, str]], rows: list[tuple[Any, ...]]
) -> None:
    if not rows:
        return
    store.register("part", pd.DataFrame(rows, columns=[name for name, _ in columns], dtype=object))
    casts = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns)
    store.execute(f"INSERT INTO {table} SELECT {casts} FROM part")  # noqa: S608 - names out of the tables above
    store.unregister("part")


@contextmanager
def held(path: Path) -> Generator[Path]:
    """A name of the snapshot that is there now, which stays this one when another takes its place.

    Processes of the same user may read it too, for as long as it is held. Raises SnapshotUnreadable, also when it is
    found to be that under its other name.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise SnapshotUnreadable(path, error.strerror or str(error)) from error
    with file:
        steady = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        try:
            yield steady
        except SnapshotUnreadable as error:
            raise SnapshotUnreadable(path, error.problem.replace(str(steady), path.name)) from error


def known_people(path: Path) -> dict[PatientId, tuple[int, str]]:
    """Who is in a snapshot, with their number and `facts`; nobody where it is not there, or of another layout."""
    try:
        told = _told(path, _LAYOUT)
        rows = _query(path, "SELECT DISTINCT patient, number, facts FROM read_parquet($path)", {})
    except SnapshotUnreadable:
        return {}
    return {PatientId(UUID(patient)): (number, facts) for patient, number, facts in rows} if told == layout() else {}


def count_people(path: Path) -> int:
    """How many people a snapshot has. Raises SnapshotUnreadable."""
    found = _query(path, "SELECT coalesce(max(number) + 1, 0) FROM read_parquet($path)", {})
    return int(found[0][0])


def newest(path: Path) -> datetime:
    """As of when a snapshot is; long ago if it does not say and has nothing. Raises SnapshotUnreadable."""
    told = _told(path, _AS_OF)
    if told is not None:
        return datetime.fromisoformat(told)
    rows = _query(path, "SELECT coalesce(max(heard_at), TIMESTAMP '2000-01-01') FROM read_parquet($path)", {})
    found: datetime = rows[0][0]
    return found.replace(tzinfo=UTC)


def _told(path: Path, key: str) -> str | None:
    """What the file says of itself."""
    query = "SELECT decode(value) FROM parquet_kv_metadata($path) WHERE decode(key) = $key"
    return next((value for (value,) in _query(path, query, {"key": key})), None)


def read_snapshot(path: Path, first: int, end: int) -> Iterator[Case]:
    """The people numbered from `first` to before `end`. Raises SnapshotUnreadable."""
    once = "SELECT * REPLACE (CASE place WHEN 0 THEN person END AS person) FROM read_parquet($path)"
    of_these = "number >= $first AND number < $end ORDER BY number, place"
    query = f"SELECT {NAMES} FROM ({once}) WHERE {of_these}"  # noqa: S608 - names out of the table above
    rows = _query(path, query, {"first": first, "end": end})
    for _, group in groupby(rows, key=itemgetter(0)):
        yield _case(path, list(group))


def _case(path: Path, rows: list[tuple[Any, ...]]) -> Case:
    try:
        return case_of(rows)
    except ValueError as error:
        raise SnapshotUnreadable(path, str(error)) from error


def _query(path: Path, query: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    try:
        with closing(duckdb.connect()) as store:
            store.execute("SET threads = 1")
            return store.execute(query, {"path": str(path), **parameters}).fetchall()
    except duckdb.Error as error:
        raise SnapshotUnreadable(path, str(error).splitlines()[0]) from error


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
