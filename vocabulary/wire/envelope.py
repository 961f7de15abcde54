"""The envelope of a batch: a 22-byte header, the sealed body, a 16-byte tag.

    u8 wire version | u8 algorithm | u32 key id | u64 epoch | u64 number     big-endian

Rules, kept here:
- The header and the topic are authenticated with the body: a batch cannot be moved to another gateway.
- The nonce is the number; number and sealed bytes are stored before the first byte is sent, and an epoch is
  drawn at random at every opening of an outbox. So no nonce is used twice under one key.
- Nothing is decompressed beyond the limit of a body.
"""

import struct
import zlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from vocabulary.errors import BodyError, EnvelopeError, SealError
from vocabulary.wire.limits import BATCH_BYTES, BODY_BYTES

VERSION: Final = 1
"""What is sealed now. The one before it is read, too: gateways are upgraded after the service, and drain old rows."""

AES_256_GCM: Final = 1
COMPRESSED: Final = 0x80

_HEADER: Final = struct.Struct(">BBIQQ")
_LAYOUTS: Final = {1: _HEADER}
"""How the headers of the versions that are read are laid out: this one, and the one before it once there is one."""

_TAG_BYTES: Final = 16


class Header(Struct, frozen=True, kw_only=True, gc=False):
    """Who sealed a batch, and which one it is: its name is `(gateway, epoch, number)`."""

    key_id: int
    epoch: int
    number: int
    compressed: bool = False

    def pack(self) -> bytes:
        """The 22 bytes."""
        algorithm = AES_256_GCM | (COMPRESSED if self.compressed else 0)
        return _HEADER.pack(VERSION, algorithm, self.key_id, self.epoch, self.number)


def read_header(sealed: bytes) -> Header:
    """Read the header of a sealed batch without opening it. Raises EnvelopeError."""
    if not _HEADER.size + _TAG_BYTES <= len(sealed) <= BATCH_BYTES:
        raise EnvelopeError("envelope", f"{len(sealed)} bytes, expected {_HEADER.size + _TAG_BYTES} to {BATCH_BYTES}")
    layout = _LAYOUTS.get(sealed[0])
    if layout is None:
        raise EnvelopeError("envelope.version", f"{sealed[0]}, this service reads {', '.join(map(str, _LAYOUTS))}")
    _, algorithm, key_id, epoch, number = layout.unpack_from(sealed)
    if algorithm & ~COMPRESSED != AES_256_GCM:
        raise EnvelopeError("envelope.algorithm", f"{algorithm:#04x} is unknown")
    return Header(key_id=key_id, epoch=epoch, number=number, compressed=bool(algorithm & COMPRESSED))


def claimed_key_id(sealed: bytes) -> int:
    """The key that a sealed batch names, if it is one; nothing is checked."""
    return int.from_bytes(sealed[2:6], "big")


def tag_of(sealed: bytes) -> str:
    """The first 8 bytes of a sealed batch's tag in hex: what a receipt names beside its number."""
    return sealed[-_TAG_BYTES:][:8].hex()


def seal(body: bytes, header: Header, cipher: AESGCM, topic: str) -> bytes:
    """Seal a body for one topic; compresses it when the header says so."""
    packed = header.pack()
    text = zlib.compress(body) if header.compressed else body
    return packed + cipher.encrypt(_nonce(header), text, topic.encode() + packed)


def unseal(sealed: bytes, header: Header, cipher: AESGCM, topic: str) -> bytes:
    """Open a sealed batch and give its body. Raises SealError, BodyError."""
    try:
        text = cipher.decrypt(_nonce(header), sealed[_HEADER.size :], topic.encode() + sealed[: _HEADER.size])
    except InvalidTag:
        raise SealError("envelope.tag", "the seal does not hold for this key, topic and header") from None
    return _decompress(text) if header.compressed else _within_limit(text)


def _nonce(header: Header) -> bytes:
    return bytes(4) + header.number.to_bytes(8, "big")


def _decompress(text: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(text, BODY_BYTES + 1)
    except zlib.error as error:
        raise BodyError("body", f"not zlib: {error}") from error
    if len(body) <= BODY_BYTES and not inflater.eof:
        raise BodyError("body", "the zlib stream is cut short")
    return _within_limit(body)


def _within_limit(body: bytes) -> bytes:
    if len(body) > BODY_BYTES:
        raise BodyError("body", f"more than {BODY_BYTES} bytes")
    return body
