"""Fewer points for a chart, and still every peak: the rows that hold the extremes of each column."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

Column = Sequence[float | None]

FEWEST: Final = 50
"""Points below which not even one lowest and one highest value of every column has room."""

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
    room = points - 2
    for divisor in (*_DIVISORS, 2 * len(varying)):
        kept = {0, count - 1, *_extremes(varying, max(1, room // max(1, divisor)), count)}
        if len(kept) <= points:
            return sorted(kept)
    raise ValueError(f"{len(varying)} columns have no room in {points} points")


def _varies(column: Column) -> bool:
    """Whether a column is not the same all the way; one that is loses nothing."""
    return len(set(column)) > 1


def _extremes(columns: Iterable[Column], stretches: int, count: int) -> Iterable[int]:
    bounds = [count * index // stretches for index in range(stretches + 1)]
    for column in columns:
        for start, end in pairwise(bounds):
            values = [value for value in column[start:end] if value is not None]
            if values:
                yield column.index(min(values), start, end)
                yield column.index(max(values), start, end)
