"""What each gateway is told: one receipt for each epoch of each gateway in a group."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from monitor_api.ingest.opening import Opened, Origin, Refused
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


@dataclass(slots=True)
class _Results:
    taken: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    refused: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])


def receipts(results: Iterable[Opened | Refused], now: datetime) -> Iterator[Message]:
    """Sealed receipts, made now, for what was taken and refused; none where no key is known to seal one with."""
    by_epoch: defaultdict[tuple[Origin, int], _Results] = defaultdict(_Results)
    for result in results:
        if result.origin is None or result.header is None:
            continue
        told = by_epoch[result.origin, result.header.epoch]
        if isinstance(result, Opened):
            told.taken.append((result.header.number, result.tag))
        else:
            told.refused.append((result.header.number, result.tag, str(result.refusal)[:REASON]))
    for (origin, epoch), told in by_epoch.items():
        yield from _messages(origin, epoch, told, now)


def _messages(origin: Origin, epoch: int, told: _Results, now: datetime) -> Iterator[Message]:
    key, name, topic = origin.key.receipt_key(epoch), f"{epoch:016x}", receipt_topic(origin.gateway)
    for start in range(0, len(told.taken), _TAKEN):
        taken = told.taken[start : start + _TAKEN]
        yield Message(topic, seal_receipt(Receipt(epoch=name, taken=taken, at=now), key))
    for start in range(0, len(told.refused), _REFUSED):
        refused = told.refused[start : start + _REFUSED]
        yield Message(topic, seal_receipt(Receipt(epoch=name, refused=refused, at=now), key))
