"""A checksum before everything stored: what a dying card changed is noticed before anybody uses it."""

import zlib

from gateway.errors import ItemUnfit

_BYTES = 4


def summed(content: bytes, *named: object) -> bytes:
    """The content behind its CRC-32, which covers what the row is `named` too."""
    return _sum(content, named) + content


def checked(stored: bytes, *named: object) -> bytes:
    """The content that `summed` was given. Raises ItemUnfit."""
    content = stored[_BYTES:]
    if stored[:_BYTES] != _sum(content, named):
        raise ItemUnfit(str(named[0]), "its checksum does not hold")
    return content


def _sum(content: bytes, named: tuple[object, ...]) -> bytes:
    return zlib.crc32(repr(named).encode(), zlib.crc32(content)).to_bytes(_BYTES, "big")
