"""Insert rows that may be there already: the one thing SQLite and PostgreSQL spell in their own ways.

Rows go in the order of their keys: workers that write the same rows at once wait for each other, and never in a circle.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.records.columns import Table

Row = Mapping[str, Any]
Change = Callable[[ColumnCollection[str, Any]], Mapping[str, Any]]


def insert_new(session: Session, table: type[Table], rows: Sequence[Row]) -> None:
    """Insert rows whose key is new; leave the others as they are."""
    if rows:
        session.execute(_insert(session, table).on_conflict_do_nothing(), _in_order(rows, _primary_key(table)))


def upsert(
    session: Session, table: type[Table], rows: Sequence[Row], change: Change, *, key: Sequence[str] | None = None
) -> None:
    """Insert rows; where the key is known, set what `change` gives for the columns of the row that was to be new.

    `key`: the columns of a unique index, the primary key's unless given.
    """
    if rows:
        unique = key or _primary_key(table)
        insert = _insert(session, table)
        updating = insert.on_conflict_do_update(index_elements=unique, set_=change(insert.excluded))
        session.execute(updating, _in_order(rows, unique))


def _primary_key(table: type[Table]) -> list[str]:
    return [column.name for column in inspect(table).primary_key]


def _in_order(rows: Sequence[Row], key: Sequence[str]) -> Sequence[Row]:
    return sorted(rows, key=lambda row: [row[name] for name in key]) if len(rows) > 1 else rows


def _insert(session: Session, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
    # The table and not its class: the ORM would leave out what is None and group the rows by what is left.
    rows = table.metadata.tables[table.__tablename__]
    return sqlite.insert(rows) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(rows)
