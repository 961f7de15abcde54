"""A course made ready to be judged: for each modality what was planned, what was done, and the rounds of both."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import chain

from clinical.adherence.days import DAY
from clinical.adherence.planned import PlannedUse, planned_use
from clinical.adherence.practice import Practice, Worn
from clinical.adherence.rounds import Plan, Round, plan_of
from clinical.adherence.slots import JudgedRound, began_in
from clinical.adherence.uses import Sessions, Use, sessions_of
from clinical.course import Course, CourseDevice
from vocabulary.devices import Modality
from vocabulary.identity import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the strands of one course share: its plan, what is known of wear, the clinic's figures, and the day."""

    plan: Plan
    wear: Mapping[SessionId, Worn]
    practice: Practice
    today: date


@dataclass(frozen=True, kw_only=True)
class Strand:
    """One modality of a course: its sessions and devices, and its judged rounds, made once they are asked for."""

    modality: Modality
    sessions: Sessions
    devices: tuple[CourseDevice, ...]
    first: date
    frame: Frame

    @cached_property
    def recent(self) -> tuple[JudgedRound, ...]:
        """The rounds that ended within the days that figures and rules look back, or have begun."""
        return self._judged(self._recent, self.uses)

    @cached_property
    def early(self) -> tuple[JudgedRound, ...]:
        """The rounds of the first days of the treatment, also those to come."""
        practice = self.frame.practice
        rounds = tuple(self.frame.plan.rounds(self.first, self.first + DAY * practice.first_days, self.modality))
        uses = self.sessions.uses(rounds[0].begins_at, rounds[-1].ends_at, practice) if rounds else ()
        return self._judged(rounds, uses)

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """The recent uses."""
        days = self.frame.plan.days
        from_at = min([days.start(self._back), *(one.begins_at for one in self._recent[:1])])
        return self.sessions.uses(from_at, days.start(self.frame.today + 2 * DAY), self.frame.practice)

    @cached_property
    def planned(self) -> tuple[PlannedUse, ...]:
        """The recent uses, with what was planned on their days."""
        return tuple(planned_use(one, self.modality, self.frame.plan) for one in self.uses)

    @cached_property
    def _recent(self) -> tuple[Round, ...]:
        return tuple(self.frame.plan.rounds(self._back, self.frame.today + DAY, self.modality))

    @property
    def _back(self) -> date:
        practice = self.frame.practice
        return self.frame.today - DAY * max(practice.frequency_days, practice.look_back_days)

    def _judged(self, rounds: Sequence[Round], uses: Sequence[Use]) -> tuple[JudgedRound, ...]:
        """Judge rounds by the uses that began within them, or may have; uses in the order of their earliest start."""
        near = [one for one in uses if one.latest - one.earliest <= DAY]
        wide = [one for one in uses if one.latest - one.earliest > DAY]
        starts = [one.earliest for one in near]

        def within(round_: Round) -> Iterator[Use]:
            low, high = bisect_left(starts, round_.begins_at - DAY), bisect_left(starts, round_.ends_at)
            return (use for use in chain(near[low:high], wide) if began_in(round_, use))

        return tuple(
            JudgedRound(
                round=one,
                uses=tuple(within(one)),
                devices=self.devices,
                wear=self.frame.wear,
                practice=self.frame.practice,
            )
            for one in rounds
        )

    def proven_until(self, now: datetime, since: datetime) -> datetime | None:
        """Up to when no session since an instant is missing of a device that is theirs now; None where one may be."""
        theirs = [one for one in self.devices if any(_lasts(now, span.from_at, span.until_at) for span in one.given)]
        until = [one.proof.until if one.proof and not one.missing(since, now) else None for one in theirs]
        known = [at for at in until if at is not None]
        return min(known) if known and len(known) == len(until) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A course as of an instant, with a strand for each modality that was ever prescribed."""

    now: datetime
    today: date
    plan: Plan
    practice: Practice
    strands: tuple[Strand, ...]


def account_of(course: Course, now: datetime, worn: Mapping[SessionId, Worn], practice: Practice) -> Account:
    """Make a course ready: everything that adherence, horizon and rules look at, once."""
    plan = plan_of(course)
    frame = Frame(plan=plan, wear=worn, practice=practice, today=plan.days.of(now))
    firsts = [(modality, plan.first_day(modality)) for modality in Modality]
    strands = tuple(_strand(course, modality, first, frame) for modality, first in firsts if first is not None)
    return Account(now=now, today=frame.today, plan=plan, practice=practice, strands=strands)


def _strand(course: Course, modality: Modality, first: date, frame: Frame) -> Strand:
    return Strand(
        modality=modality,
        sessions=sessions_of(course, modality),
        devices=tuple(one for one in course.devices if one.modality is modality),
        first=first,
        frame=frame,
    )


def _lasts(now: datetime, from_at: datetime, until_at: datetime | None) -> bool:
    return from_at <= now and (until_at is None or now < until_at)
