"""A course made ready to be judged: for each modality what was planned, what was done, and the rounds of both."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from clinical.adherence.days import DAY
from clinical.adherence.planned import PlannedUse, planned_use
from clinical.adherence.rounds import Plan, Round, plan_of
from clinical.adherence.slots import JudgedRound, counted_in
from clinical.adherence.uses import Sessions, Use, sessions_of
from clinical.adherence.worn import Worn
from clinical.course import SHARP, Course, CourseDevice, OrderedCourse, in_order
from clinical.once import once
from clinical.practice import Practice
from vocabulary.devices import Modality
from vocabulary.identity import SessionId


class Frame(Struct, frozen=True, kw_only=True):
    """What the strands of one course share: its plan, what is known of wear, the clinic's figures, instant and day."""

    now: datetime
    plan: Plan
    wear: Mapping[SessionId, Worn]
    practice: Practice
    today: date

    @property
    def back(self) -> date:
        """The first of the days that figures and rules look back to."""
        return self.today - DAY * max(self.practice.frequency_days, self.practice.look_back_days)


class Lately(Struct, frozen=True, kw_only=True):
    """The rounds that are looked back to, and uses: from the first of them, and as far back as a silence asks for."""

    rounds: tuple[Round, ...]
    uses: tuple[Use, ...]


class Strand(Struct, frozen=True, kw_only=True, dict=True):
    """One modality of a course: its sessions and devices, and its judged rounds, made once they are asked for."""

    modality: Modality
    sessions: Sessions
    devices: tuple[CourseDevice, ...]
    first: date
    frame: Frame
    lately: Lately

    @once
    def recent(self) -> tuple[JudgedRound, ...]:
        """The rounds that ended within the days that figures and rules look back, or have begun."""
        return self._judged(self.lately.rounds, self.uses)

    @once
    def early(self) -> tuple[JudgedRound, ...]:
        """The rounds of the first days of the treatment, also those to come."""
        practice = self.frame.practice
        rounds = tuple(self.frame.plan.rounds(self.first, self.first + DAY * practice.first_days, self.modality))
        uses = self.sessions.uses(rounds[0].begins_at, rounds[-1].ends_at, practice) if rounds else ()
        return self._judged(rounds, uses)

    @once
    def uses(self) -> tuple[Use, ...]:
        """The recent uses: from the first day that is looked back to, or the beginning of its round."""
        begun = [one.begins_at for one in self.lately.rounds[:1]]
        since = min([self.frame.plan.days.start(self.frame.back), *begun])
        return tuple([one for one in self.lately.uses if one.latest >= since])

    @once
    def planned(self) -> tuple[PlannedUse, ...]:
        """The recent uses, with what was planned on their days."""
        return tuple([planned_use(one, self.modality, self.frame.plan) for one in self.uses])

    def _judged(self, rounds: Sequence[Round], uses: Sequence[Use]) -> tuple[JudgedRound, ...]:
        """Judge rounds by the uses that began within them, or may have; uses in the order of their earliest start."""
        near, wide = uses, list[Use]()
        if self.sessions.vague:
            near = [one for one in uses if one.latest - one.earliest <= SHARP]
            wide = [one for one in uses if one.latest - one.earliest > SHARP]
        starts = [one.earliest for one in near]
        judged: list[JudgedRound] = []
        for one in rounds:
            low, high = bisect_left(starts, one.begins_at - SHARP), bisect_left(starts, one.ends_at)
            counted = counted_in(one, (*near[low:high], *wide), self.frame.wear)
            judged.append(JudgedRound(round=one, counted=counted, devices=self.devices, practice=self.frame.practice))
        return tuple(judged)

    def proven_until(self, now: datetime, since: datetime) -> datetime | None:
        """Up to when no session since an instant is missing of a device that is theirs now; None where one may be."""
        theirs = [one for one in self.devices if any(_lasts(now, span.from_at, span.until_at) for span in one.given)]
        until = [one.proof.until if one.proof and not one.missing(since, now) else None for one in theirs]
        known = [at for at in until if at is not None]
        return min(known) if known and len(known) == len(until) else None


class Account(Struct, frozen=True, kw_only=True):
    """A course, put in order, as of an instant, with a strand for each modality that was ever prescribed."""

    ordered: OrderedCourse
    now: datetime
    today: date
    plan: Plan
    practice: Practice
    strands: tuple[Strand, ...]


def account_of(course: Course, now: datetime, worn: Mapping[SessionId, Worn], practice: Practice) -> Account:
    """Make a course ready: everything that adherence, horizon and rules look at, once."""
    ordered, plan = in_order(course), plan_of(course, practice.day_starts)
    frame = Frame(now=now, plan=plan, wear=worn, practice=practice, today=plan.days.of(now))
    firsts = [(modality, plan.first_day(modality)) for modality in Modality]
    strands = tuple(_strand(ordered, modality, first, frame) for modality, first in firsts if first is not None)
    return Account(ordered=ordered, now=now, today=frame.today, plan=plan, practice=practice, strands=strands)


def _strand(ordered: OrderedCourse, modality: Modality, first: date, frame: Frame) -> Strand:
    sessions = sessions_of(ordered, modality)
    return Strand(
        modality=modality,
        sessions=sessions,
        devices=tuple([one for one in ordered.course.devices if one.modality is modality]),
        first=first,
        frame=frame,
        lately=_lately(sessions, frame),
    )


def _lately(sessions: Sessions, frame: Frame) -> Lately:
    practice, days = frame.practice, frame.plan.days
    rounds = tuple(frame.plan.rounds(frame.back, frame.today + DAY, sessions.modality))
    first = days.start(frame.today - DAY * (practice.look_back_days + practice.steady_days + 1))
    since = min([first, *[one.begins_at for one in rounds[:1]]])
    until = days.start(frame.today + 2 * DAY)
    return Lately(rounds=rounds, uses=sessions.uses(since, until, practice))


def _lasts(now: datetime, from_at: datetime, until_at: datetime | None) -> bool:
    return from_at <= now and (until_at is None or now < until_at)
