"""What a gateway's clock showed in one boot, in the service's time: by comparing the two, or by what was possible.

Rules, kept here:
- A boot whose clock was compared with the service's is corrected by the comparisons.
- One that never was is believed while nothing says that it was wrong. It was if it named an instant before the gateway
  was registered or before an earlier boot had ended, after a later one had begun, or after the service had it.
- Of a wrong clock that was never compared, what was possible is known: its instants are bracketed, and as far apart
  from each other as ever.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor_api.sessions.spans import Fix, Span, locate

DRIFT: Final = 100e-6
"""How far a gateway's oscillator may be off, as a fraction."""

TOLERANCE: Final = timedelta(minutes=5)
"""How far a clock that was never compared may be off and still be believed."""

_ZERO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A gateway's clock showed `at` when the service's showed `service_at`, give or take the uncertainty."""

    at: datetime
    service_at: datetime
    uncertainty: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What is known of one boot of a gateway.

    `first_at` and `last_at`: the first and the last instant that it named, by its own clock. `lead`: how far an instant
    that it named was ahead of the service's clock when that took it, the farthest of them; below zero for all that was
    buffered. `not_before` and `not_after`: when it ran, by the service's clock.
    """

    first_at: datetime
    last_at: datetime
    lead: timedelta
    not_before: datetime
    not_after: datetime | None
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An instant of a gateway's in the service's time; not `sure` when only what was possible is known."""

    span: Span
    sure: bool


def see(boot: Boot, at: datetime) -> Sighting:
    """An instant that a gateway named in a boot."""
    if boot.comparisons:
        fixes = [_fix(comparison) for comparison in boot.comparisons]
        return Sighting(span=locate(at - _ZERO, fixes, DRIFT), sure=True)
    least, most = _ahead(boot)
    if least <= TOLERANCE and most >= -TOLERANCE:
        return Sighting(span=Span(earliest=at, latest=at), sure=True)
    drifted = (boot.last_at - boot.first_at) * DRIFT
    possible = Span(earliest=at - max(least, most), latest=at - min(least, most))
    return Sighting(span=possible.moved(timedelta(0), drifted), sure=False)


def ahead_of(boot: Boot) -> timedelta | None:
    """How far the service's clock is ahead of a boot's: what `see` adds, half way, to every instant of the boot.

    None where that is not the same for all instants: more than one comparison, or not sure.
    """
    if len(boot.comparisons) == 1:
        return boot.comparisons[0].service_at - boot.comparisons[0].at
    least, most = _ahead(boot)
    sure = not boot.comparisons and least <= TOLERANCE and most >= -TOLERANCE
    return timedelta(0) if sure else None


def _fix(comparison: Comparison) -> Fix:
    service_at, doubt = comparison.service_at, comparison.uncertainty
    return Fix(shown=comparison.at - _ZERO, seen=Span(earliest=service_at - doubt, latest=service_at + doubt))


def _ahead(boot: Boot) -> tuple[timedelta, timedelta]:
    """How far its clock was ahead of the service's, at least and at most."""
    ended = [] if boot.not_after is None else [boot.last_at - boot.not_after]
    return max([boot.lead, *ended]), boot.first_at - boot.not_before
