"""Follow one device's sessions: which session a frame belongs to, which samples were lost, what to tell the service.

    waiting ──sample──▶ running ──sample of another session──▶ running
                        running ──record──▶ waiting

Rules, kept here:
- A sample is named by device, session counter and sample number; arrival decides nothing.
- A sample that comes again is dropped; a number that is skipped is a gap at once, for live samples cannot be
  asked for again.
- A HETS device produces a sample for each second of a session, so its record says how many there were: what is
  missing at the end is a gap when the record comes, and what comes after it is in that gap.
- A record that is read anew says nothing new of samples: each was stored or in a gap when it came first.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from gateway.sessions.kept import NOTHING_KEPT, Kept
from gateway.sessions.numbers import whole_counter, whole_sequence
from vocabulary.devices import DeviceDescription, Mark
from vocabulary.readings import Reading, SessionRecord
from vocabulary.wire.batches import (
    COLUMN_NAMES,
    Columns,
    Gap,
    Item,
    ReportedMark,
    SampleBlock,
    SeenDevice,
    StoredRecord,
)

OPEN_SESSIONS: Final = 64
"""Sessions without a record that are remembered: as many as a device keeps unacknowledged records."""


class SampleName(NamedTuple):
    """What names a sample on its device."""

    counter: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a session has been followed: the number of the sample that comes next."""

    counter: int
    next_sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What the gateway remembers of one device: what it is, its newest record, the sessions without a record yet.

    `kept`: the records that came. `former`: those that had come before the device was to be read anew.
    """

    description: DeviceDescription
    newest: int
    progress: tuple[Progress, ...]
    kept: Kept = NOTHING_KEPT
    former: Kept = NOTHING_KEPT


Step = tuple[Followed, tuple[Item, ...]]
"""What is remembered after an event, and what goes to the outbox."""


def on_mark(followed: Followed, mark: Mark, at: datetime) -> Step:
    """The device reported its state."""
    item = ReportedMark(
        device=followed.description.device,
        at=at,
        state=mark.state,
        newest=mark.newest,
        timeline=mark.timeline,
        lockout=mark.lockout,
        faults=list(mark.faults),
        battery_percent=mark.battery_percent,
    )
    return replace(followed, newest=mark.newest), (item,)


def on_reading(followed: Followed, reading: Reading, at: datetime) -> Step:
    """A live frame came."""
    counter = reading.counter or whole_counter(reading.counter_low, followed.newest)
    if counter in followed.kept:
        return followed, ()
    expected = _next_sample(followed, counter)
    number = whole_sequence(reading.sequence_low, expected)
    if number < expected:
        return followed, ()
    sample = _block(followed.description, SampleName(counter, number), reading, at)
    return _after(followed, sample), (*_gap(followed, counter, expected, number), sample)


def on_record(
    followed: Followed, record: SessionRecord, data: bytes, at: datetime, *, oldest: int | None = None
) -> Step:
    """A record came; `data` are its bytes as the device gave them. One that is on disk already is no news.

    `oldest`: the counter of the oldest record that the device holds for us; None when all older ones came before.
    """
    kept = followed.kept.begun_at(record.counter if oldest is None else oldest)
    if not kept.takes(record.counter):
        return replace(followed, kept=kept), ()
    produced = int(record.elapsed.total_seconds())
    missing = (
        ()
        if _is_accounted_for(followed, record.counter)
        else _gap(followed, record.counter, _next_sample(followed, record.counter), produced)
    )
    item = keep(followed.description, data, at)
    open_still = tuple(one for one in followed.progress if one.counter != record.counter)
    newest, kept = max(followed.newest, record.counter), kept.adding(record.counter)
    return replace(followed, newest=newest, progress=open_still, kept=kept), (*missing, item)


def keep(description: DeviceDescription, data: bytes, at: datetime) -> StoredRecord:
    """A record as the device gave it, whatever it says."""
    return StoredRecord(
        device=description.device, family=description.family, data=data, received_at=at, epoch=description.epoch
    )


def introduce(description: DeviceDescription) -> SeenDevice:
    """What the device says it is."""
    return SeenDevice(
        device=description.device,
        family=description.family,
        modality=description.modality,
        model=description.model,
        serial=description.serial,
        firmware=description.firmware,
        features=list(description.features),
    )


def _next_sample(followed: Followed, counter: int) -> int:
    return next((one.next_sample for one in followed.progress if one.counter == counter), 0)


def _is_accounted_for(followed: Followed, counter: int) -> bool:
    """Whether a session's record came before the device was to be read anew, and no sample of it since."""
    return counter in followed.former and all(one.counter != counter for one in followed.progress)


def _after(followed: Followed, sample: SampleBlock) -> Followed:
    others = tuple(one for one in followed.progress if one.counter != sample.counter)
    progress = Progress(counter=sample.counter, next_sample=sample.first + 1)
    return replace(followed, progress=(*others, progress)[-OPEN_SESSIONS:])


def _gap(followed: Followed, counter: int, expected: int, found: int) -> tuple[Gap, ...]:
    if found <= expected:
        return ()
    description = followed.description
    return (Gap(device=description.device, counter=counter, first=expected, last=found - 1, epoch=description.epoch),)


def _block(description: DeviceDescription, name: SampleName, reading: Reading, at: datetime) -> SampleBlock:
    """One sample as a block of columns of length one; what the device does not give is no column."""
    measured = {column: getattr(reading.measurement, column) for column in COLUMN_NAMES}
    return SampleBlock(
        device=description.device,
        counter=name.counter,
        modality=description.modality,
        state=reading.state,
        zone=reading.zone,
        first=name.number,
        received_at=at,
        columns=Columns(**{column: [value] for column, value in measured.items() if value is not None}),
        epoch=description.epoch,
    )
