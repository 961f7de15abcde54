"""A session under way, as the device keeps it second by second."""

from dataclasses import dataclass, field

from firmware_bridge.virtual.hets.codes import EndReason, Fault, Modality, RecordFlag, Zone
from firmware_bridge.virtual.hets.records import Record, Stamp
from firmware_bridge.virtual.physics.sensing import Sensed


@dataclass(slots=True, kw_only=True)
class Session:
    """What has happened so far; `elapsed_s` seconds have each produced one sample.

    Level and dose in the unit of the modality. It lives in non-volatile memory, so that a loss of power takes
    only what the current second would have added.
    """

    counter: int
    program: int
    zones: tuple[Zone, ...]
    planned_s: int
    level: float
    start: Stamp
    continues: bool
    active_s: int = 0
    elapsed_s: int = 0
    paused: bool = False
    paused_s: int = 0
    pauses: int = 0
    untouched_s: int = 0
    dose: float = 0.0
    peak_level: float = 0.0
    highest_skin_celsius: float | None = None
    impedance_sum_ohm: float = 0.0
    impedance_count: int = 0
    synced: bool = False
    faults: set[Fault] = field(default_factory=set[Fault])

    @property
    def zone(self) -> Zone:
        """Where it emits now: each zone has an equal share of the planned time."""
        return self.zones[min(self.active_s * len(self.zones) // self.planned_s, len(self.zones) - 1)]

    @property
    def remaining_s(self) -> int:
        """Emission left of the plan."""
        return self.planned_s - self.active_s

    def add(self, sensed: Sensed) -> None:
        """Count one second."""
        self.elapsed_s += 1
        if self.paused:
            self.paused_s += 1
        else:
            self.active_s += 1
            self.untouched_s = 0 if sensed.contact else self.untouched_s + 1
        self.dose += sensed.dose
        self.peak_level = max(self.peak_level, sensed.level)
        hottest = self.highest_skin_celsius
        self.highest_skin_celsius = sensed.skin_celsius if hottest is None else max(hottest, sensed.skin_celsius)
        if sensed.impedance_ohm is not None:
            self.impedance_sum_ohm += sensed.impedance_ohm
            self.impedance_count += 1

    def pause(self) -> None:
        """Stop emitting for a while."""
        self.paused, self.paused_s, self.pauses = True, 0, min(self.pauses + 1, 0xFF)

    def record(self, reason: EndReason, modality: Modality, firmware: int, previous_crc: int) -> Record:
        """The account of it, now that it has ended."""
        return Record(
            flags=self._flags(reason),
            counter=self.counter,
            start=self.start,
            modality=modality,
            program=self.program,
            zones=self.zones,
            planned_s=self.planned_s,
            active_s=self.active_s,
            elapsed_s=self.elapsed_s,
            end_reason=reason,
            pauses=self.pauses,
            dose=self.dose,
            peak_level=self.peak_level,
            highest_skin_celsius=self.highest_skin_celsius,
            impedance_ohm=self.impedance_sum_ohm / self.impedance_count if self.impedance_count else None,
            prescription=0,
            firmware=firmware,
            faults=frozenset(self.faults),
            previous_crc=previous_crc,
        )

    def _flags(self, reason: EndReason) -> frozenset[RecordFlag]:
        told = {
            RecordFlag.UTC: self.start.utc,
            RecordFlag.SYNCED: self.synced,
            RecordFlag.ABORTED: reason is not EndReason.DONE,
            RecordFlag.FAULT: bool(self.faults),
            RecordFlag.CONTINUED: self.continues,
        }
        return frozenset(flag for flag, holds in told.items() if holds)
