"""Each slot taken, partial, missed, unknown or excused, and on what evidence.

Rules, kept here:
- A use fills at most one slot, and only of the round in which it began; what is over offsets nothing.
- A use that may be of two rounds, or whose dose is still open, makes a slot unknown, not taken.
- As long as a session of the round can still arrive, a slot that nothing fills is unknown, never missed.
- A round that is not over has open slots where later it will have unknown or missed ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice

from msgspec import Struct

from clinical.adherence.rounds import Round
from clinical.adherence.uses import Use
from clinical.adherence.worn import Worn
from clinical.course import Between, CourseDevice
from clinical.once import once
from clinical.plan import Phase
from clinical.practice import NEARLY, Practice
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


class Slot(Struct, frozen=True, kw_only=True):
    """One slot, the sessions that speak for its state, and the reason in words."""

    state: SlotState
    sessions: tuple[SessionId, ...]
    because: str


class Counted(Struct, frozen=True, kw_only=True):
    """A use as one round sees it: `sure` that it began within, and its figures as fractions of the planned dose.

    `wear` has what is known of the wear of each session.
    """

    use: Use
    sure: bool
    phase: Phase
    dose: Between
    wear: Mapping[SessionId, Worn]

    @property
    def worn_dose(self) -> Between:
        """The part of its dose that reached skin."""
        return self.use.worn_dose_fraction(self.phase, self.wear)

    def is_valid(self, practice: Practice) -> bool | None:
        """Whether it is a valid session: the planned dose, worn, and no safety trip; None where that is not known."""
        low, high, least = self.dose.low, self.dose.high, practice.taken_fraction
        if self.use.tripped or high + NEARLY < least or practice.over_fraction < low - NEARLY:
            return False
        worn = self.use.worn_probability(self.wear)
        if worn.high < practice.worn_probability:
            return False
        fits = self.sure and least <= low + NEARLY and high - NEARLY <= practice.over_fraction
        return True if fits and practice.worn_probability <= worn.low else None

    def is_taken(self, practice: Practice) -> bool | None:
        """Whether it fills a slot; None where that is not known."""
        if self.sure and practice.taken_fraction <= self.dose.low + NEARLY:
            return True
        return None if practice.taken_fraction <= self.dose.high + NEARLY else False


class Tally(Struct, frozen=True, kw_only=True, gc=False):
    """A number of slots that is known to lie between two counts, both within."""

    low: int
    high: int


class JudgedRound(Struct, frozen=True, kw_only=True, dict=True):
    """A round and what is known of it, each figure reckoned once it is asked for; all are at most of the slots due.

    `counted` are the uses that began within it, or may have.
    """

    round: Round
    counted: tuple[Counted, ...]
    devices: tuple[CourseDevice, ...]
    practice: Practice

    @once
    def unseen(self) -> int:
        """How many sessions of it can still arrive; 0: its records are proven."""
        return unseen_sessions(self.round, self.devices)

    @once
    def taken(self) -> Tally:
        """The slots that are taken."""
        return self._tally([one.is_taken(self.practice) for one in self.counted])

    @once
    def valid(self) -> Tally:
        """The slots with a valid session."""
        return self._tally([one.is_valid(self.practice) for one in self.counted])

    @once
    def worn_dose(self) -> Between:
        """The best uses added up, each at most the planned dose of its slot."""
        due = self.round.due
        parts = [(one.worn_dose, one.sure) for one in self.counted]
        low = sorted([min(1.0, part.low) for part, sure in parts if sure], reverse=True)
        high = sorted([1.0] * min(due, self.unseen) + [min(1.0, part.high) for part, _ in parts], reverse=True)
        return Between(low=sum(low[:due]), high=sum(high[:due]))

    def _tally(self, each: Sequence[bool | None]) -> Tally:
        """The slots that surely are something, and those that may be, by what is known of each use."""
        due, surely = self.round.due, each.count(True)
        if surely >= due:
            return Tally(low=due, high=due)
        most = surely + each.count(None)
        return Tally(low=surely, high=due if most >= due else min(due, most + self.unseen))


def unseen_sessions(round_: Round, devices: Sequence[CourseDevice]) -> int:
    """How many sessions of a round can still arrive: none only where every device that was theirs is proven.

    Without any device nothing is proven.
    """
    missing = [count for one in devices if (count := _unseen(round_, one)) is not None]
    return min(COUNTLESS, sum(missing)) if missing else COUNTLESS


def _unseen(round_: Round, device: CourseDevice) -> int | None:
    """Of one device; None where it was not theirs in the round."""
    begins, ends, proof = round_.begins_at, round_.ends_at, device.proof
    theirs = [one for one in device.given if one.from_at < ends and (one.until_at is None or begins < one.until_at)]
    if not theirs:
        return None
    if proof is None:
        return COUNTLESS
    if proof.until < ends and proof.until < max(min(ends, one.until_at or ends) for one in theirs):
        return COUNTLESS
    return sum([one.count for one in device.missing(begins, ends)]) if proof.missing else 0


def counted_in(round_: Round, uses: Iterable[Use], wear: Mapping[SessionId, Worn]) -> tuple[Counted, ...]:
    """Those uses that began within a round, or may have, as it sees them."""
    phase, begins, ends = round_.stint.phase, round_.begins_at, round_.ends_at
    return tuple(
        [
            Counted(
                use=use,
                sure=begins <= use.earliest and use.latest < ends,
                phase=phase,
                dose=use.dose_fraction(phase),
                wear=wear,
            )
            for use in uses
            if begins <= use.latest and use.earliest < ends
        ]
    )


def slots_of(judged: JudgedRound, now: datetime, practice: Practice) -> tuple[Slot, ...]:
    """The slots of a round: as many as are planned, those that are known best first."""
    known = islice(_known(judged, practice), judged.taken.low)
    is_over = judged.round.ends_at <= now
    others = unfilled(judged, practice) if is_over else (_OPEN,) * (judged.round.due - judged.taken.low)
    return (*known, *others, *_excused(judged.round))


def unfilled(judged: JudgedRound, practice: Practice) -> tuple[Slot, ...]:
    """Those slots of a round that is over which nothing surely fills."""
    return tuple(islice(_undecided(judged, practice), judged.round.due - judged.taken.low))


_OPEN = Slot(state=SlotState.OPEN, sessions=(), because="the days for it are not over")
_MISSED = Slot(state=SlotState.MISSED, sessions=(), because="the records are here, and no session is among them")


def _known(judged: JudgedRound, practice: Practice) -> Iterator[Slot]:
    for one in judged.counted:
        if one.is_taken(practice):
            over = one.dose.low - NEARLY > practice.over_fraction
            because = "more than the planned dose" if over else "the planned dose"
            yield Slot(state=SlotState.TAKEN, sessions=one.use.ids, because=because)


def _undecided(judged: JudgedRound, practice: Practice) -> Iterator[Slot]:
    """The slots of a round that is over and that nothing surely fills: those that may be taken come first."""
    each = [(one.is_taken(practice), one) for one in judged.counted]
    doubts = [_doubt(one) for taken, one in each if taken is None]
    partly = [_partial(one, practice) for taken, one in each if taken is False]
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
    if one.dose.high + NEARLY < practice.partial_fraction:
        return Slot(state=SlotState.MISSED, sessions=one.use.ids, because=because)
    if one.sure and one.dose.low + NEARLY >= practice.partial_fraction:
        return Slot(state=SlotState.PARTIAL, sessions=one.use.ids, because=because)
    return _doubt(one)


def _still(judged: JudgedRound, sessions: tuple[SessionId, ...]) -> Slot:
    because = "records of it can still arrive" if judged.unseen >= COUNTLESS else "a record of its device is not here"
    return Slot(state=SlotState.UNKNOWN, sessions=sessions, because=because)


def _excused(round_: Round) -> Iterator[Slot]:
    because = ", ".join(dict.fromkeys(one.because for one in round_.away))
    return (Slot(state=SlotState.EXCUSED, sessions=(), because=because) for _ in range(round_.excused))
