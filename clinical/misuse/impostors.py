"""Rules about who is who: another person, another device, another time than is said."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from statistics import median
from typing import Final

from msgspec import Struct

from clinical.adherence.days import TherapyDays
from clinical.course import PastSession
from clinical.misuse.course_rules import CourseAt, Episode, course_rule, when
from clinical.verdicts import Evidence, Verdict, fires, undetermined
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

APART: Final = timedelta(hours=1)
"""Within what a device is not carried from one home to another. A proposal that a physician owns."""

STEP: Final = timedelta(minutes=1)
"""What a device's clock may be corrected by without anybody's doing. A proposal that a physician owns."""

UNLIKE: Final = {"contact": 0.15, "motion": 0.15, "impedance": 0.25, "hour": 3.0}
"""How far from its usual value a habit may lie: fractions, a part of the impedance, hours. Proposals, all of them."""

SIGNS: Final = 2
"""Of how many habits a session must be unlike to look like somebody else's,"""

_COUPLING: Final = ("contact", "impedance")

OF_LAST: Final = 3
"""and within how many sessions that must come twice."""


@course_rule("device-cloned", version=3, severity=Severity.MEDIUM)
def device_cloned(at: CourseAt) -> Iterator[Episode]:
    """Two devices go by one identity, or one was swapped for another.

    Cause: a copied device, a main board that was exchanged, two homes that share a uid.
    Consequence: sessions of two people are counted as one person's; no dose and no limit of theirs is right.
    Action: read the serial on the device with the patient; give each device its own assignment.
    Time to respond: one day.
    Source: device profile: a uid and a serial are one device's, its counter rises, and it runs one session at a time.
    """
    yield from _two_serials(at)
    yield from _one_serial(at)
    for sessions in at.by_device.values():
        placed = [one for one in sessions if one.started]
        if _one_after_the_other(placed):
            continue
        placed.sort(key=lambda one: (when(one), one.counter))
        for before, after in pairwise(placed):
            verdict = _cloned(before, after)
            if verdict is not None:
                yield _momentary(str(after.session), when(after), verdict, before, after)


def _one_after_the_other(counted: Sequence[PastSession]) -> bool:
    """A quick look: whether each session, as the device counted them, began after the one before, in the same home."""
    return not any(
        after.gateway != before.gateway or after.started.earliest < before.started.latest + before.elapsed
        for before, after in pairwise(counted)
        if before.started and after.started
    )


def _two_serials(at: CourseAt) -> Iterator[Episode]:
    for device in at.course.devices:
        serials = [one.serial for one in device.serials]
        if len(serials) > 1:
            because = f"One identity, and {len(serials)} serials: {', '.join(serials)}"
            yield Episode(
                onset=f"{device.uid}:{':'.join(sorted(serials))}",
                began_at=max(one.first_at for one in device.serials),
                cleared_at=None,
                verdict=fires(because, Evidence()),
                sessions=(),
            )


def _one_serial(at: CourseAt) -> Iterator[Episode]:
    """A serial is a maker's for one device: two identities of one model that give it cannot both be it."""
    known: dict[tuple[Modality, str | None, str], dict[DeviceUid, datetime]] = {}
    for device in at.course.devices:
        for one in device.serials:
            known.setdefault((device.modality, device.model, one.serial), {})[device.uid] = one.first_at
    for (_, _, serial), devices in known.items():
        if len(devices) > 1:
            uids = sorted(devices)
            yield Episode(
                onset=f"{serial}:{':'.join(uids)}",
                began_at=max(devices.values()),
                cleared_at=None,
                verdict=fires(f"One serial, {serial}, and {len(uids)} identities: {', '.join(uids)}", Evidence()),
                sessions=(),
            )


def _cloned(before: PastSession, after: PastSession) -> Verdict | None:
    """Whether two sessions, the earlier one first, can be of one device."""
    if before.started is None or after.started is None:
        return None
    if after.started.latest < before.started.earliest + before.elapsed:
        return fires("Two sessions of one device ran at the same time", Evidence())
    if after.counter < before.counter and after.started.earliest > before.started.latest:
        return fires(f"Session {after.counter} came after session {before.counter}: the counter went back", Evidence())
    pause = after.started.latest - before.started.earliest - before.elapsed
    if None not in (before.gateway, after.gateway) and before.gateway != after.gateway and pause < APART:
        minutes = f"{pause / timedelta(minutes=1):.0f} min"
        return undetermined(f"Heard in two homes within {minutes}; it may have been carried")
    return None


