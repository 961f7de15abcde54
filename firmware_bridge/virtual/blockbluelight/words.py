"""The panel's words: requests found in what a host writes, and replies to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Word(IntEnum):
    """Every request that was seen in the wild; of the last three only that there is a reply."""

    STATUS = 0x10
    POWER = 0x20
    TIMER = 0x31
    BRIGHTNESS = 0x40
    CHANNEL = 0x41
    FLICKER = 0x42
    PRESET_NAME = 0x74
    UNKNOWN = 0x75


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its word, known or not, and what comes with it."""

    word: int
    content: bytes


_ASK: Final = 0x3A
_TELL: Final = 0x2A
_ONE: Final = 0x01
_STOP: Final = 0x0A


def requests(written: bytes) -> Iterator[Request]:
    """The requests in one write; bytes between them are skipped, and an unfinished one is not waited for."""
    start = 0
    while start + 7 <= len(written):
        length = written[start + 3] << 8 | written[start + 4]
        end = start + 7 + length
        if _is_request(written[start:end], length):
            yield Request(written[start + 2], written[start + 5 : end - 2])
            start = end
        else:
            start += 1


def reply(word: int, content: bytes) -> bytes:
    """What the panel notifies in answer to a request."""
    body = [_ONE, word, len(content) >> 8, len(content) & 0xFF, *content]
    return bytes([_TELL, *body, sum(body) % 256, _STOP])


def _is_request(octets: bytes, length: int) -> bool:
    if len(octets) != 7 + length or (octets[0], octets[1], octets[-1]) != (_ASK, _ONE, _STOP):
        return False
    return sum(octets[1:-2]) % 256 == octets[-2]
