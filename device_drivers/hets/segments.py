"""Segments: how a message longer than one notification travels (device profile, Segments)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from device_drivers.errors import FrameRefused

_HEADER_BYTES: Final = 1
_FIRST: Final = 1
_LAST: Final = 2
MESSAGE_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Partial:
    """What has arrived of a message, and the counter of the segment that must follow."""

    text: bytes
    follows: int


def join(partial: Partial | None, segment: bytes) -> tuple[Partial | None, bytes | None]:
    """Add a segment: what is partial now, and the message if this segment completed it.

    A first segment discards what was partial. Raises FrameRefused for a gap, a segment without a first one and
    a message over the limit; the partial message is then void.
    """
    if not segment:
        raise FrameRefused("segment", "length", "no header")
    header, text = segment[0], segment[1:]
    counter = header >> 2
    if header & _FIRST:
        partial = Partial(b"", counter)
    if partial is None:
        raise FrameRefused("segment", "first", f"segment {counter} belongs to no message that began")
    if counter != partial.follows:
        raise FrameRefused("segment", "counter", f"{counter}, expected {partial.follows}")
    whole = partial.text + text
    if len(whole) > MESSAGE_BYTES:
        raise FrameRefused("segment", "message", f"over {MESSAGE_BYTES} bytes")
    return (None, whole) if header & _LAST else (Partial(whole, (counter + 1) & 0x3F), None)


def split(message: bytes, payload: int) -> Iterator[bytes]:
    """The segments of a message, for a link that carries so many bytes in one write (its MTU less 3)."""
    room = payload - _HEADER_BYTES
    for number, start in enumerate(range(0, len(message), room)):
        first = _FIRST if start == 0 else 0
        last = _LAST if start + room >= len(message) else 0
        yield bytes([(number & 0x3F) << 2 | last | first]) + message[start : start + room]
