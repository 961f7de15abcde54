"""Copy the samples of all sessions from one telemetry store to another, and hold both against each other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest

from monitor_api.errors import CopyDiffers
from monitor_api.records.database import Database
from monitor_api.records.sessions import SessionRow
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import Series, SeriesKey, Stretch
from vocabulary.devices import Modality
from vocabulary.wire.batches import Columns, SampleBlock

Progress = Callable[[float], None]
"""Hears how much is done, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied. `unknown`: sessions that no record names; their batches have no receipt, and come again."""

    sessions: int
    samples: int
    unknown: int


def copy_telemetry(source: Telemetry, target: Telemetry, database: Database, progress: Progress) -> Copied:
    """Copy every session, then read every session back from both. Doing it again changes nothing.

    Raises CopyDiffers at the first session that does not read the same; StoreUnavailable, StoreUnusable.
    """
    copied: list[SeriesKey] = []
    keys = list(source.sessions())
    for done, key in enumerate(keys, start=1):
        row = _row(database, key)
        if row is not None:
            target.append([(key, _block(row, stretch)) for stretch in source.stretches(key)])
            copied.append(key)
        progress(done / len(keys) / 2)
    samples = 0
    for done, key in enumerate(copied, start=1):
        samples += _same(key, source.series(key), target.series(key))
        progress(0.5 + done / len(copied) / 2)
    return Copied(sessions=len(copied), samples=samples, unknown=len(keys) - len(copied))


def _row(database: Database, key: SeriesKey) -> SessionRow | None:
    with database.read() as session:
        return session.get(SessionRow, (key.clinic, key.session))


def _block(row: SessionRow, stretch: Stretch) -> SampleBlock:
    """A stretch as the block that would bring it, received when its last sample was made."""
    columns = Columns(**{name: list(column) for name, column in stretch.columns.items()})
    began = row.started_earliest or row.first_heard_at
    return SampleBlock(
        device=row.device_uid,
        counter=row.counter,
        epoch=row.epoch,
        modality=Modality.LED if columns.rf_energy_j is None else Modality.RF,
        state=stretch.state,
        zone=stretch.zone,
        first=stretch.first,
        received_at=began + timedelta(seconds=stretch.first + stretch.count),
        columns=columns,
    )


def _same(key: SeriesKey, one: Series, other: Series) -> int:
    """How many samples a session has. Raises CopyDiffers."""
    for mine, theirs in zip_longest(one.samples(), other.samples()):
        if mine != theirs:
            raise CopyDiffers(str(key.session), f"sample {(mine or theirs or (0,))[0]} is not the same in both stores")
    if one.clashes != other.clashes:
        raise CopyDiffers(str(key.session), f"{one.clashes} samples clash in one store, {other.clashes} in the other")
    return one.count
