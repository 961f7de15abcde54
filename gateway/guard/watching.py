"""What the guard knows of one device, from what the gateway heard of it: which session runs, and what that one broke.

Rules, kept here:
- Counters rise and a device runs one session at a time: the highest runs, and samples of no other count. A session
  that has a record is over.
- A device whose newest record is an older one than before has a new memory, and counts anew.
- Samples come as they are made. Those of a burst were held up on the way, and what they show may be long over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from clinical.facts import SAMPLE
from clinical.guard import Breach, Guarded, GuardSample, begin_guard, guard_step
from clinical.regimen import Limits
from device_drivers.errors import DriverError
from device_drivers.families import family
from vocabulary.devices import DeviceState, Modality
from vocabulary.identity import DeviceUid, SessionId, session_id
from vocabulary.wire.batches import Item, ReportedMark, SampleBlock, StoredRecord

AHEAD: Final = timedelta(seconds=0.5)
"""How much sooner a sample may come after the one before than the device made it,"""

LATE: Final = timedelta(seconds=2)
"""or how much later, and still be of the moment."""

LimitsFor = Callable[[DeviceUid, Modality], Limits]
"""What the sessions of a device are held to now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A session that runs: its newest sample, when that came, and whether it came in step with the one before."""

    counter: int
    newest: int
    heard_at: datetime
    in_step: bool
    guarded: Guarded
    breaches: tuple[Breach, ...]


class DeviceWatch:
    """One device.

    `emitting`: by its own last word; `current`: whether it was within reach since. `running`: its session, None while
    no sample of one has come. `heard` counts what was heard.
    """

    def __init__(self, device: DeviceUid, limits_for: LimitsFor) -> None:
        self.device, self._limits_for = device, limits_for
        self.emitting, self.current, self.heard = False, False, 0
        self.running: Running | None = None
        self.epoch: str | None = None
        self._over = 0

    @property
    def counter(self) -> int:
        """The session that runs, as far as is known: until its first sample, the one after those that are over."""
        return self.running.counter if self.running else self._over + 1

    def show(self, item: Item) -> None:
        """Something was heard of the device."""
        match item:
            case ReportedMark():
                self._mark(item)
            case SampleBlock() if item.counter >= self.counter:
                self._samples(item)
            case StoredRecord():
                self._record(item)
            case _:
                pass

    def stopped(self) -> None:
        """The device says that it does not emit any more."""
        self.emitting = False

    def lost(self) -> None:
        """The device is out of reach: what it does now is not known until it is heard again."""
        self.current = False

    def _mark(self, mark: ReportedMark) -> None:
        if mark.newest < self._over:
            self._over, self.running = 0, None
        self._end(mark.newest)
        self._say(mark.state)

    def _samples(self, block: SampleBlock) -> None:
        self.epoch = block.epoch
        before = self.running if self.running and self.running.counter == block.counter else None
        self.running = _after(before, block, self._limits_for(self.device, block.modality))
        self._say(block.state)

    def _record(self, record: StoredRecord) -> None:
        self.epoch = record.epoch
        try:
            counter = family(record.family).read_record(record.data).counter
        except DriverError:
            return
        if counter >= self.counter:
            self.emitting = False
        self._end(counter)

    def _end(self, upto: int) -> None:
        """Sessions up to this one are over."""
        self._over = max(self._over, upto)
        if self.running and self.running.counter <= upto:
            self.running = None

    def _say(self, state: DeviceState) -> None:
        self.emitting, self.current = state is DeviceState.EMITTING, True
        self.heard += 1


def _after(before: Running | None, block: SampleBlock, limits: Limits) -> Running:
    """The session with these samples, the first ones for `before` None."""
    guarded = before.guarded if before else begin_guard(_id(block), block.modality)
    breaches = list(before.breaches if before else ())
    for sample in _each(block):
        guarded, new = guard_step(guarded, sample, limits)
        breaches += new
    return Running(
        counter=block.counter,
        newest=block.first + block.count - 1,
        heard_at=block.received_at,
        in_step=_in_step(before, block),
        guarded=guarded,
        breaches=tuple(breaches),
    )


def _id(block: SampleBlock) -> SessionId:
    return session_id(DeviceUid(block.device), block.counter, block.epoch)


def _in_step(before: Running | None, block: SampleBlock) -> bool:
    """Whether as much time passed here since the sample before as on the device."""
    newest = block.first + block.count - 1
    if before is None:
        return newest == 0
    behind = block.received_at - before.heard_at - (newest - before.newest) * SAMPLE
    return -AHEAD <= behind <= LATE


def _each(block: SampleBlock) -> Iterator[GuardSample]:
    columns, count = block.columns, block.count
    skins = columns.skin_celsius or [None] * count
    doses = columns.fluence_j_per_cm2 or columns.rf_energy_j or [None] * count
    for index, (skin, dose) in enumerate(zip(skins, doses, strict=True)):
        yield GuardSample(
            number=block.first + index,
            state=block.state,
            signs=columns.signs[index],
            active=columns.active_s[index] * SAMPLE,
            dose=dose,
            skin_celsius=skin,
        )
