"""Between two instants, and how a clock that drifts is read: from moments at which both it and the time were seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where an instant lies: not before `earliest`, not after `latest`."""

    earliest: datetime
    latest: datetime

    @property
    def middle(self) -> datetime:
        """Half way."""
        return self.earliest + (self.latest - self.earliest) / 2

    @property
    def width(self) -> timedelta:
        """From one end to the other."""
        return self.latest - self.earliest

    def moved(self, by: timedelta, doubt: timedelta = timedelta(0)) -> "Span":
        """Where the instant `by` after it lies, when `by` is known to within `doubt`."""
        return Span(earliest=self.earliest + by - doubt, latest=self.latest + by + doubt)

    def within(self, other: "Span") -> "Span | None":
        """What both allow; None when they exclude each other."""
        earliest, latest = max(self.earliest, other.earliest), min(self.latest, other.latest)
        return Span(earliest=earliest, latest=latest) if earliest <= latest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A moment at which a clock showed `shown`, counted from any zero, and that lies within `seen`."""

    shown: timedelta
    seen: Span


def agreed(spans: Sequence[Span]) -> Span:
    """What all of them allow, one at least; where some exclude each other, the narrowest."""
    left: Span | None = spans[0]
    for span in spans:
        left = left and left.within(span)
    return left or min(spans, key=lambda span: span.width)


def locate(shown: timedelta, fixes: Sequence[Fix], drift: float) -> Span:
    """When a clock, off by a fraction of `drift` at most, showed this; by one fix at least.

    What lies between two fixes is on the line between them, and as uncertain as all of them allow; fixes vaguer than
    that make no line. Fixes that exclude each other are none of one such clock: the surest for this moment is believed.
    """
    both = agreed([_carried(fix, shown, drift) for fix in fixes])
    clear = [fix for fix in fixes if fix.seen.width <= both.width]
    before = max((fix for fix in clear if fix.shown <= shown), key=lambda fix: fix.shown, default=None)
    after = min((fix for fix in clear if fix.shown > shown), key=lambda fix: fix.shown, default=None)
    return both if before is None or after is None else _about(_between(before, after, shown), both)


def _carried(fix: Fix, shown: timedelta, drift: float) -> Span:
    by = shown - fix.shown
    return fix.seen.moved(by, abs(by) * drift)


def _between(before: Fix, after: Fix, shown: timedelta) -> datetime:
    """On the straight line, as of a clock whose drift is the same throughout."""
    part = (shown - before.shown) / (after.shown - before.shown)
    return before.seen.middle + (after.seen.middle - before.seen.middle) * part


def _about(at: datetime, span: Span) -> Span:
    """The narrowest span about an instant that leaves nothing of another out; the instant is moved into that one."""
    at = min(max(at, span.earliest), span.latest)
    half = max(at - span.earliest, span.latest - at)
    return Span(earliest=at - half, latest=at + half)
