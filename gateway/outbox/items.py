"""Items and memories as bytes on the gateway's own disk."""

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


def dump_memory(memory: Memory) -> tuple[str, bytes]:
    """The device and the content."""
    return memory.device, _encoder.encode(memory)


def load_memory(content: bytes) -> Memory:
    """The memory that `dump_memory` dumped. Raises ItemUnfit."""
    try:
        return _memory_decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ItemUnfit(Memory.__name__, str(error)) from error
