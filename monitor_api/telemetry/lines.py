"""Sample blocks as InfluxDB's line protocol, a line a sample, and back from the rows of a query: exact both ways.

Rules, kept here:
- Tags are clinic and device. A session is a field: it would make a series of its own as a tag.
- A field has one type for ever: quantities that are counted are integers, those that are measured are floats, and a
  quantity that is null has no field.
- The field `block` says which block a sample came in (first number, columns, digest), so that a block comes back whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count, groupby
from operator import itemgetter
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
    columns = sum(1 << COLUMN_NAMES.index(name) for name in stretch.columns)
    zone = f',zone="{stretch.zone}"' if stretch.zone else ""
    block = f"{stretch.first}.{columns:x}.{hashed.hex()}"
    return f'session="{key.session}",block="{block}",state="{stretch.state}"{zone}'


def _samples(head: str, stretch: Stretch, times: range) -> Iterator[str]:
    columns = [_fields(name, column) for name, column in stretch.columns.items()]
    for number, at, *fields in zip(count(stretch.first), times, *columns, strict=False):
        yield f"{head},sequence={number}i{''.join(fields)} {at}"


def _fields(name: str, column: Column) -> list[str]:
    if name in COUNTED:
        return ["" if value is None else f",{name}={value}i" for value in column]
    return ["" if value is None else f",{name}={float(value)!r}" for value in column]


def stretches(rows: Iterable[Row]) -> tuple[Stretch, ...]:
    """The blocks that samples of one session came in, by first number and digest.

    A block of which some samples are missing, which is one that was not acknowledged, comes in its parts. A reader
    may see some fields of a point that is just being written, and not the others: such a point is not there yet.
    """
    blocks: dict[str, dict[int, Row]] = {}
    for row in rows:
        if all(row.get(name) for name in ("block", "sequence", "state")):
            blocks.setdefault(row["block"], {})[int(row["sequence"])] = row
    return tuple(part for block in sorted(blocks, key=_order) for part in _parts(block, blocks[block]))


def _order(block: str) -> tuple[int, bytes]:
    first, _, hashed = block.split(".")
    return int(first), bytes.fromhex(hashed)


def _parts(block: str, samples: Mapping[int, Row]) -> Iterator[Stretch]:
    present = int(block.split(".")[1], 16)
    names = [name for bit, name in enumerate(COLUMN_NAMES) if present >> bit & 1]
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
