"""The panel's habits on the air, as the captures show them: late, cut, joined, and now and then a stray byte."""

from datetime import timedelta
from random import Random
from typing import Final

NOTIFICATION_BYTES: Final = 20

SOONEST, MEDIAN, LATEST = (timedelta(milliseconds=ms) for ms in (47, 58, 137))
"""How long a reply takes."""

STRAY: Final = b"\x2a"
_STRAYS: Final = 0.03
_HOLDS: Final = 0.02
_CUTS: Final = 0.03
"""How often a reply begins with a stray byte, waits for the next one, is cut for no reason."""


class Habits:
    """The habits of one unit."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._held = b""

    def latency(self) -> timedelta:
        """How long the next reply takes: half of them up to the median, few of the others much longer."""
        part = 2 * self._random.random()
        return SOONEST + (MEDIAN - SOONEST) * part if part < 1 else MEDIAN + (LATEST - MEDIAN) * (part - 1) ** 3

    def notifications(self, replies: bytes) -> list[bytes]:
        """How replies that are ready together leave; none, when they wait for the next."""
        stray = STRAY if self._random.random() < _STRAYS else b""
        stream = self._held + stray + replies
        if self._random.random() < _HOLDS:
            self._held = stream
            return []
        self._held = b""
        first = self._random.randint(1, NOTIFICATION_BYTES) if self._random.random() < _CUTS else NOTIFICATION_BYTES
        rest = stream[first:]
        return [stream[:first], *(rest[at : at + NOTIFICATION_BYTES] for at in range(0, len(rest), NOTIFICATION_BYTES))]
