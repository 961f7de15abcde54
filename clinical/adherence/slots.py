"""Each slot taken, partial, missed, unknown or excused, and on what evidence.

Rules, kept here:
- A use fills at most one slot, and only of the round in which it began; what is over offsets nothing.
- A use that may be of two rounds, or whose dose is still open, makes a slot unknown, not taken.
- As long as a session of the round can still arrive, a slot that nothing fills is unknown, never missed.
- A round that is not over has open slots where later it will have unknown or missed ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from clinical.adherence.practice import Practice, Worn
from clinical.adherence.rounds import Round
from clinical.adherence.uses import Use
from clinical.course import Between, CourseDevice
from vocabulary.identity import SessionId

COUNTLESS = 1_000_000
"""As many sessions as can still arrive while nothing is proven."""


class SlotState(StrEnum):
    """What is known of one planned slot."""

    TAKEN = "taken"
    PARTIAL = "partial"
    MISSED = "missed"
    UNKNOWN = "unknown"
    EXCUSED = "excused"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One slot, the sessions that speak for its state, and the reason in words."""

    state: SlotState
    sessions: tuple[SessionId, ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A use as one round sees it: `sure` that it began within, and its figures as fractions of the planned dose."""

    use: Use
    sure: bool
    dose: Between
    worn_dose: Between
    worn: Between

    def is_valid(self, practice: Practice) -> bool:
        """Whether it surely is a valid session: the planned dose, worn, and no safety trip."""
        fits = practice.taken_fraction <= self.dose.low and self.dose.high <= practice.over_fraction
        return self.sure and fits and self.worn.low >= practice.worn_probability and not self.use.tripped

    def may_be_valid(self, practice: Practice) -> bool:
        """Whether it is a valid session, as far as anybody knows."""
        fits = practice.taken_fraction <= self.dose.high and self.dose.low <= practice.over_fraction
        return fits and self.worn.high >= practice.worn_probability and not self.use.tripped

    def is_taken(self, practice: Practice) -> bool:
        """Whether it surely fills a slot."""
        return self.sure and self.dose.low >= practice.taken_fraction

    def may_be_taken(self, practice: Practice) -> bool:
        """Whether it fills a slot, as far as anybody knows."""
        return self.dose.high >= practice.taken_fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A number of slots that is known to lie between two counts, both within."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRound:
    """A round and what is known of it; every figure is at most of the slots due.

    `worn_dose` adds up the best uses, each at most the planned dose of its slot. `unseen` is how many sessions of it
    can still arrive; 0: its records are proven.
    """

    round: Round
    counted: tuple[Counted, ...]
    unseen: int
    taken: Tally
    valid: Tally
    worn_dose: Between


def judge_round(round_: Round, counted: tuple[Counted, ...], unseen: int, practice: Practice) -> JudgedRound:
    """What is known of the slots of a round, of `counted` uses and of those that can still arrive."""
    due = round_.due
    takes = [(one.is_taken(practice), one.may_be_taken(practice)) for one in counted]
    valid = [(one.is_valid(practice), one.may_be_valid(practice)) for one in counted]
    return JudgedRound(
        round=round_,
        counted=counted,
        unseen=unseen,
        taken=_tally(takes, due, unseen),
        valid=_tally(valid, due, unseen),
        worn_dose=_worn_dose(due, counted, unseen),
    )


def _tally(uses: Sequence[tuple[bool, bool]], due: int, unseen: int) -> Tally:
    low = min(due, sum([sure for sure, _ in uses]))
    return Tally(low=low, high=min(due, unseen + sum([may for _, may in uses])))


def _worn_dose(due: int, counted: Sequence[Counted], unseen: int) -> Between:
    low = sorted([min(1.0, one.worn_dose.low) for one in counted if one.sure], reverse=True)
    high = sorted([1.0] * min(due, unseen) + [min(1.0, one.worn_dose.high) for one in counted], reverse=True)
    return Between(low=sum(low[:due]), high=sum(high[:due]))


def unseen_sessions(round_: Round, devices: Sequence[CourseDevice]) -> int:
    """How many sessions of a round can still arrive: none only where every device that was theirs is proven.

    Without any device nothing is proven.
    """
    missing = [count for one in devices if (count := _unseen(round_, one)) is not None]
    return min(COUNTLESS, sum(missing)) if missing else COUNTLESS


def _unseen(round_: Round, device: CourseDevice) -> int | None:
    """Of one device; None where it was not theirs in the round."""
    theirs = [one for one in device.given if _overlaps(round_, one.from_at, one.until_at)]
    if not theirs:
        return None
    needed = max(min(round_.ends_at, one.until_at or round_.ends_at) for one in theirs)
    return COUNTLESS if device.proof is None or device.proof.until < needed else device.proof.missing


def _overlaps(round_: Round, from_at: datetime, until_at: datetime | None) -> bool:
    return from_at < round_.ends_at and (until_at is None or round_.begins_at < until_at)


def counted_in(round_: Round, use: Use, worn: Mapping[SessionId, Worn]) -> Counted | None:
    """A use as a round sees it; None when it surely began elsewhere."""
    if use.latest < round_.begins_at or use.earliest >= round_.ends_at:
        return None
    phase = round_.stint.phase
    return Counted(
        use=use,
        sure=round_.begins_at <= use.earliest and use.latest < round_.ends_at,
        dose=use.dose_fraction(phase),
        worn_dose=use.worn_dose_fraction(phase, worn),
        worn=use.worn_probability(worn),
    )


def slots_of(judged: JudgedRound, now: datetime, practice: Practice) -> tuple[Slot, ...]:
    """The slots of a round: as many as are planned, those that are known best first."""
    known = tuple(islice(_known(judged, practice), judged.taken.low))
    rest = judged.round.due - len(known)
    others = islice(_undecided(judged, practice), rest) if judged.round.ends_at <= now else (_OPEN,) * rest
    return (*known, *others, *_excused(judged.round))


_OPEN = Slot(state=SlotState.OPEN, sessions=(), because="the days for it are not over")
_MISSED = Slot(state=SlotState.MISSED, sessions=(), because="the records are here, and no session is among them")


def _known(judged: JudgedRound, practice: Practice) -> Iterator[Slot]:
    for one in judged.counted:
        if one.is_taken(practice):
            over = one.dose.low > practice.over_fraction
            because = "more than the planned dose" if over else "the planned dose"
            yield Slot(state=SlotState.TAKEN, sessions=one.use.ids, because=because)


def _undecided(judged: JudgedRound, practice: Practice) -> Iterator[Slot]:
    """The slots of a round that is over and that nothing surely fills: those that may be taken come first."""
    rest = [one for one in judged.counted if not one.is_taken(practice)]
    doubts = [_doubt(one) for one in rest if one.may_be_taken(practice)]
    partly = [_partial(one, practice) for one in rest if not one.may_be_taken(practice)]
    partly.sort(key=lambda slot: slot.state is SlotState.MISSED)
    yield from doubts
    for _ in range(judged.taken.high - judged.taken.low - len(doubts)):
        yield _still(judged, partly.pop(0).sessions if partly else ())
    yield from partly
    while True:
        yield _MISSED


def _doubt(one: Counted) -> Slot:
    because = "its dose is not known yet" if one.sure else "when the session began is not known well enough"
    return Slot(state=SlotState.UNKNOWN, sessions=one.use.ids, because=because)


def _partial(one: Counted, practice: Practice) -> Slot:
    """Of a use that surely takes no slot."""
    because = f"{one.dose.low:.0%} of the planned dose"
    if one.dose.high < practice.partial_fraction:
        return Slot(state=SlotState.MISSED, sessions=one.use.ids, because=because)
    if one.sure and one.dose.low >= practice.partial_fraction:
        return Slot(state=SlotState.PARTIAL, sessions=one.use.ids, because=because)
    return _doubt(one)


def _still(judged: JudgedRound, sessions: tuple[SessionId, ...]) -> Slot:
    because = "records of it can still arrive" if judged.unseen >= COUNTLESS else "a record of its device never came"
    return Slot(state=SlotState.UNKNOWN, sessions=sessions, because=because)


def _excused(round_: Round) -> Iterator[Slot]:
    because = ", ".join(dict.fromkeys(one.because for one in round_.away))
    return (Slot(state=SlotState.EXCUSED, sessions=(), because=because) for _ in range(round_.excused))
