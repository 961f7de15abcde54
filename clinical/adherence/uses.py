"""What was done: sessions in their order, those that follow each other at once merged into one use.

Rules, kept here:
- Sessions of one device merge when the second begins within the merge gap of the first one's end. Their distance is
  the device's own: both starts are uncertain together, so the middles are compared.
- A session that nothing places lies between its neighbours by the device's counter, and before it was heard of.
- A figure that may still grow, because the record is not here, is open upward.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from operator import itemgetter
from typing import Final

from msgspec import Struct

from clinical.adherence.worn import UNJUDGED, Worn
from clinical.course import SHARP, Between, OrderedCourse, PastSession, begun_at
from clinical.plan import Phase
from clinical.practice import Practice
from vocabulary.devices import Fault, Modality
from vocabulary.identity import DeviceUid, SessionId
from vocabulary.readings import EndReason

EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Before the first session of any device."""

_TOO_HOT: Final = EndReason.OVER_TEMPERATURE  # looked up once: a member of an enumeration costs as much as the rest
_CUT_OFF: Final = Fault.OVER_TEMPERATURE


class Use(Struct, frozen=True, kw_only=True):
    """One or more sessions that count as one, and when it began: not before `earliest`, not after `latest`."""

    sessions: tuple[PastSession, ...]
    earliest: datetime
    latest: datetime

    @property
    def ids(self) -> tuple[SessionId, ...]:
        """The sessions' ids, in their order."""
        return tuple([one.session for one in self.sessions])

    @property
    def tripped(self) -> bool:
        """Whether a safety cut-off ended any of it."""
        return _tripped(self.sessions[0]) if len(self.sessions) == 1 else any(map(_tripped, self.sessions))

    def dose_fraction(self, phase: Phase) -> Between:
        """Its dose, as a fraction of the planned one."""
        if len(self.sessions) == 1:
            return _dose_fraction(self.sessions[0], phase)
        return _total(_dose_fraction(one, phase) for one in self.sessions)

    def worn_dose_fraction(self, phase: Phase, worn: Mapping[SessionId, Worn]) -> Between:
        """The part of its dose that reached skin, as a fraction of the planned one."""
        parts = [_worn_part(_dose_fraction(one, phase), worn.get(one.session, UNJUDGED)) for one in self.sessions]
        return parts[0] if len(parts) == 1 else _total(parts)

    def worn_probability(self, worn: Mapping[SessionId, Worn]) -> Between:
        """How sure it is that all of it was worn: that of its most doubtful session."""
        if len(self.sessions) == 1:
            return worn.get(self.sessions[0].session, UNJUDGED).probability
        each = [worn.get(one.session, UNJUDGED).probability for one in self.sessions]
        return Between(low=min(one.low for one in each), high=min(one.high for one in each))


class Sessions(Struct, frozen=True, kw_only=True):
    """The sessions of one modality: those whose start is known within a day in their order, and the others."""

    modality: Modality
    sharp: tuple[PastSession, ...]
    vague: tuple[Use, ...]

    def uses(self, from_at: datetime, until_at: datetime, practice: Practice) -> tuple[Use, ...]:
        """The uses that began from `from_at` until before `until_at`, or may have."""
        low, high = self._place(from_at - 2 * SHARP), self._place(until_at)
        merged = _merged(self.sharp[low:high], practice.merge_gap(self.modality))
        every = sorted([*merged, *self.vague], key=_began) if self.vague else merged
        return tuple([one for one in every if one.latest >= from_at and one.earliest < until_at])

    @property
    def first_at(self) -> datetime:
        """Before this none can have begun."""
        begun = [begun_at(one) for one in self.sharp[:1]] + [one.earliest for one in self.vague]
        return min(begun, default=EVER)

    def begun_before(self, at: datetime) -> int:
        """How many of those sessions began before an instant, by their earliest start."""
        return self._place(at)

    def latest(self, count: int) -> tuple[PastSession, ...]:
        """The last sessions whose start is known, in their order."""
        return self.sharp[-count:]

    def last_before(self, at: datetime) -> PastSession | None:
        """The last of those sessions that began before an instant, by their earliest start."""
        place = self._place(at)
        return self.sharp[place - 1] if place else None

    def _place(self, at: datetime) -> int:
        return bisect_left(self.sharp, at, key=begun_at)


def sessions_of(ordered: OrderedCourse, modality: Modality) -> Sessions:
    """The sessions of a modality."""
    own = [one for one in ordered.course.sessions if one.modality is modality]
    vague = [one for one in ordered.vague if one.modality is modality]
    apart = {one.session for one in vague}
    return Sessions(
        modality=modality,
        sharp=tuple([one for one in own if one.session not in apart] if apart else own),
        vague=tuple(_bracketed(one, own) for one in vague),
    )


def _bracketed(session: PastSession, others: Iterable[PastSession]) -> Use:
    """A session between what is known of its start; without a place, between those whose counters surround its own."""
    if session.started:
        return _single(session, session.started.earliest, session.started.latest)
    own = [(one.started, one.counter) for one in others if one.started and one.device == session.device]
    earliest = max((started.earliest for started, counter in own if counter < session.counter), default=EVER)
    latest = min((started.latest for started, counter in own if counter > session.counter), default=session.heard_at)
    return _single(session, earliest, max(earliest, min(latest, session.heard_at)))


def _single(session: PastSession, earliest: datetime, latest: datetime) -> Use:
    return Use(sessions=(session,), earliest=earliest, latest=latest)


def _merged(ordered: Sequence[PastSession], gap: timedelta) -> list[Use]:
    """The uses of sessions, both in the order of their earliest start."""
    if _far_apart(ordered, gap):
        return [Use(sessions=(one,), earliest=at.earliest, latest=at.latest) for one in ordered if (at := one.started)]
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
    return sorted([_use(tuple(group)) for group in groups], key=_began)


def _far_apart(ordered: Sequence[PastSession], gap: timedelta) -> bool:
    """A quick look: whether each session surely began later than the gap after the end of those before."""
    return not any(
        after.started.earliest - before.started.latest <= before.elapsed + gap
        for before, after in pairwise(ordered)
        if before.started and after.started
    )


def _use(sessions: tuple[PastSession, ...]) -> Use:
    started = sessions[0].started
    if started is None:
        raise AssertionError("a session that nothing places is never merged")
    return Use(sessions=sessions, earliest=started.earliest, latest=started.latest)


def _middle(session: PastSession) -> datetime:
    return session.started.at if session.started else session.heard_at


def _began(use: Use) -> tuple[datetime, datetime, SessionId]:
    return use.earliest, use.latest, use.sessions[0].session


def _tripped(session: PastSession) -> bool:
    return session.end_reason is _TOO_HOT or (bool(session.faults) and _CUT_OFF in session.faults)


def _dose_fraction(session: PastSession, phase: Phase) -> Between:
    """By dose where the device gives one in the planned unit, else by the time it was active."""
    dose = session.dose
    if dose is not None and dose.unit is phase.dose.unit:
        low = dose.value / phase.dose.value
    else:
        low = session.active / phase.duration
    return Between(low=low, high=low if session.recorded else inf)


def _worn_part(dose: Between, worn: Worn) -> Between:
    """An open dose of which nothing reached skin is nothing."""
    part = worn.dose_fraction
    return Between(low=dose.low * part.low, high=dose.high * part.high if part.high else 0.0)


def _total(each: Iterable[Between]) -> Between:
    low = high = 0.0
    for one in each:
        low, high = low + one.low, high + one.high
    return Between(low=low, high=high)
