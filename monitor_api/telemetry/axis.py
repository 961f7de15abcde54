"""Where samples lie on InfluxDB's time axis, in ns from 1970: the same for the same samples, apart for others.

Rules, kept here:
- A sample lies in the second in which its gateway received it, one second a sample back from the last of its block:
  true enough for charts and retention, and nothing else ever reads it.
- Within the second lies what tells blocks apart: 7 bits of the first sample's number, then a hash of session and
  content. Blocks of one session that follow each other never meet.
- Which hours of which device hold a session is noted beside the samples, on a stretch of the axis where no sample is
  and no retention reaches: 31 bits of the session's id, then 21 bits of the hour.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from monitor_api.telemetry.series import SeriesKey
from vocabulary.wire.batches import SampleBlock

SECOND: Final = 10**9
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SLOTS: Final = 128
_SLOT: Final = SECOND // _SLOTS

_HOUR_BITS: Final = 21
_SESSION_BITS: Final = 31
_NOTES: Final = (datetime(2200, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1) * SECOND
_EARLIEST_HOUR: Final = -366 * 24
"""A block whose gateway believed that it was 1970 may begin before that."""
_SHELVES: Final = 16

Range = tuple[int, int]
"""From one instant to before another."""


def times(key: SeriesKey, block: SampleBlock, digest: bytes) -> range:
    """When each sample of a block is, by the axis."""
    mark = blake2b(key.session.bytes + digest, digest_size=8).digest()
    within = block.first % _SLOTS * _SLOT + int.from_bytes(mark) % _SLOT
    last = (block.received_at - _EPOCH) // timedelta(seconds=1) * SECOND + within
    return range(last - (block.count - 1) * SECOND, last + SECOND, SECOND)


def notes(key: SeriesKey, samples: range) -> Iterator[int]:
    """Where the hours of samples at these times are noted."""
    shelf, _ = notes_of(key)
    for hour in range(samples[0] // HOUR, samples[-1] // HOUR + 1):
        yield shelf + hour - _EARLIEST_HOUR


def notes_of(key: SeriesKey) -> Range:
    """Where all hours of a session are noted."""
    place = int.from_bytes(key.session.bytes) % (1 << _SESSION_BITS)
    return _NOTES + (place << _HOUR_BITS), _NOTES + ((place + 1) << _HOUR_BITS)


def shelves() -> Iterator[Range]:
    """All notes, in parts; those of a session are all in one."""
    step = (1 << (_SESSION_BITS + _HOUR_BITS)) // _SHELVES
    for number in range(_SHELVES):
        yield _NOTES + number * step, _NOTES + (number + 1) * step


def noted(notes_at: Iterable[int]) -> Iterator[Range]:
    """The hours that notes name, joined where one follows another."""
    hours = sorted({(at - _NOTES) % (1 << _HOUR_BITS) + _EARLIEST_HOUR for at in notes_at})
    begin = end = None
    for hour in hours:
        if end is not None and hour == end:
            end = hour + 1
            continue
        if begin is not None and end is not None:
            yield begin * HOUR, end * HOUR
        begin, end = hour, hour + 1
    if begin is not None and end is not None:
        yield begin * HOUR, end * HOUR
