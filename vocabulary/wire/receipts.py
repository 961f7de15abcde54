"""A receipt: which batches of an epoch the service has stored, and which it refuses and why.

UTF-8 JSON followed by 32 bytes of HMAC-SHA-256 over it.
"""

import hmac
from datetime import datetime
from typing import Annotated, Final

import msgspec

from vocabulary.errors import BodyError, EnvelopeError, SealError
from vocabulary.wire.limits import ITEMS, REASON, RECEIPT_BYTES

_MAC_BYTES: Final = 32

Number = Annotated[int, msgspec.Meta(ge=0)]
Tag = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
Reason = Annotated[str, msgspec.Meta(max_length=REASON)]


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Batches of one epoch (16 hex digits), each named by number and tag; `at` is the service's time."""

    epoch: Tag
    taken: Annotated[list[tuple[Number, Tag]], msgspec.Meta(max_length=ITEMS)] = []
    refused: Annotated[list[tuple[Number, Tag, Reason]], msgspec.Meta(max_length=ITEMS)] = []
    at: Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(Receipt)


def seal_receipt(receipt: Receipt, key: bytes) -> bytes:
    """The bytes of a receipt under the receipt key of its epoch."""
    body = msgspec.json.encode(receipt)
    return body + hmac.digest(key, body, "sha256")


def read_epoch(sealed: bytes) -> int:
    """The epoch that a receipt claims to be for, before its seal is checked. Raises EnvelopeError, BodyError."""
    return int(_decode(sealed).epoch, 16)


def open_receipt(sealed: bytes, key: bytes) -> Receipt:
    """Check and decode a receipt. Raises EnvelopeError, SealError, BodyError."""
    body, mac = sealed[:-_MAC_BYTES], sealed[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, hmac.digest(key, body, "sha256")):
        raise SealError("receipt", "the authenticator does not hold for this key")
    return _decode(sealed)


def _decode(sealed: bytes) -> Receipt:
    if not _MAC_BYTES < len(sealed) <= RECEIPT_BYTES:
        raise EnvelopeError("receipt", f"{len(sealed)} bytes, expected {_MAC_BYTES + 1} to {RECEIPT_BYTES}")
    try:
        return _decoder.decode(sealed[:-_MAC_BYTES])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError("receipt", str(error)) from error
