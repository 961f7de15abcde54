"""Lists in pages: each page says where the next one begins, and that stays true while rows are added."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar, TypeVarTuple, cast
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from monitor_api.http.errors import Unacceptable
from monitor_api.records.columns import UtcDateTime

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Key = ColumnElement[Any] | InstrumentedAttribute[Any]

MOST: Final = 200
_BIG: Final = 2**63
_NOT_OURS: Final = "this is no cursor of this list; start again without one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A page of a list. `next` is the cursor of the page after it, null at the end."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWanted:
    """Which page: `cursor` is None for the first."""

    cursor: str | None
    limit: int


def _wanted(
    cursor: Annotated[str | None, Query(max_length=300, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items on a page.")] = 50,
) -> PageWanted:
    return PageWanted(cursor=cursor, limit=limit)


Wanted = Annotated[PageWanted, Depends(_wanted)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a list is sorted by: columns that no two rows share, and never hold null, all in one direction."""

    by: Sequence[Key]
    newest_first: bool = False


def paged(
    session: Session, query: Select[*Ts], order: Order, wanted: PageWanted, *, make: Callable[[*Ts], T]
) -> Page[T]:
    """A page of what a query finds, each row made into an item. Raises Unacceptable for a cursor that is not ours."""
    if wanted.cursor is not None:
        last = tuple_(*(literal(part, column.type) for part, column in _parts(wanted.cursor, order)))
        here = tuple_(*order.by)
        query = query.where(here < last if order.newest_first else here > last)
    sort = [column.desc() if order.newest_first else column.asc() for column in order.by]
    keyed = query.add_columns(*order.by).order_by(*sort).limit(wanted.limit + 1)
    found: list[tuple[Any, ...]] = [tuple(row) for row in session.execute(keyed)]
    width = len(order.by)
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    items = tuple(make(*cast("tuple[*Ts]", row[:-width])) for row in shown)
    return Page(items=items, next=_cursor(shown[-1][-width:]) if more else None)


def _cursor(key: Sequence[Any]) -> str:
    parts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in key]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _parts(cursor: str, order: Order) -> list[tuple[Any, Key]]:
    try:
        texts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [(_read(text, column), column) for text, column in zip(texts, order.by, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise Unacceptable("The cursor cannot be read", reasons={"query.cursor": _NOT_OURS}) from None


def _read(text: Any, column: Key) -> Any:  # noqa: ANN401 - what was in the cursor, for what the column is
    if not isinstance(text, str):
        raise TypeError(text)
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(text).astimezone(UTC)
    kind = column.type.python_type
    if kind is UUID:
        return UUID(text)
    if kind is str and "\x00" not in text:
        return text
    if kind is int and -_BIG <= (number := int(text)) < _BIG:
        return number
    raise ValueError(text)
