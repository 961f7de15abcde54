"""MQTT packets on their way, and what can be done to them: pure."""

from collections.abc import Sequence
from random import Random
from typing import Final, Protocol

_PUBLISH: Final = 3
_LENGTH_BYTES: Final = 4
"""A packet's length takes this many bytes at most (MQTT 5, 1.5.5)."""

_LAST: Final = 64
"""Damage falls into the last bytes of a packet: into what was published, and not into where."""

TOGETHER: Final = 4
"""How many messages wait for each other before they go on in another order."""


def split(stream: bytes) -> tuple[list[bytes], bytes]:
    """The whole packets at the start of a stream, and what is left of it."""
    packets: list[bytes] = []
    while (size := _size(stream)) is not None and len(stream) >= size:
        packets.append(stream[:size])
        stream = stream[size:]
    return packets, stream


def _size(stream: bytes) -> int | None:
    """The size of the first packet, header included; None while that cannot be told."""
    length = 0
    for place, byte in enumerate(stream[1 : 1 + _LENGTH_BYTES]):
        length |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return 2 + place + length
    return None


def is_message(packet: bytes) -> bool:
    """Whether a packet publishes something."""
    return packet[0] >> 4 == _PUBLISH


class Mischief(Protocol):
    """Something that is done to messages on their way."""

    def meet(self, message: bytes) -> Sequence[bytes]:
        """What goes on now in place of a message."""
        ...

    def rest(self) -> Sequence[bytes]:
        """What was held back."""
        ...


class Honesty:
    """Every message goes on as it is."""

    def meet(self, message: bytes) -> Sequence[bytes]:
        """The message."""
        return (message,)

    def rest(self) -> Sequence[bytes]:
        """Nothing is held back."""
        return ()


class Doubling:
    """Every other message, by chance, goes on two or three times."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.count = 0

    def meet(self, message: bytes) -> Sequence[bytes]:
        """The message, once or more often."""
        more = self._chance.choice((0, 0, 1, 2))
        self.count += more
        return [message] * (1 + more)

    def rest(self) -> Sequence[bytes]:
        """Nothing is held back."""
        return ()


class Shuffling:
    """Messages wait for each other, and go on in another order."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._held: list[bytes] = []
        self.count = 0

    def meet(self, message: bytes) -> Sequence[bytes]:
        """Nothing, or all that waited."""
        self._held.append(message)
        return self.rest() if len(self._held) >= TOGETHER else ()

    def rest(self) -> Sequence[bytes]:
        """All that waited, shuffled."""
        held, self._held = self._held, []
        self.count += len(held)
        self._chance.shuffle(held)
        return held


class Damaging:
    """One bit of every other message, by chance, is another when it goes on."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.count = 0

    def meet(self, message: bytes) -> Sequence[bytes]:
        """The message, or one that differs from it in a bit."""
        if self._chance.random() < 0.5:
            return [message]
        self.count += 1
        damaged = bytearray(message)
        damaged[-1 - self._chance.randrange(min(_LAST, len(message) // 2))] ^= 1 << self._chance.randrange(8)
        return [bytes(damaged)]

    def rest(self) -> Sequence[bytes]:
        """Nothing is held back."""
        return ()
