"""When something happened in a device, by its own journal: the moments from which an alert's seconds are counted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from firmware_bridge.virtual.journal import BeginLine, JournalLine, LinkEvent, LinkLine, RecordLine, SampleLine

Moment = Callable[[Sequence[JournalLine], int], datetime]
"""The real time of something in the session with this counter. Raises LookupError when it did not happen."""

L = TypeVar("L", BeginLine, SampleLine, RecordLine)


def began(journal: Sequence[JournalLine], counter: int) -> datetime:
    """The session began."""
    return _first(line.real for line in _lines(journal, BeginLine, counter))


def recorded(journal: Sequence[JournalLine], counter: int) -> datetime:
    """The device wrote its record."""
    return _first(line.real for line in _lines(journal, RecordLine, counter))


def bonded(journal: Sequence[JournalLine], _counter: int) -> datetime:
    """The device met a gateway for the first time, and could be asked for what it had stored."""
    return _first(line.real for line in journal if isinstance(line, LinkLine) and line.event is LinkEvent.BONDED)


def back_in_range(journal: Sequence[JournalLine], _counter: int) -> datetime:
    """The device could be heard again."""
    return _first(line.real for line in journal if isinstance(line, LinkLine) and line.event is LinkEvent.IN_RANGE)


def hotter_than(celsius: float, *, for_s: int) -> Moment:
    """The skin had been hotter for this many seconds on end."""

    def moment(journal: Sequence[JournalLine], counter: int) -> datetime:
        hot_since: int | None = None
        for line in _lines(journal, SampleLine, counter):
            if line.skin_celsius <= celsius:
                hot_since = None
                continue
            hot_since = line.sequence if hot_since is None else hot_since
            if line.sequence - hot_since >= for_s:
                return line.real
        raise LookupError(f"session {counter}: the skin was never over {celsius} °C for {for_s} s")

    return moment


def _lines(journal: Iterable[JournalLine], kind: type[L], counter: int) -> Iterator[L]:
    return (line for line in journal if isinstance(line, kind) and line.counter == counter)


def _first(moments: Iterator[datetime]) -> datetime:
    try:
        return next(moments)
    except StopIteration:
        raise LookupError("it did not happen") from None
