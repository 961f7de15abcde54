"""Insert rows that may be there already: the one thing SQLite and PostgreSQL spell in their own ways.

Rows go in the order of their keys: workers that write the same rows at once wait for each other, and never in a circle.
A statement is compiled once for each store, and rows go to the driver as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Dialect, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler

from monitor_api.records.columns import Table

Row = Mapping[str, Any]
Change = Callable[[ColumnCollection[str, Any]], Mapping[str, Any]]

_COMPILED: Final = 256
"""Statements that are kept: each table with some columns and one change, for each store that is open."""


def insert_new(session: Session, table: type[Table], rows: Sequence[Row]) -> int:
    """Insert rows whose key is new, and leave the others as they are; gives how many were new."""
    return _insert(session, rows, _Wish(table, None, ()))


def upsert(
    session: Session, table: type[Table], rows: Sequence[Row], change: Change, *, key: Sequence[str] = ()
) -> None:
    """Insert rows; where the key is known, set what `change` gives for the columns of the row that was to be new.

    `key`: the columns of a unique index, the primary key's unless given. `change` is called once for many calls of
    this, and must not depend on anything else; rows of one call have the same columns.
    """
    _insert(session, rows, _Wish(table, change, tuple(key)))


class _Wish(NamedTuple):
    """Where to, and what to change where the key is known."""

    table: type[Table]
    change: Change | None
    key: tuple[str, ...]

    @property
    def unique(self) -> tuple[str, ...]:
        """What is to be unique: the primary key unless other columns are given."""
        return self.key or tuple(column.name for column in inspect(self.table).primary_key)


def _insert(session: Session, rows: Sequence[Row], wish: _Wish) -> int:
    if not rows:
        return 0
    connection = session.connection()
    statement = _statement(connection.dialect, wish, tuple(rows[0]))
    return connection.exec_driver_sql(statement.text, statement.parameters(_in_order(rows, wish.unique))).rowcount


def _in_order(rows: Sequence[Row], unique: Sequence[str]) -> Sequence[Row]:
    """By what is unique, as far as it is given and not for the store to number."""
    key = [name for name in unique if name in rows[0]]
    return sorted(rows, key=lambda row: [row[name] for name in key]) if len(rows) > 1 else rows


class _Statement:
    """What a driver takes: the text, and how a row becomes its parameters."""

    def __init__(self, compiled: SQLCompiler, columns: Sequence[str]) -> None:
        self.text = compiled.string
        self._columns, dialect = set(columns), compiled.dialect
        types = {name: parameter.type for parameter, name in compiled.bind_names.items()}
        self._named = not compiled.positional
        self._values = [
            (name, types[name].dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup or types
        ]
        self._fixed = {name: value for name, value in compiled.params.items() if name not in self._columns}

    def parameters(self, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - as the driver has it: tuples, or by name
        """All rows for the driver."""
        made = [self._named_values(row) for row in rows] if self._named else [self._in_order(row) for row in rows]
        return made if len(made) > 1 else made[0]

    def _in_order(self, row: Row) -> tuple[Any, ...]:
        row = {**row, **self._fixed} if self._fixed else row
        return tuple([row[name] if process is None else process(row[name]) for name, process in self._values])

    def _named_values(self, row: Row) -> dict[str, Any]:
        row = {**row, **self._fixed}
        return {name: row[name] if process is None else process(row[name]) for name, process in self._values}


@lru_cache(maxsize=_COMPILED)
def _statement(dialect: Dialect, wish: _Wish, columns: tuple[str, ...]) -> _Statement:
    table, change = wish.table, wish.change
    # The table and not its class: the ORM would leave out what is None and group the rows by what is left.
    rows = table.metadata.tables[table.__tablename__]
    insert = sqlite.insert(rows) if dialect.name == "sqlite" else postgresql.insert(rows)
    if change is None:
        whole = insert.on_conflict_do_nothing()
    else:
        whole = insert.on_conflict_do_update(index_elements=wish.unique, set_=change(insert.excluded))
    compiled = whole.compile(dialect=dialect, column_keys=list(columns))
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what a dialect of SQL compiles to
    return _Statement(compiled, columns)
