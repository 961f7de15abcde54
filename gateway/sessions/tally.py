"""The numbers of a device's messages: which came, which came before, how many are missing."""

from dataclasses import dataclass, replace
from typing import Final

LATE: Final = 64
"""Missing numbers that may still come; older ones are given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The messages of one boot of a device.

    `follows`: the number that comes next. `lost`: how many below it have not come. `late`: the newest of those.
    """

    boot: int
    follows: int
    lost: int
    late: tuple[int, ...]


def counted(tally: Tally | None, boot: int, number: int) -> Tally | None:
    """The tally with one more message; None when that message came before, or is of an earlier boot.

    Numbers begin at 0 in each boot; of the boot in which the device is first heard nothing before is missed.
    """
    if tally is None:
        return Tally(boot=boot, follows=number + 1, lost=0, late=())
    if boot < tally.boot:
        return None
    if boot > tally.boot:
        tally = Tally(boot=boot, follows=0, lost=0, late=())
    if number >= tally.follows:
        return _skipping(tally, number)
    if number in tally.late:
        return replace(tally, lost=tally.lost - 1, late=tuple(one for one in tally.late if one != number))
    return None


def _skipping(tally: Tally, number: int) -> Tally:
    skipped = range(max(tally.follows, number - LATE), number)
    return replace(
        tally,
        follows=number + 1,
        lost=tally.lost + number - tally.follows,
        late=(*tally.late, *skipped)[-LATE:],
    )
