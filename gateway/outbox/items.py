"""Items, blocks of samples and memories as bytes on the gateway's own disk."""

import zlib
from typing import Final

import msgspec

from gateway.errors import ItemUnfit
from gateway.sessions.entries import Memory
from vocabulary.wire.batches import (
    Gap,
    GuardStop,
    Incident,
    Item,
    LinkStatus,
    ReportedMark,
    ReportedOrder,
    SampleBlock,
    SeenAnchor,
    SeenClock,
    SeenDevice,
    StoredRecord,
)

_KINDS: Final[tuple[type[Item], ...]] = (
    SeenDevice,
    SeenAnchor,
    ReportedMark,
    SampleBlock,
    Gap,
    StoredRecord,
    LinkStatus,
    SeenClock,
    ReportedOrder,
    GuardStop,
    Incident,
)
_DECODERS: Final = {kind.__name__: msgspec.msgpack.Decoder(kind) for kind in _KINDS}
_encoder: Final = msgspec.msgpack.Encoder()
_block_encoder: Final = msgspec.json.Encoder()
_block_decoder: Final = msgspec.json.Decoder(SampleBlock)
_BLOCK_WORDS: Final = (
    b'"epoch":"0000000000000000","modality":"rf","state":"paused","modality":"led","state":"emitting",'
    b'"rf_power_w":[8.0,8.01],"rf_energy_j":[100.0,108.0,116.0],"impedance_ohm":[200.0,201.0,199.0],'
    b'"irradiance_mw_per_cm2":[30.0,30.1,29.9],"fluence_j_per_cm2":[0.01,0.02],'
    b'"skin_celsius":[40.01,39.98,33.02,32.99],"battery_percent":[100,100,80,80]},'
    b'{"device":"0000000000000000","counter":1,"modality":"led","state":"emitting","first":0,'
    b'"received_at":"2026-01-01T00:00:00.000000Z",'
    b'"columns":{"active_s":[1,2,3,4],"remaining_s":[600,599,598],"signs":[1,1,1,1,1,1,1,1],'
)
"""What blocks have in common, for zlib; another one is another format of the file."""

_memory_decoder: Final = msgspec.msgpack.Decoder(Memory)


def dump_item(item: Item) -> tuple[str, bytes]:
    """The item's kind and content. Raises ItemUnfit: nobody looks at an item when it is made."""
    kind = type(item).__name__
    try:
        content = _encoder.encode(item)
    except (OverflowError, TypeError) as error:
        raise ItemUnfit(kind, str(error)) from error
    load_item(kind, content)
    return kind, content


def load_item(kind: str, content: bytes) -> Item:
    """The item that `dump_item` dumped. Raises ItemUnfit."""
    try:
        return _DECODERS[kind].decode(content)
    except KeyError:
        raise ItemUnfit(kind, "no item is called so") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ItemUnfit(kind, str(error)) from error


def dump_block(block: SampleBlock) -> bytes:
    """A block for a long wait: JSON compresses better than what is binary, for its figures have few digits."""
    packer = zlib.compressobj(level=9, zdict=_BLOCK_WORDS)
    return packer.compress(_block_encoder.encode(block)) + packer.flush()


def load_block(content: bytes) -> SampleBlock:
    """The block that `dump_block` dumped."""
    return _block_decoder.decode(zlib.decompressobj(zdict=_BLOCK_WORDS).decompress(content))


def dump_memory(memory: Memory) -> tuple[str, bytes]:
    """The device and the content."""
    return memory.device, _encoder.encode(memory)


def load_memory(content: bytes) -> Memory:
    """The memory that `dump_memory` dumped. Raises ItemUnfit."""
    try:
        return _memory_decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ItemUnfit(Memory.__name__, str(error)) from error
