"""What is usual: the median of the last figures, kept as they come."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence


class Usual:
    """The median of the last figures, `count` at most."""

    def __init__(self, count: int, figures: Sequence[float] = ()) -> None:
        self._last = deque(figures[-count:])
        self._count = count
        self._ordered = sorted(self._last)

    def add(self, figure: float) -> None:
        """Take one more in, and forget the one that is too old."""
        self._last.append(figure)
        insort(self._ordered, figure)
        if len(self._last) > self._count:
            del self._ordered[bisect_left(self._ordered, self._last.popleft())]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._ordered)

    def median(self) -> float:
        """The middle one, or the mean of the two in the middle; of one figure at least."""
        middle, odd = divmod(len(self._ordered), 2)
        return self._ordered[middle] if odd else (self._ordered[middle - 1] + self._ordered[middle]) / 2
