"""Look up what many names name: a statement joins them as a table of their own, so that an index finds each.

`IN` with whole names has SQLite go through all of a table, and a list for each part of a name has both stores look for
all combinations of the parts.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeVarTuple

from sqlalchemy import ColumnElement, Row, Select, TableValuedAlias, TupleType, and_, bindparam, column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

AT_ONCE: Final = 900
"""Parts of names in one statement: a store takes only so many parameters."""

_Columns = Sequence[InstrumentedAttribute[Any]]
_Name = tuple[Any, ...]
_Found = TypeVarTuple("_Found")


def among(
    session: Session, query: Select[*_Found], columns: _Columns, names: Iterable[_Name]
) -> Iterator[Row[*_Found]]:
    """The rows of a query whose columns have one of these names, a portion at a time."""
    for some in portions(columns, names):
        yield from session.execute(query.join(some, has_name(columns, some)))


def portions(like: _Columns, names: Iterable[_Name]) -> Iterator[TableValuedAlias]:
    """Each name once, as tables with columns like these."""
    rows, many = list(dict.fromkeys(names)), AT_ONCE // len(like)
    for start in range(0, len(rows), many):
        yield _listed(like, rows[start : start + many])


def has_name(columns: _Columns, some: TableValuedAlias) -> ColumnElement[bool]:
    """Whether the columns have the name that a row of such a table begins with."""
    return and_(*(mine == part for mine, part in zip(columns, some.c, strict=False)))


def _listed(like: _Columns, rows: Sequence[_Name]) -> TableValuedAlias:
    types = [one.type for one in like]
    values = bindparam(None, rows, TupleType(*types), unique=True, expanding=True)
    parts = (column(f"column{number}", kind) for number, kind in enumerate(types, 1))  # as both stores call them
    return _Values(values).table_valued(*parts, name="listed")


class _Values(FunctionElement[Any]):
    """VALUES of as many rows as there are: a statement is compiled once for any number of them."""

    inherit_cache = True


@compiles(_Values)
def _with_values(element: _Values, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    values = compiler.process(element.clauses, **how)  # in parentheses, as for IN
    return values if compiler.dialect.tuple_in_values else f"(VALUES {values[1:-1]})"
