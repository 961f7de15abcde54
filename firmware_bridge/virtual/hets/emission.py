"""The emitter: it begins a session, runs it second by second and writes its record."""

from dataclasses import dataclass

from firmware_bridge.virtual.hets.clock import SECOND
from firmware_bridge.virtual.hets.codes import EndReason, LiveFlag, State
from firmware_bridge.virtual.hets.layouts import UNITS, Live
from firmware_bridge.virtual.hets.memory import NonVolatile
from firmware_bridge.virtual.hets.products import Product, Program
from firmware_bridge.virtual.hets.records import Stamp
from firmware_bridge.virtual.hets.session import Session
from firmware_bridge.virtual.hets.watch import Watch
from firmware_bridge.virtual.physics.battery import Battery
from firmware_bridge.virtual.physics.sensing import Physics, Sensed


@dataclass(frozen=True, slots=True)
class Emission:
    """The parts of one unit that take part in a session."""

    product: Product
    physics: Physics
    memory: NonVolatile
    battery: Battery
    watch: Watch

    def begin(self, number: int, program: Program, start: Stamp) -> Session:
        """Store the next counter, then begin."""
        memory = self.memory
        memory.counter += 1
        session = memory.running = Session(
            counter=memory.counter,
            program=number,
            zones=program.zones,
            planned_s=program.planned // SECOND,
            level=program.level,
            start=start,
            continues=memory.cut_short,
        )
        return session

    def second(self, session: Session) -> tuple[Sensed, bytes]:
        """One more second: what was sensed, and the frame that says so."""
        zone = session.zone
        sensed = self.physics.second(0.0 if session.paused else session.level, zone)
        session.add(sensed)
        if not session.paused:
            self.battery.drain(SECOND)
        self.watch.note_faults(session, sensed)
        frame = Live(
            state=State.EMITTING,
            zone=zone,
            sequence=session.elapsed_s - 1,
            counter=session.counter,
            active_s=session.active_s,
            remaining_s=session.remaining_s,
            level=sensed.level,
            skin_celsius=sensed.skin_celsius,
            dose=session.dose,
            impedance_ohm=sensed.impedance_ohm,
            battery_percent=self.battery.percent,
            flags=self._flags(session, sensed),
        )
        return sensed, frame.encode(UNITS[self.product.modality])

    def close(self, session: Session, reason: EndReason) -> bytes:
        """Store the record of a session, after which it is no longer under way."""
        memory, product = self.memory, self.product
        record = session.record(reason, product.modality, product.firmware, memory.records.last_crc).encode()
        memory.records.store(record)
        memory.running, memory.cut_short = None, reason is EndReason.POWER_LOST
        return record

    def _flags(self, session: Session, sensed: Sensed) -> int:
        return (
            sensed.contact << LiveFlag.CONTACT
            | sensed.moving << LiveFlag.MOVING
            | session.paused << LiveFlag.PAUSED
            | self.watch.trips(sensed) << LiveFlag.TRIP
            | 1 << LiveFlag.LEVEL_MEASURED
        )
