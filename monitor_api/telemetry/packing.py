"""A stretch as bytes: how it lies on a disk, and what tells it from another under the same number."""

from hashlib import blake2b
from typing import Any

import msgspec

from monitor_api.telemetry.series import Stretch
from vocabulary.devices import DeviceState, Zone
from vocabulary.wire.batches import SampleBlock

# State, zone, and the columns by name. msgpack keeps integers small and nulls apart from zeros.
_Content = tuple[DeviceState, Zone | None, dict[str, tuple[Any, ...]]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Content).decode


def pack(stretch: Stretch) -> bytes:
    """All of a stretch but its number."""
    return _encode((stretch.state, stretch.zone, stretch.columns))


def pack_block(block: SampleBlock) -> bytes:
    """The same bytes for a block as for the stretch of its samples: the columns that are there, by name."""
    return _encode((block.state, block.zone, block.columns))


def unpack(first: int, content: bytes) -> Stretch:
    """The stretch from sample number `first` on, out of its content."""
    state, zone, columns = _decode(content)
    return Stretch(first=first, state=state, zone=zone, columns=columns)


def digest(content: bytes) -> bytes:
    """Tells contents apart."""
    return blake2b(content, digest_size=8).digest()
