"""An order: what the service wants of one device, sealed for one gateway.

    u8 wire version | u8 algorithm | u32 key id | u64 order number | 12 random bytes     big-endian

Rules, kept here:
- The header and the topic are authenticated with the body: an order cannot be moved to another gateway.
- The number rises with every order to a gateway, and a gateway takes none that does not: an order cannot be played
  again.
- An order names the state that is wanted, so taking it twice does nothing twice.
"""

import secrets
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta, Struct

from vocabulary.errors import BodyError, EnvelopeError, SealError
from vocabulary.quantities import Unit
from vocabulary.wire.envelope import AES_256_GCM, VERSION
from vocabulary.wire.limits import ORDER_BYTES

_HEADER: Final = struct.Struct(">BBIQ12s")
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16

PERMIT_BYTES: Final = 512
"""A permit: opaque here, signed for the device itself (device profile, Prescription)."""

Uid = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Wish = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
"""What somebody asked for, by its id (a UUID in hex); every report of what came of it names it."""

Instant = Annotated[datetime, Meta(tz=True)]
Positive = Annotated[float, Meta(gt=0, le=1e7)]
NotNegative = Annotated[float, Meta(ge=0, le=1e7)]


class Stop(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="stop"):
    """Have a device stop now; not tried any more after `until`."""

    device: Uid
    wish: Wish
    until: Instant


class Hold(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """No session is to run; `until` None: until the hold is lifted."""

    until: Instant | None = None


class GuardLimits(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The limits of `clinical.regimen.Limits` that the gateway itself holds sessions to, and whose they are."""

    regimen: Wish
    version: Annotated[int, Meta(ge=1)]
    skin_grace_s: NotNegative
    contact_grace_s: NotNegative
    duration_s: Positive | None = None
    dose: Positive | None = None
    dose_unit: Unit | None = None
    skin_celsius: Positive | None = None


class Desired(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag="desired"):
    """The whole state that the service wants of a device; one of a higher revision takes the place of any before."""

    device: Uid
    wish: Wish
    revision: Annotated[int, Meta(ge=1)]
    hold: Hold | None = None
    limits: GuardLimits | None = None
    permit: Annotated[bytes, Meta(min_length=1, max_length=PERMIT_BYTES)] | None = None


Order = Stop | Desired

_decoder = msgspec.json.Decoder(Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeader:
    """Under which key an order is sealed, and its number."""

    key_id: int
    number: int


def seal_order(order: Order, header: OrderHeader, cipher: AESGCM, topic: str) -> bytes:
    """The bytes of an order; `cipher` is the order cipher of the key that the header names."""
    return seal_order_text(msgspec.json.encode(order), header, cipher, topic, nonce=secrets.token_bytes(_NONCE_BYTES))


def seal_order_text(text: bytes, header: OrderHeader, cipher: AESGCM, topic: str, *, nonce: bytes) -> bytes:
    """Seal a body that is encoded already, under 12 bytes that are never used again."""
    packed = _HEADER.pack(VERSION, AES_256_GCM, header.key_id, header.number, nonce)
    return packed + cipher.encrypt(nonce, text, topic.encode() + packed)


def read_order_header(sealed: bytes) -> OrderHeader:
    """The header of a sealed order, before its seal is checked. Raises EnvelopeError."""
    if not _HEADER.size + _TAG_BYTES < len(sealed) <= ORDER_BYTES:
        raise EnvelopeError("order", f"{len(sealed)} bytes, expected {_HEADER.size + _TAG_BYTES + 1} to {ORDER_BYTES}")
    version, algorithm, key_id, number, _ = _HEADER.unpack_from(sealed)
    if version != VERSION:
        raise EnvelopeError("order.version", f"{version}, this gateway reads {VERSION}")
    if algorithm != AES_256_GCM:
        raise EnvelopeError("order.algorithm", f"{algorithm:#04x} is unknown")
    return OrderHeader(key_id=key_id, number=number)


def open_order(sealed: bytes, cipher: AESGCM, topic: str) -> Order:
    """Check and decode an order. Raises EnvelopeError, SealError, BodyError."""
    text = open_order_text(sealed, cipher, topic)
    try:
        order: Order = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError("order", str(error)) from error
    return order


def open_order_text(sealed: bytes, cipher: AESGCM, topic: str) -> bytes:
    """Check an order and give its body. Raises EnvelopeError, SealError."""
    read_order_header(sealed)
    packed, secret = sealed[: _HEADER.size], sealed[_HEADER.size :]
    try:
        return cipher.decrypt(packed[-_NONCE_BYTES:], secret, topic.encode() + packed)
    except InvalidTag:
        raise SealError("order", "the seal does not hold for this key, topic and header") from None
