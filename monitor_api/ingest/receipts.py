"""What each gateway is told: one receipt for each epoch of each gateway in a group."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from monitor_api.ingest.opening import Opened, Origin, Refused
from vocabulary.identity import GatewayId
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.limits import REASON
from vocabulary.wire.receipts import Receipt, seal_receipt
from vocabulary.wire.topics import receipt_topic

_TAKEN: Final = 200
_REFUSED: Final = 50
"""In one receipt: 50 of the longest reasons, every character of them escaped, fit into what a gateway reads."""


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes for a topic."""

    topic: str
    payload: bytes


@lru_cache(maxsize=16384)
def _receipt_key(key: GatewayKey, epoch: int) -> bytes:
    return key.receipt_key(epoch)


@dataclass(slots=True)
class _Results:
    origin: Origin
    taken: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    refused: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])


def receipts(results: Iterable[Opened | Refused], now: datetime) -> Iterator[Message]:
    """Sealed receipts, made now, for what was taken and refused; none where no key is known to seal one with."""
    by_epoch: dict[tuple[GatewayId, int, int], _Results] = {}
    for result in results:
        origin, header = result.origin, result.header
        if origin is None or header is None:
            continue
        name = (origin.gateway, header.key_id, header.epoch)
        told = by_epoch.get(name)
        if told is None:
            told = by_epoch[name] = _Results(origin)
        if isinstance(result, Opened):
            told.taken.append((header.number, result.tag))
        else:
            told.refused.append((header.number, result.tag, str(result.refusal)[:REASON]))
    for (_, _, epoch), told in by_epoch.items():
        yield from _messages(told, epoch, now)


def _messages(told: _Results, epoch: int, now: datetime) -> Iterator[Message]:
    key, name, topic = _receipt_key(told.origin.key, epoch), f"{epoch:016x}", receipt_topic(told.origin.gateway)
    for start in range(0, len(told.taken), _TAKEN):
        taken = told.taken[start : start + _TAKEN]
        yield Message(topic, seal_receipt(Receipt(epoch=name, taken=taken, at=now), key))
    for start in range(0, len(told.refused), _REFUSED):
        refused = told.refused[start : start + _REFUSED]
        yield Message(topic, seal_receipt(Receipt(epoch=name, refused=refused, at=now), key))
