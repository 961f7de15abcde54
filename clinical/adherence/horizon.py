"""Until when the target can still be reached, how many slots may still be missed, and whom a call still helps.

Rules, kept here:
- On one day no more slots are taken than the regimen plans for a day; today counts as a day that is left.
- Every figure has two ends: nothing that is not known was taken, and everything that is not known was.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from math import ceil

from msgspec import Struct

from clinical.adherence.account import Account, Strand
from clinical.adherence.days import DAY
from clinical.adherence.definitions import CONSECUTIVE, FREQUENCY, Definition, consecutive, windows
from clinical.adherence.slots import JudgedRound
from clinical.practice import NEARLY


class Standing(StrEnum):
    """Whether a target can still be reached."""

    SECURED = "secured"
    REACHABLE = "reachable"
    UNCERTAIN = "uncertain"
    LOST = "lost"


class Reach(Struct, frozen=True, kw_only=True):
    """One end of what is known: `last_day` on which the target can still be met by taking every slot from then on.

    `last_day` is None when it is secured or lost; `misses`: the slots that may still be missed, negative when lost.
    """

    last_day: date | None
    misses: int
    secured: bool


class Horizon(Struct, frozen=True, kw_only=True):
    """How far the target of one measure is: by what is proven, and if all that can still arrive were taken."""

    definition: Definition
    proven: Reach
    possible: Reach

    @property
    def standing(self) -> Standing:
        """In one word."""
        if self.possible.misses < 0:
            return Standing.LOST
        if self.proven.misses < 0:
            return Standing.UNCERTAIN
        return Standing.SECURED if self.proven.secured else Standing.REACHABLE

    @property
    def deciding(self) -> Reach:
        """The end that a call rests on: what is proven where that is enough, else the best that can still come."""
        return self.proven if self.standing in {Standing.REACHABLE, Standing.SECURED} else self.possible


class _Part(Struct, frozen=True):
    """A round as a horizon sees it: slots due and taken, and how many can still be taken from today on."""

    judged: JudgedRound
    due: int
    taken: int
    left: int


def horizon(account: Account, strand: Strand) -> Horizon | None:
    """C's while its days last and it is not reached; else A's, at the end of the rounds that run. None: nothing due."""
    practice = account.practice
    last = strand.first + DAY * practice.first_days
    if account.today < last and not consecutive(account, strand).is_met:
        spans = [strand.early[begin:end] for begin, end in windows(strand.early, strand.first, last, practice)]
        return _horizon(CONSECUTIVE, spans, account, strand)
    running = max((one.round.end for one in strand.recent if one.round.first <= account.today), default=account.today)
    first = running - DAY * practice.frequency_days
    span = tuple(one for one in strand.recent if first < one.round.end <= running)
    return _horizon(FREQUENCY, [span], account, strand)


def salvage_rank(standing: Standing, deciding: Reach) -> tuple[int, date, int]:
    """Sorts by whom a call helps most, of horizons of which no more is kept than standing and deciding end.

    Those first who can still reach their target, the nearest last day and the least room before, then who may; then
    those who need no call, last those for whom it is lost.
    """
    order = (Standing.REACHABLE, Standing.UNCERTAIN, Standing.SECURED, Standing.LOST)
    return order.index(standing), deciding.last_day or date.max, deciding.misses


def _horizon(
    definition: Definition, spans: Iterable[Sequence[JudgedRound]], account: Account, strand: Strand
) -> Horizon | None:
    due = [span for span in spans if any(one.round.due for one in span)]
    if not due:
        return None
    valid, practice, today = definition is CONSECUTIVE, account.practice, account.today
    target = practice.consecutive_target if valid else practice.frequency_target
    part_of = _Parts(account, strand, valid=valid)
    proven = [_reach([part_of.proven(one) for one in span], target, today) for span in due]
    possible = [_reach([part_of.possible(one) for one in span], target, today) for span in due]
    return Horizon(definition=definition, proven=_best(proven), possible=_best(possible))


def _best(each: Sequence[Reach]) -> Reach:
    """Any window will do: the one that leaves most time, and the most misses that one of them allows."""
    last = max((one.last_day for one in each if one.last_day), default=None)
    secured = any(one.secured for one in each)
    return Reach(last_day=None if secured else last, misses=max(one.misses for one in each), secured=secured)


class _Parts:
    """How the rounds of one strand are seen from today."""

    def __init__(self, account: Account, strand: Strand, *, valid: bool) -> None:
        self._account, self._strand = account, strand
        self._valid = valid

    def proven(self, judged: JudgedRound) -> _Part:
        """If nothing that is not known was taken."""
        return self._part(judged, (judged.valid if self._valid else judged.taken).low)

    def possible(self, judged: JudgedRound) -> _Part:
        """If everything that is not known was."""
        return self._part(judged, self._taken_at_most(judged))

    def _taken_at_most(self, judged: JudgedRound) -> int:
        round_, today = judged.round, self._account.today
        if round_.end <= today or not judged.unseen:
            return (judged.valid if self._valid else judged.taken).high
        practice = self._account.practice
        each = [one.is_valid(practice) if self._valid else one.is_taken(practice) for one in judged.counted]
        seen = len(each) - each.count(False)
        until = self._strand.proven_until(self._account.now, round_.begins_at)
        proven_day = self._account.plan.days.of(until) if until else date.min
        unproven = round_.open_days(proven_day) - round_.open_days(today)
        return min(round_.due, seen + round_.stint.per_day * unproven)

    def _part(self, judged: JudgedRound, taken: int) -> _Part:
        room = judged.round.stint.per_day * judged.round.open_days(self._account.today)
        return _Part(judged, judged.round.due, taken, min(judged.round.due - taken, room))


def _reach(parts: Sequence[_Part], target: float, today: date) -> Reach:
    due, taken = sum([one.due for one in parts]), sum([one.taken for one in parts])
    left = sum([one.left for one in parts])
    needed = ceil(target * due - NEARLY) - taken
    if needed <= 0:
        return Reach(last_day=None, misses=left - needed, secured=True)
    last = next(_last_days(parts, needed, today)) if needed <= left else None
    return Reach(last_day=last, misses=left - needed, secured=False)


def _last_days(parts: Sequence[_Part], needed: int, today: date) -> Iterator[date]:
    """The last day from which on the slots that are needed can still be taken."""
    for part in reversed(parts):
        round_ = part.judged.round
        if needed > part.left:
            needed -= part.left
            continue
        day = round_.end - DAY
        while day > max(today, round_.first) and round_.stint.per_day * round_.open_days(day) < needed:
            day -= DAY
        yield day
