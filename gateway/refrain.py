"""What goes on and on is said once, and again every hour: a log that is flooded tells nothing, and fills a disk."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from gateway.clock import passed

AGAIN: Final = timedelta(hours=1)

KINDS: Final = 64
"""What is kept in mind at once; beyond that nothing new is said."""


class Refrain:
    """Whether a thing is to be said now."""

    def __init__(self, passed: Callable[[], timedelta] = passed) -> None:
        self._passed = passed
        self._said: dict[str, timedelta] = {}

    def is_due(self, kind: str) -> bool:
        """Whether this kind of thing was not said within the hour; it counts as said then."""
        now = self._passed()
        self._said = {said: at for said, at in self._said.items() if now < at + AGAIN}
        if kind in self._said or len(self._said) == KINDS:
            return False
        self._said[kind] = now
        return True

    def end(self) -> None:
        """It is over; when it begins again that is news."""
        self._said.clear()
