"""Segmentation: how a record crosses a link whose frames are shorter (device profile, Segments)."""

from collections.abc import Iterator
from typing import Final

OVERHEAD: Final = 4
"""Of the MTU: three bytes of ATT and the segment header."""


def segments(message: bytes, mtu: int) -> Iterator[bytes]:
    """Cut a message. A header has bit 0 on the first, bit 1 on the last, and a counter from 0 in bits 2 to 7."""
    size = mtu - OVERHEAD
    last = max(len(message) - 1, 0) // size
    for number in range(last + 1):
        header = (number == 0) | (number == last) << 1 | (number & 0x3F) << 2
        yield bytes((header,)) + message[number * size : (number + 1) * size]
