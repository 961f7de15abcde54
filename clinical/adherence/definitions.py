"""The three measures of adherence, each by id and version, as an interval with its coverage."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final

from msgspec import Struct

from clinical.adherence.account import Account, Strand
from clinical.adherence.days import DAY
from clinical.adherence.slots import JudgedRound
from clinical.course import Between
from clinical.practice import NEARLY, Practice


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number means, in words for who reads it, with the clinic's figures; a version changes when it would."""

    id: str
    version: int
    title: str
    words: str

    def told(self, practice: Practice) -> str:
        """Its words where these figures hold."""
        return self.words.format(practice=practice)


FREQUENCY: Final = Definition(
    "adherence-frequency",
    2,
    "Adherence A",
    "Slots taken, of the slots that were due in the last {practice.frequency_days} therapy days. A round of slots "
    "counts on the day it ends.",
)
DOSE: Final = Definition(
    "adherence-dose",
    2,
    "Adherence B",
    "Worn dose, of the dose that was due in the last {practice.frequency_days} therapy days: what reached skin, as in "
    "the energy ledger, but by the device's own figure of dose. No slot counts for more than its planned dose.",
)
CONSECUTIVE: Final = Definition(
    "adherence-cms",
    2,
    "Adherence C",
    "The best {practice.consecutive_days} consecutive days of the first {practice.first_days} of the treatment: slots "
    "with a valid session, of the slots due.",
)


class Adherence(Struct, frozen=True, kw_only=True):
    """One measure over the rounds that ended from `first` until before `end`.

    `share` is None when nothing was due. `coverage` is the part of the due slots whose records are proven.
    """

    definition: Definition
    share: Between | None
    target: float
    coverage: float | None
    due: int
    excused: int
    first: date
    end: date

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None while what is not known decides."""
        if self.share is None:
            return None
        low, high = (value + NEARLY >= self.target for value in (self.share.low, self.share.high))
        return low if low is high else None


def adherence(account: Account, strand: Strand) -> tuple[Adherence, Adherence, Adherence]:
    """The three measures of a strand, in the order of their letters."""
    return frequency(account, strand), dose(account, strand), consecutive(account, strand)


def frequency(account: Account, strand: Strand) -> Adherence:
    """A: slots taken."""
    rounds = last_rounds(account, strand)
    due = sum([one.round.due for one in rounds])
    share = _share(sum([one.taken.low for one in rounds]), sum([one.taken.high for one in rounds]), due)
    return _over(rounds, FREQUENCY, share, account)


def dose(account: Account, strand: Strand) -> Adherence:
    """B: worn dose. Rounds weigh by their planned dose."""
    rounds = last_rounds(account, strand)
    weighed = [(one.round.stint.phase.dose.value, one) for one in rounds]
    low = sum(weight * one.worn_dose.low for weight, one in weighed)
    high = sum(weight * one.worn_dose.high for weight, one in weighed)
    due = sum(weight * one.round.due for weight, one in weighed)
    return _over(rounds, DOSE, _share(low, high, due), account)


def consecutive(account: Account, strand: Strand) -> Adherence:
    """C: the best window of consecutive days that is over, of the first ones."""
    practice = account.practice
    end = min(account.today, strand.first + DAY * practice.first_days)
    over = [one for one in strand.early if one.round.end <= end]
    valid = [one.valid for one in over]
    due = _sums([one.round.due for one in over])
    low, high = _sums([one.low for one in valid]), _sums([one.high for one in valid])
    shares = [
        ((low[until] - low[begin]) / span, (high[until] - high[begin]) / span)
        for begin, until in windows(over, strand.first, end, practice)
        if (span := due[until] - due[begin])
    ]
    return Adherence(
        definition=CONSECUTIVE,
        share=Between(low=max([low for low, _ in shares]), high=max([high for _, high in shares])) if shares else None,
        target=practice.consecutive_target,
        coverage=_coverage(over),
        due=due[-1],
        excused=sum(one.round.excused for one in over),
        first=strand.first,
        end=end,
    )


def windows(rounds: Sequence[JudgedRound], first: date, end: date, practice: Practice) -> Iterator[tuple[int, int]]:
    """Which rounds end in each window of consecutive days within `first` and `end`, by index; each stretch once."""
    lasts, length = [(one.round.end - first).days - 1 for one in rounds], practice.consecutive_days
    latest = (end - first).days - length
    changes = sorted({0, *[last + 1 for last in lasts], *[last + 1 - length for last in lasts]})
    begins = [day for day in changes if 0 <= day <= latest]
    return iter([(bisect_left(lasts, day), bisect_left(lasts, day + length)) for day in begins])


def last_rounds(account: Account, strand: Strand) -> tuple[JudgedRound, ...]:
    """The rounds whose last day is among the days that A and B look at, today left out."""
    first = account.today - DAY * account.practice.frequency_days
    return tuple(one for one in strand.recent if first < one.round.end <= account.today)


def _over(rounds: Sequence[JudgedRound], definition: Definition, share: Between | None, account: Account) -> Adherence:
    practice = account.practice
    return Adherence(
        definition=definition,
        share=share,
        target=practice.frequency_target if definition is FREQUENCY else practice.dose_target,
        coverage=_coverage(rounds),
        due=sum(one.round.due for one in rounds),
        excused=sum(one.round.excused for one in rounds),
        first=account.today - DAY * practice.frequency_days,
        end=account.today,
    )


def _share(low: float, high: float, due: float) -> Between | None:
    return Between(low=low / due, high=high / due) if due else None


def _coverage(rounds: Sequence[JudgedRound]) -> float | None:
    due = sum([one.round.due for one in rounds])
    return sum([one.round.due for one in rounds if one.unseen == 0]) / due if due else None


def _sums(values: Iterable[int]) -> list[int]:
    return list(accumulate(values, initial=0))
