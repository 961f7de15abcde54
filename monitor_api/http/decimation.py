"""Fewer points for a chart, and still every peak: the rows that hold the extremes of each column."""

from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from operator import add, ge, le
from typing import Final, cast

Column = Sequence[float | None]

FEWEST: Final = 50
"""Points below which not even one lowest and one highest value of every column has room."""

_PLACE: Final = tuple[float | None, ...].index
"""Where a value is first in a row of them."""

_APART: Final = 0.75
"""The part of the extremes that stand in rows of their own, at least, where finer stretches are tried."""

_DIVISORS: Final = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


def kept_rows(columns: Sequence[Column], points: int) -> list[int]:
    """Indices of at most `points` rows, in order, of columns of one length.

    The rows are cut into stretches of one length, and of each stretch the rows stay in which a column is lowest or
    highest. So a value that stands out for one sample is seen, however few points there are. Raises ValueError when
    there are more columns than points have room for.
    """
    count = len(columns[0]) if columns else 0
    if count <= points:
        return list(range(count))
    varying = [column for column in columns if _varies(column)]
    uneven = [column for column in varying if not _is_steady(column)]
    room, steady = points - 2, len(uneven) < len(varying)
    # A stretch keeps two rows for each column, fewer where they fall together; far finer ones have no room.
    fewest = 2 * (len(uneven) + steady) * _APART
    for divisor in (*(one for one in _DIVISORS if one >= fewest), 2 * len(varying)):
        stretches = _stretches(max(1, room // max(1, divisor)), count)
        kept = {0, count - 1}
        if steady:
            kept.update(row for start, end in stretches for row in (start, end - 1))
        if _add_extremes(kept, uneven, stretches, points):
            return sorted(kept)
    raise ValueError(f"{len(varying)} columns have no room in {points} points")


def _varies(column: Column) -> bool:
    """Whether a column is not the same all the way; one that is loses nothing."""
    return len(set(column)) > 1


def _is_steady(column: Column) -> bool:
    """Whether a column only rises, or only falls: its extremes are the ends of any stretch."""
    known = [value for value in column if value is not None]
    if len(known) < len(column):
        return False
    return all(map(le, known, islice(known, 1, None))) or all(map(ge, known, islice(known, 1, None)))


def _stretches(number: int, count: int) -> list[tuple[int, int]]:
    """Rows cut into stretches, each from its first row to before its end; none is empty."""
    bounds = [count * index // number for index in range(number + 1)]
    return [(start, end) for start, end in pairwise(bounds) if start < end]


def _add_extremes(kept: set[int], columns: Iterable[Column], stretches: Sequence[tuple[int, int]], points: int) -> bool:
    """Add the rows of the extremes, and say whether all have room; what has none is left at once."""
    for column in columns:
        if len(kept) > points:
            return False
        kept.update(_extremes(column, stretches))
    return len(kept) <= points


def _extremes(column: Column, stretches: Sequence[tuple[int, int]]) -> set[int]:
    """The rows of each stretch's first lowest and first highest value, of those that it has."""
    parts = [(start, tuple(column[start:end])) for start, end in stretches]
    if None in column:
        parts = [(start, part) for start, part in parts if any(value is not None for value in part)]
        known = [[value for value in part if value is not None] for _, part in parts]
    else:
        known = cast("list[list[float]]", [part for _, part in parts])
    starts, whole = [start for start, _ in parts], [part for _, part in parts]
    # Mapped without a loop of ours: a chart has thousands of stretches, and somebody waits for it.
    low, high = (map(_PLACE, whole, map(extreme, known)) for extreme in (min, max))
    return {*map(add, starts, low), *map(add, starts, high)}
