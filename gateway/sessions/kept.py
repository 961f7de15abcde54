"""Which of a device's records are on disk here, in whatever order they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BEYOND: Final = 64
"""Records above one that is missing that are kept: a device holds at least as many until they are acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All records up to the counter `upto`, and those of `beyond` (ascending), with at least one missing in between."""

    upto: int
    beyond: tuple[int, ...]

    def __contains__(self, counter: int) -> bool:
        """Whether the record of this session is on disk."""
        return counter <= self.upto or counter in self.beyond

    def begun_at(self, oldest: int) -> "Kept":
        """No record below the oldest that the device holds for us is still to come."""
        return _joined(max(self.upto, oldest - 1), self.beyond)

    def takes(self, counter: int) -> bool:
        """Whether a record is missing, and there is room to remember it; the device keeps it otherwise."""
        return counter not in self and (counter == self.upto + 1 or len(self.beyond) < BEYOND)

    def adding(self, counter: int) -> "Kept":
        """With this one."""
        return _joined(self.upto, sorted({*self.beyond, counter}))

    def joined_by(self, others: "Kept") -> "Kept":
        """With all of these."""
        return _joined(max(self.upto, others.upto), sorted({*self.beyond, *others.beyond}))


NOTHING_KEPT: Final = Kept(upto=0, beyond=())


def _joined(upto: int, others: Sequence[int]) -> Kept:
    """What follows `upto` without a hole is part of the run that ends there."""
    while upto + 1 in others:
        upto += 1
    return Kept(upto=upto, beyond=tuple(counter for counter in others if counter > upto))
