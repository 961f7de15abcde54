"""Devices that can be told something, and homes that want something of them, for tests of the way down."""

import asyncio
from datetime import UTC, datetime, timedelta

from vocabulary.devices import DeviceState, Modality
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import Columns, ReportedMark, SampleBlock

UID = DeviceUid("0011223344556677")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Obedient:
    """A device that does what it is told, but for the failures that it is given to begin with."""

    def __init__(self, *failures):
        self.failures, self.stops, self.permits = list(failures), 0, []
        self.told = asyncio.Event()

    async def stop(self):
        self.stops += 1
        self.answer()

    async def permit(self, permit):
        self.permits.append(permit)
        self.answer()

    def answer(self):
        self.told.set()
        if self.failures:
            raise self.failures.pop(0)


class Outlet:
    """Where reports go; `full` stands for a disk that takes none."""

    def __init__(self, *, full=False):
        self.items, self.full = [], full

    async def put(self, entry):
        if self.full:
            await asyncio.Event().wait()
        self.items += entry.items


def rf_sample(number, skin=40.0, *, counter=1, at=None, energy_j=0.0, active_s=None, state=DeviceState.EMITTING):
    """A sample of an RF device as the tracker gives it, a second after the one before unless `at` says otherwise."""
    return SampleBlock(
        device=UID,
        counter=counter,
        modality=Modality.RF,
        state=state,
        first=number,
        received_at=at or NOON + timedelta(seconds=number),
        columns=Columns(
            active_s=[number + 1 if active_s is None else active_s],
            remaining_s=[0],
            signs=[1],
            skin_celsius=[skin],
            rf_energy_j=[energy_j],
        ),
    )


def mark(state=DeviceState.READY, newest=0):
    return ReportedMark(device=UID, at=NOON, state=state, newest=newest, timeline=1)
