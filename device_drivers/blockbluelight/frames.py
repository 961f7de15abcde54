"""Frames: both directions are streams of bytes, which a link cuts and joins as it likes.

    start | 01 | command | length (2, big-endian) | payload | checksum | 0A

A payload may hold any byte, a start or an end too: only length and checksum tell a frame.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Final

from device_drivers.errors import FrameRefused

_FROM_HOST: Final = b"\x3a"
_FROM_PANEL: Final = b"\x2a"
_VERSION: Final = b"\x01"
_END: Final = b"\x0a"
_HEAD: Final = 5
_AROUND: Final = 7
"""Bytes of a frame besides its payload."""

LONGEST_PAYLOAD: Final = 32
"""Replies have up to 7 bytes. A header that claims more than this is none: nobody waits for what it promises."""


class Command(IntEnum):
    """What a request asks for; its reply carries the same number."""

    STATUS = 0x10
    POWER = 0x20
    TIMER = 0x31
    BRIGHTNESS = 0x40


@dataclass(frozen=True, slots=True)
class Frame:
    """One reply of a panel."""

    command: int
    payload: bytes


def parse(rest: bytes, data: bytes) -> tuple[bytes, tuple[Frame, ...]]:
    """Read on where `rest` was left: what is left now (less than the longest frame), and the frames that are whole.

    Where no frame begins, one byte is dropped and the next one tried, so that garbage costs no frame after it.
    """
    stream, at, frames = rest + data, 0, list[Frame]()
    while (at := stream.find(_FROM_PANEL, at)) >= 0:
        size = _claimed(stream[at : at + _HEAD])
        if at + size > len(stream):
            return stream[at:], tuple(frames)
        frame = _checked(stream[at : at + size])
        if frame is not None:
            frames.append(frame)
        at += size if frame is not None else 1
    return b"", tuple(frames)


def abandon(rest: bytes) -> tuple[bytes, tuple[Frame, ...]]:
    """Give up the frame that `rest` begins with, for nothing more of it will come, and look for those behind it."""
    frames: tuple[Frame, ...] = ()
    while rest and not frames:
        rest, frames = parse(rest[1:], b"")
    return rest, frames


def _claimed(head: bytes) -> int:
    """How long a frame that begins so is, at least the head itself; 0 if none does."""
    if not head.startswith((_FROM_PANEL + _VERSION)[: len(head)]):
        return 0
    if len(head) < _HEAD:
        return _HEAD
    length = int.from_bytes(head[3:], "big")
    return _AROUND + length if length <= LONGEST_PAYLOAD else 0


def _checked(frame: bytes) -> Frame | None:
    if frame[-1:] != _END or frame[-2] != _checksum(frame[1:-2]):
        return None
    return Frame(frame[2], frame[_HEAD:-2])


def _checksum(octets: bytes) -> int:
    return sum(octets) & 0xFF


def _request(command: Command, payload: bytes = b"") -> bytes:
    summed = _VERSION + bytes([command]) + len(payload).to_bytes(2, "big") + payload
    return _FROM_HOST + summed + bytes([_checksum(summed)]) + _END


STATUS: Final = _request(Command.STATUS)
BRIGHTNESS: Final = _request(Command.BRIGHTNESS)
POWER_ON: Final = _request(Command.POWER, b"\x01")
POWER_OFF: Final = _request(Command.POWER, b"\x00")


def timer(lasting: timedelta) -> bytes:
    """Set the time from which the next countdown begins. Raises FrameRefused for more seconds than two bytes hold."""
    seconds = lasting // timedelta(seconds=1)
    if not 0 < seconds <= 0xFFFF:
        raise FrameRefused("timer", "seconds", f"{seconds} is outside 1 to 65535")
    return _request(Command.TIMER, seconds.to_bytes(2, "big"))
