"""A course made ready to be judged: for each modality what was planned, what was done, and the rounds of both."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from clinical.adherence.days import DAY
from clinical.adherence.practice import Practice, Worn
from clinical.adherence.rounds import Plan, Round, plan_of
from clinical.adherence.slots import Counted, JudgedRound, counted_in, judge_round, unseen_sessions
from clinical.adherence.uses import Sessions, Use, sessions_of
from clinical.course import Course, CourseDevice
from vocabulary.devices import Modality
from vocabulary.identity import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """One modality of a course: its sessions and devices, and its judged rounds.

    `recent` ended within the days that figures and rules look back, or have begun; `early` are those of the first days
    of the treatment, also those to come. `uses` are the recent ones, `used_on` the first and last day each may be of.
    """

    modality: Modality
    sessions: Sessions
    devices: tuple[CourseDevice, ...]
    first: date
    uses: tuple[Use, ...]
    used_on: tuple[tuple[date, date], ...]
    recent: tuple[JudgedRound, ...]
    early: tuple[JudgedRound, ...]

    def proven_until(self, now: datetime) -> datetime | None:
        """Up to when every device that is theirs now is proven without a hole; None where one is not at all."""
        theirs = [one for one in self.devices if any(_lasts(now, span.from_at, span.until_at) for span in one.given)]
        until = [one.proof.until if one.proof and one.proof.missing == 0 else None for one in theirs]
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
    today = plan.days.of(now)
    reckoner = _Reckoner(course=course, plan=plan, worn=worn, practice=practice)
    strands = tuple(reckoner.strand(one, today) for one in Modality if plan.first_day(one) is not None)
    return Account(now=now, today=today, plan=plan, practice=practice, strands=strands)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reckoner:
    """What the strands of one course share while they are made."""

    course: Course
    plan: Plan
    worn: Mapping[SessionId, Worn]
    practice: Practice

    def strand(self, modality: Modality, today: date) -> Strand:
        sessions = sessions_of(self.course, modality)
        devices = tuple(one for one in self.course.devices if one.modality is modality)
        first = self.plan.first_day(modality) or today
        back = today - DAY * max(self.practice.frequency_days, self.practice.look_back_days)
        recent = tuple(self.plan.rounds(back, today + DAY, modality))
        from_at = min([self.plan.days.start(back), *(one.begins_at for one in recent[:1])])
        uses = sessions.uses(from_at, self.plan.days.start(today + 2 * DAY), self.practice)
        early = tuple(self.plan.rounds(first, first + DAY * self.practice.first_days, modality))
        early_uses = sessions.uses(early[0].begins_at, early[-1].ends_at, self.practice) if early else ()
        return Strand(
            modality=modality,
            sessions=sessions,
            devices=devices,
            first=first,
            uses=uses,
            used_on=tuple(self.plan.days.of_either(one.earliest, one.latest) for one in uses),
            recent=self._judged(recent, uses, devices),
            early=self._judged(early, early_uses, devices),
        )

    def _judged(
        self, rounds: Sequence[Round], uses: Sequence[Use], devices: Sequence[CourseDevice]
    ) -> tuple[JudgedRound, ...]:
        """Judge rounds by the uses that began within them, or may have; uses in the order of their earliest start."""
        near = [one for one in uses if one.latest - one.earliest <= DAY]
        wide = [one for one in uses if one.latest - one.earliest > DAY]
        starts = [one.earliest for one in near]

        def counted(round_: Round) -> Iterator[Counted]:
            low, high = bisect_left(starts, round_.begins_at - DAY), bisect_left(starts, round_.ends_at)
            seen = (counted_in(round_, use, self.worn) for use in chain(near[low:high], wide))
            return (one for one in seen if one is not None)

        return tuple(
            judge_round(one, tuple(counted(one)), unseen_sessions(one, devices), self.practice) for one in rounds
        )


def _lasts(now: datetime, from_at: datetime, until_at: datetime | None) -> bool:
    return from_at <= now and (until_at is None or now < until_at)