@course_rule("clock-stepped", version=2, severity=Severity.LOW)
def clock_stepped(at: CourseAt) -> Iterator[Episode]:
    """The device's own clock was set to another time.

    Cause: a battery that ran out, a time set by hand, or somebody who wants sessions on other days.
    Consequence: the times that the device gives are not to be trusted; those that a gateway saw are.
    Action: ask how the device was used; nothing to fear for the skin.
    Time to respond: one week.
    Source: the device's clock against a gateway's anchors; up to a minute is taken for a correction, a proposal that a
    physician owns.
    """
    since = at.now - timedelta(days=at.practice.look_back_days)
    for device in at.course.devices:
        for step in device.clock_steps or ():
            size = abs(step.by)
            if step.at > since and size + step.doubt > STEP:
                evidence = Evidence(measured=_seconds(size), limit=_seconds(STEP), uncertainty=_seconds(step.doubt))
                because = f"The clock jumped by {step.by / timedelta(minutes=1):.1f} min"
                surely = size - step.doubt > STEP
                verdict = fires(because, evidence) if surely else undetermined(f"{because}, or less", evidence)
                yield _momentary(f"{device.uid}:{step.shown_by}", step.at, verdict)


def _seconds(span: timedelta) -> Quantity:
    return Quantity(span.total_seconds(), Unit.SECOND)


class _Habit(Struct, frozen=True):
    name: str
    of: Callable[[PastSession], float | None]
    differs: Callable[[float, float], bool]
    relative: bool = False


class _Row:
    """One habit in each of a device's sessions, in their order; `learned` figures at least make a median."""

    def __init__(self, habit: _Habit, sessions: Iterable[PastSession], learned: int) -> None:
        self.name = habit.name
        self._habit = habit
        self._figures = list(map(habit.of, sessions))
        self._ordered = sorted([one for one in self._figures if one is not None])
        self._unknown = len(self._figures) - len(self._ordered)
        self._learned = learned
        self._far = UNLIKE[habit.name] * (min(self._ordered, default=0.0) if habit.relative else 1)

    def looks(self) -> list[bool]:
        """A quick look: which figures are too far from what the median of any can be."""
        if len(self._ordered) < self._learned:
            return [False] * len(self._figures)
        (low, high), far = self._medians(self._learned), self._far
        if self._ordered[-1] - low <= far and high - self._ordered[0] <= far:
            return [False] * len(self._figures)
        return [one is not None and (one - low > far or high - one > far) for one in self._figures]

    def may_differ(self, index: int, before: int) -> bool:
        """A closer look: whether one is too far from what the median of so many before it can be."""
        figure, least = self._figures[index], max(before - self._unknown, self._learned)
        if figure is None:
            return False
        low, high = self._medians(least)
        return figure - low > self._far or high - figure > self._far

    def differs(self, index: int, before: Iterable[int]) -> bool:
        """Whether a figure is unlike the median of those before it; of too few nothing is."""
        figure, known = self._figures[index], [one for one in map(self._figures.__getitem__, before) if one is not None]
        return figure is not None and len(known) >= self._learned and self._habit.differs(figure, median(known))

    def _medians(self, least: int) -> tuple[float, float]:
        """Between what the median of so many, or more, lies: half of them are no higher than it, and half no lower."""
        half = (least + 1) // 2
        return self._ordered[half - 1], self._ordered[-half]


