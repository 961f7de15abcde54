"""Sample blocks as InfluxDB's line protocol, a line a sample, and back from the rows of a query: exact both ways.

Rules, kept here:
- Tags are clinic and device. A session is a field: it would make a series of its own as a tag.
- A field has one type for ever: quantities that are counted are integers, those that are measured are floats, and a
  quantity that is null has no field.
- The field `block` says which block a sample came in (first number, which fields, digest) and which of these fields the
  sample lacks, so that a block comes back whole, and a point that is only partly visible is known for one.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import compress, count, groupby
from operator import itemgetter, not_
from typing import Any, Final

from monitor_api.telemetry import axis
from monitor_api.telemetry.packing import digest, pack
from monitor_api.telemetry.series import Column, SeriesKey, Stretch
from vocabulary.devices import DeviceState, Zone
from vocabulary.wire.batches import COLUMN_NAMES, SampleBlock

SAMPLE: Final = "sample"
"""The measurement of samples."""

NOTE: Final = "session"
"""The measurement of notes: which hours of a device hold a session."""

COUNTED: Final = frozenset({"active_s", "remaining_s", "signs", "battery_percent"})
"""Quantities that are integers; the others are floats."""

MEASURED: Final = tuple(name for name in COLUMN_NAMES if name != "signs")
"""Quantities of which a mean says something."""

Row = Mapping[str, str]
"""A sample as a query gives it: texts by field, empty where there is none."""

_OPTIONAL: Final = ("zone", *COLUMN_NAMES)
"""The fields that a block may have or not; a bit each, from the lowest on."""

_Block = tuple[int, bytes, int]
"""First number, digest, fields: in this order blocks are assembled."""


def lines(blocks: Iterable[tuple[SeriesKey, SampleBlock]]) -> Iterator[str]:
    """The lines of some blocks, and of the notes by which their sessions are found."""
    noted: set[str] = set()
    for key, block in blocks:
        stretch = Stretch.of(block)
        hashed = digest(pack(stretch))
        tags, times = f"clinic={key.clinic},device={block.device}", axis.times(key, block, hashed)
        yield from _samples(f"{SAMPLE},{tags} {_identity(key, stretch, hashed)}", stretch, times)
        noted.update(f'{NOTE},{tags} id="{key.session}" {at}' for at in axis.notes(key, times))
    yield from noted


def _identity(key: SeriesKey, stretch: Stretch, hashed: bytes) -> str:
    """All that is the same in each sample; the block comes last, for what a sample lacks is said behind it."""
    fields = _bits([*stretch.columns, *(("zone",) if stretch.zone else ())])
    zone = f',zone="{stretch.zone}"' if stretch.zone else ""
    block = f"{stretch.first}.{fields:x}.{hashed.hex()}"
    return f'session="{key.session}",state="{stretch.state}"{zone},block="{block}'


def _bits(names: Iterable[str]) -> int:
    return sum(1 << _OPTIONAL.index(name) for name in names)


def _names(bits: int) -> list[str]:
    return [name for bit, name in enumerate(_OPTIONAL) if bits >> bit & 1]


def _samples(head: str, stretch: Stretch, times: range) -> Iterator[str]:
    columns = [_fields(name, column) for name, column in stretch.columns.items()]
    for number, at, *fields in zip(count(stretch.first), times, *columns, strict=False):
        lacks = "" if all(fields) else f".{_bits(compress(stretch.columns, map(not_, fields))):x}"
        yield f'{head}{lacks}",sequence={number}i{"".join(fields)} {at}'


def _fields(name: str, column: Column) -> list[str]:
    if name in COUNTED:
        return ["" if value is None else f",{name}={value}i" for value in column]
    return ["" if value is None else f",{name}={float(value)!r}" for value in column]


def stretches(rows: Iterable[Row]) -> tuple[Stretch, ...]:
    """The blocks that samples of one session came in, by first number and digest.

    A block of which some samples are missing, which is one that was not acknowledged, comes in its parts. A reader
    may see some fields of a point that is just being written, and not the others: such a point is not there yet.
    """
    blocks: dict[_Block, dict[int, Row]] = {}
    known: dict[str, tuple[_Block, list[str]]] = {}
    for row in rows:
        text = row.get("block")
        if not text:
            continue
        block, needed = known.get(text) or known.setdefault(text, _block(text))
        if all(map(row.get, needed)):
            blocks.setdefault(block, {})[int(row["sequence"])] = row
    return tuple(part for block in sorted(blocks) for part in _parts(block, blocks[block]))


def _block(text: str) -> tuple[_Block, list[str]]:
    """A block, and the fields that the samples which say this of it have."""
    first, fields, hashed, *lacks = text.split(".")
    bits = int(fields, 16)
    needed = bits & ~int(lacks[0], 16) if lacks else bits
    return (int(first), bytes.fromhex(hashed), bits), ["sequence", "state", *_names(needed)]


def _parts(block: _Block, samples: Mapping[int, Row]) -> Iterator[Stretch]:
    names = [name for name in _names(block[2]) if name != "zone"]
    numbered = enumerate(sorted(samples.items(), key=itemgetter(0)))
    for _, run in groupby(numbered, key=lambda one: one[1][0] - one[0]):
        part = [sample for _, sample in run]
        yield _stretch(part[0][0], [row for _, row in part], names)


def _stretch(first: int, rows: list[Row], names: list[str]) -> Stretch:
    return Stretch(
        first=first,
        state=DeviceState(rows[0]["state"]),
        zone=Zone(rows[0]["zone"]) if rows[0].get("zone") else None,
        columns={name: _column(name, rows) for name in names},
    )


def _column(name: str, rows: list[Row]) -> Column:
    read: Any = int if name in COUNTED else float
    return tuple(read(text) if (text := row.get(name)) else None for row in rows)
