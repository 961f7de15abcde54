"""What was done: sessions in their order, those that follow each other at once merged into one use.

Rules, kept here:
- Sessions of one device merge when the second begins within the merge gap of the first one's end. Their distance is
  the device's own: both starts are uncertain together, so the middles are compared.
- A session that nothing places lies between its neighbours by the device's counter, and before it was heard of.
- A figure that may still grow, because the record is not here, is open upward.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from math import inf
from operator import itemgetter

from clinical.adherence.practice import UNJUDGED, Practice, Worn
from clinical.course import Between, Course, PastSession
from clinical.plan import Phase
from vocabulary.devices import Fault, Modality
from vocabulary.identity import DeviceUid, SessionId
from vocabulary.readings import EndReason

EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Before the first session of any device."""

_SHARP = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One or more sessions that count as one, and when it began: not before `earliest`, not after `latest`."""

    sessions: tuple[PastSession, ...]
    earliest: datetime
    latest: datetime

    @property
    def ids(self) -> tuple[SessionId, ...]:
        """The sessions' ids, in their order."""
        return tuple(one.session for one in self.sessions)

    @property
    def tripped(self) -> bool:
        """Whether a safety cut-off ended any of it."""
        for one in self.sessions:
            if one.end_reason is EndReason.OVER_TEMPERATURE or Fault.OVER_TEMPERATURE in one.faults:
                return True
        return False

    def dose_fraction(self, phase: Phase) -> Between:
        """Its dose, as a fraction of the planned one."""
        if len(self.sessions) == 1:
            return _dose_fraction(self.sessions[0], phase)
        return _total(_dose_fraction(one, phase) for one in self.sessions)

    def worn_dose_fraction(self, phase: Phase, worn: Mapping[SessionId, Worn]) -> Between:
        """The part of its dose that was given while worn, as a fraction of the planned one."""
        parts = [_worn_part(_dose_fraction(one, phase), worn.get(one.session, UNJUDGED)) for one in self.sessions]
        return parts[0] if len(parts) == 1 else _total(parts)

    def worn_probability(self, worn: Mapping[SessionId, Worn]) -> Between:
        """How sure it is that all of it was worn: that of its most doubtful session."""
        if len(self.sessions) == 1:
            return worn.get(self.sessions[0].session, UNJUDGED).probability
        each = [worn.get(one.session, UNJUDGED).probability for one in self.sessions]
        return Between(low=min(one.low for one in each), high=min(one.high for one in each))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """The sessions of one modality: those whose start is known within a day in their order, and the others."""

    modality: Modality
    sharp: tuple[PastSession, ...]
    starts: tuple[datetime, ...]
    vague: tuple[Use, ...]

    def uses(self, from_at: datetime, until_at: datetime, practice: Practice) -> tuple[Use, ...]:
        """The uses that began from `from_at` until before `until_at`, or may have."""
        low = bisect_left(self.starts, from_at - 2 * _SHARP)
        high = bisect_left(self.starts, until_at)
        merged = _merged(self.sharp[low:high], practice.merge_gap(self.modality))
        found = [one for one in chain(merged, self.vague) if one.latest >= from_at and one.earliest < until_at]
        return tuple(sorted(found, key=_began))

    def latest(self, count: int) -> tuple[PastSession, ...]:
        """The last sessions whose start is known, in their order."""
        return self.sharp[-count:]


def sessions_of(course: Course, modality: Modality) -> Sessions:
    """Order the sessions of a modality; one that is here twice counts once, whatever the order they come in."""
    own = [one for one in course.sessions if one.modality is modality]
    placed = [(one.started.earliest, one.session, one.started.latest, one) for one in own if one.started]
    placed.sort(key=itemgetter(0, 1))
    once = placed[:1] + [after for before, after in pairwise(placed) if before[0] != after[0] or before[1] != after[1]]
    sharp = [found for found in once if found[2] - found[0] <= _SHARP]
    wide = [_single(one, earliest, latest) for earliest, _, latest, one in once if latest - earliest > _SHARP]
    lost = {one.session: _bracketed(one, once) for one in own if one.started is None}
    return Sessions(
        modality=modality,
        sharp=tuple(one for _, _, _, one in sharp),
        starts=tuple(earliest for earliest, _, _, _ in sharp),
        vague=(*wide, *lost.values()),
    )


Started = tuple[datetime, SessionId, datetime, PastSession]
"""A session between the earliest and the latest instant of its start."""


def _bracketed(lost: PastSession, placed: Iterable[Started]) -> Use:
    """A session between those of its device whose counters surround its own."""
    own = [found for found in placed if found[3].device == lost.device]
    earliest = max((found[0] for found in own if found[3].counter < lost.counter), default=EVER)
    latest = min((found[2] for found in own if found[3].counter > lost.counter), default=lost.heard_at)
    return _single(lost, earliest, max(earliest, min(latest, lost.heard_at)))


def _single(session: PastSession, earliest: datetime, latest: datetime) -> Use:
    return Use(sessions=(session,), earliest=earliest, latest=latest)


def _merged(ordered: Iterable[PastSession], gap: timedelta) -> Iterator[Use]:
    running: dict[DeviceUid, tuple[datetime, list[PastSession]]] = {}
    groups: list[list[PastSession]] = []
    for middle, _, one in sorted([(_middle(one), one.session, one) for one in ordered], key=itemgetter(0, 1)):
        before = running.get(one.device)
        if before and middle - before[0] <= before[1][-1].elapsed + gap:
            group = before[1]
            group.append(one)
        else:
            group = [one]
            groups.append(group)
        running[one.device] = middle, group
    return (_use(tuple(group)) for group in groups)


def _use(sessions: tuple[PastSession, ...]) -> Use:
    started = sessions[0].started
    if started is None:
        raise AssertionError("a session that nothing places is never merged")
    return Use(sessions=sessions, earliest=started.earliest, latest=started.latest)


def _middle(session: PastSession) -> datetime:
    return session.started.at if session.started else session.heard_at


def _began(use: Use) -> tuple[datetime, datetime, SessionId]:
    return use.earliest, use.latest, use.sessions[0].session


def _dose_fraction(session: PastSession, phase: Phase) -> Between:
    """By dose where the device gives one in the planned unit, else by the time it was active."""
    dose = session.dose
    if dose is not None and dose.unit is phase.dose.unit:
        low = dose.value / phase.dose.value
    else:
        low = session.active / phase.duration
    return Between(low=low, high=low if session.recorded else inf)


def _worn_part(dose: Between, worn: Worn) -> Between:
    """An open dose of which nothing was given while worn is nothing."""
    part = worn.dose_fraction
    return Between(low=dose.low * part.low, high=dose.high * part.high if part.high else 0.0)


def _total(each: Iterable[Between]) -> Between:
    low = high = 0.0
    for one in each:
        low, high = low + one.low, high + one.high
    return Between(low=low, high=high)