@course_rule("other-person", version=2, severity=Severity.LOW)
def other_person(at: CourseAt) -> Iterator[Episode]:
    """Sessions look like another person's: contact, motion, impedance or the hour are not as usual.

    Cause: a mask that is shared; also an illness, a new job, another strap.
    Consequence: the patient's dose and adherence are counted wrong; the other person was never asked about their skin.
    Action: ask who used the device; it is no proof.
    Time to respond: one week.
    Source: the device's own baseline; two habits away from it, in two of three sessions. Contact and impedance are one
    habit, for a worn tip or less gel changes both. How far is a proposal that a physician owns.
    """
    habits = _habits(at.account.plan.days)
    since = at.now - timedelta(days=at.practice.look_back_days)
    for sessions in at.by_device.values():
        unlike = dict(_unlike(at, sessions, habits))
        for index, session in enumerate(sessions):
            signs = unlike.get(index, ())
            if signs and when(session) > since:
                again = [one for one in range(max(0, index - OF_LAST + 1), index) if one in unlike]
                because = f"Unlike this patient's sessions in {' and '.join(signs)}"
                told = [sessions[one] for one in (*again, index)]
                yield _momentary(
                    str(session.session),
                    when(session),
                    fires(f"{because}, {len(told)} times", Evidence())
                    if again
                    else undetermined(f"{because}; once may be chance"),
                    *told,
                )


def _unlike(
    at: CourseAt, sessions: Sequence[PastSession], habits: Sequence[_Habit]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """By position, in which habits a session differs from the usual ones before it."""
    baseline, unlike = at.practice.baseline, set[int]()
    rows = [_Row(habit, sessions, at.practice.learned) for habit in habits[:-1]]
    looks = [row.looks() for row in rows]
    if not any(True in look for look in looks):  # the last one alone is not enough
        return
    rows.append(_Row(habits[-1], sessions, at.practice.learned))
    looks.append(rows[-1].looks())
    for index, look in enumerate(zip(*looks, strict=True)):
        if sum(look) >= SIGNS:
            count = min(index - len(unlike), baseline)
            suspects = [row for row, far in zip(rows, look, strict=True) if far and row.may_differ(index, count)]
            signs = _signs(suspects, index, _usual(index, unlike, baseline)) if len(suspects) >= SIGNS else ()
            if _habits_in(signs) >= SIGNS:
                unlike.add(index)
                yield index, signs


def _signs(suspects: Sequence[_Row], index: int, before: Sequence[int]) -> tuple[str, ...]:
    """In which habits a session differs from those before; none as soon as they can be too few."""
    signs: list[str] = []
    for place, row in enumerate(suspects, start=1):
        if row.differs(index, before):
            signs.append(row.name)
        elif len(signs) + len(suspects) - place < SIGNS:
            break
    return tuple(signs)


def _usual(index: int, unlike: Collection[int], most: int) -> list[int]:
    """The last sessions before one that were as usual."""
    reach = range(max(0, index - most - len(unlike)), index)
    return [one for one in reach if one not in unlike][-most:]


def _habits_in(signs: Iterable[str]) -> int:
    """How many habits these signs are of."""
    return len({"coupling" if one in _COUPLING else one for one in signs})


def _habits(days: TherapyDays) -> tuple[_Habit, ...]:
    zone, starts = days.zone, days.starts_at

    def hour(session: PastSession) -> float | None:
        if session.started is None:
            return None
        local = session.started.at.astimezone(zone)
        return (local.hour - starts.hour + (local.minute - starts.minute) / 60) % 24

    return (
        _Habit("contact", attrgetter("wear.contact_fraction"), lambda a, b: abs(a - b) > UNLIKE["contact"]),
        _Habit("motion", attrgetter("wear.moving_fraction"), lambda a, b: abs(a - b) > UNLIKE["motion"]),
        _Habit(
            "impedance", attrgetter("impedance_ohm"), lambda a, b: abs(a - b) > UNLIKE["impedance"] * b, relative=True
        ),
        _Habit("hour", hour, lambda a, b: min(abs(a - b), 24 - abs(a - b)) > UNLIKE["hour"]),
    )


def _momentary(onset: str, since: datetime, verdict: Verdict, *sessions: PastSession) -> Episode:
    """An episode of one moment: that is when it began and when it was over."""
    return Episode(
        onset=onset,
        began_at=since,
        cleared_at=since,
        verdict=verdict,
        sessions=tuple(one.session for one in sessions),
    )
