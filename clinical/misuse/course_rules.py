"""What a course rule is: a function of a course at an instant, whose docstring is what the physician reads."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from msgspec import Struct

from clinical.adherence.account import Account, account_of
from clinical.adherence.worn import Worn
from clinical.course import Course, OrderedCourse, PastSession
from clinical.dose.ledger import Given
from clinical.misuse.rules import explained
from clinical.practice import Practice, practice_at
from clinical.verdicts import Verdict
from vocabulary.identity import DeviceUid, RuleId, SessionId
from vocabulary.severity import Severity

_COUNTER: Final = attrgetter("counter")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsAsked:
    """Limits or a hold that a device is to have: since when they wait, and when they were confirmed, None: not yet."""

    device: DeviceUid
    is_hold: bool
    asked_at: datetime
    reported_at: datetime | None

    def grace(self, practice: Practice) -> timedelta:
        """How long they may wait before somebody is called."""
        return practice.hold_grace if self.is_hold else practice.permit_grace


class CourseAt(Struct, frozen=True, kw_only=True):
    """A course as of an instant: nothing in it is later than `now` but what is planned. Made by `course_at`.

    `worn` has what is known of the wear of each session; one that is not in it may have been worn or not.
    `account` is the course made ready, once for all rules. `by_device` has the recorded sessions of each device by
    counter: those of the look-back, and of before it as many as two baselines, so that one which begins within them
    has settled when the look-back begins. `given` is what the sessions gave. `said`: sessions and the rules broken in
    each for itself, as far as a rule over weeks may say the same.
    """

    course: Course
    now: datetime
    worn: Mapping[SessionId, Worn]
    limits: tuple[LimitsAsked, ...]
    practice: Practice
    account: Account
    by_device: Mapping[DeviceUid, tuple[PastSession, ...]]
    given: Given
    said: frozenset[tuple[SessionId, RuleId]] = frozenset()


def course_at(
    course: Course,
    now: datetime,
    *,
    worn: Mapping[SessionId, Worn],
    limits: tuple[LimitsAsked, ...] = (),
) -> CourseAt:
    """Gather what the rules over weeks look at: each session once, in the order of their start, however they came.

    All of it is judged by the figures that the clinic had decided on by then.
    """
    practice = practice_at(course.practices, now)
    account = account_of(course, now, worn, practice)
    ordered = account.ordered
    return CourseAt(
        course=ordered.course,
        now=now,
        worn=worn,
        limits=limits,
        practice=practice,
        account=account,
        by_device=_by_device(ordered, now, practice),
        given=Given(ordered, now),
    )


def when(session: PastSession) -> datetime:
    """When a session was, or was heard of where nothing places it."""
    return session.started.at if session.started else session.heard_at


def _by_device(ordered: OrderedCourse, now: datetime, practice: Practice) -> dict[DeviceUid, tuple[PastSession, ...]]:
    since, before = now - timedelta(days=practice.look_back_days), 2 * practice.baseline
    firsts: dict[DeviceUid, int] = {}
    for one in ordered.after(since):
        if one.recorded and when(one) > since:
            firsts[one.device] = min(one.counter, firsts.get(one.device, one.counter))
    devices: dict[DeviceUid, list[PastSession]] = {}
    for one in ordered.course.sessions:
        if one.recorded:
            devices.setdefault(one.device, []).append(one)
    return {uid: _lately(sessions, firsts.get(uid), before) for uid, sessions in devices.items()}


def _lately(sessions: list[PastSession], first: int | None, before: int) -> tuple[PastSession, ...]:
    """By counter: those from the first of the look-back on, and some before it."""
    sessions.sort(key=_COUNTER)
    place = len(sessions) if first is None else bisect_left(sessions, first, key=_COUNTER)
    return tuple(sessions[max(0, place - before) :])


class Episode(Struct, frozen=True, kw_only=True):
    """A stretch of a course in which a rule is broken, or may be: from its onset fact until it cleared, None while on.

    `onset` names the fact that began it, such as a session's id: it stays the same while the episode goes on, so that
    the finding keeps its id and the alert is raised once. `said_by`: the rule that calls for the same thing already.
    """

    onset: str
    began_at: datetime
    cleared_at: datetime | None
    verdict: Verdict
    sessions: tuple[SessionId, ...]
    said_by: RuleId | None = None


CourseJudge = Callable[[CourseAt], Iterator[Episode]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRule:
    """A rule over weeks: its name, its version, how bad its breach is, and its judge, which says nothing when clear."""

    id: RuleId
    version: int
    severity: Severity
    judge: CourseJudge

    @property
    def title(self) -> str:
        """The first sentence of what the physician reads."""
        return self.explanation[0]

    @property
    def explanation(self) -> tuple[str, ...]:
        """Sentence, cause, consequence, action, time to respond and source, a line each."""
        return explained(self.judge)


def course_rule(name: str, *, version: int, severity: Severity) -> Callable[[CourseJudge], CourseRule]:
    """Make a course rule of the decorated function."""

    def make(judge: CourseJudge) -> CourseRule:
        return CourseRule(id=RuleId(name), version=version, severity=severity, judge=judge)

    return make
