"""What the device watches for while it emits: the end of the plan, and what must end it sooner."""

from dataclasses import dataclass
from typing import Final

from firmware_bridge.virtual.hets.clock import SECOND
from firmware_bridge.virtual.hets.codes import EndReason, Fault
from firmware_bridge.virtual.hets.products import Limits
from firmware_bridge.virtual.hets.session import Session
from firmware_bridge.virtual.physics.sensing import Sensed

CONTACT_LOST_AFTER_S: Final = 3
"""Seconds without contact that make a fault of it; a gliding head loses it for one or two."""

LONGEST_RECORD_S: Final = 0xFFFF
"""What a record can count, pauses included."""


@dataclass(slots=True)
class Watch:
    """The limits of one unit: its cut-off has a tolerance, and may have failed; so may its ear for a remote stop."""

    limits: Limits
    cut_off_celsius: float
    cut_off_works: bool = True
    remote_stop_works: bool = True

    def trips(self, sensed: Sensed) -> bool:
        """Whether the cut-off ends emission now."""
        return self.cut_off_works and sensed.skin_celsius >= self.cut_off_celsius

    def note_faults(self, session: Session, sensed: Sensed) -> None:
        """Add to the session what is wrong this second."""
        limits = self.limits
        if limits.contact_patience is not None and session.untouched_s > CONTACT_LOST_AFTER_S:
            session.faults.add(Fault.CONTACT_LOST)
        if limits.dry_ohm is not None and sensed.impedance_ohm is not None and sensed.impedance_ohm > limits.dry_ohm:
            session.faults.add(Fault.IMPEDANCE)
        if self.trips(sensed):
            session.faults.add(Fault.OVER_TEMPERATURE)

    def end_of(self, session: Session, battery_percent: int) -> EndReason | None:
        """Why the session ends with this second, or None to go on."""
        limits = self.limits
        if Fault.OVER_TEMPERATURE in session.faults:
            return EndReason.OVER_TEMPERATURE
        if session.remaining_s <= 0:
            return EndReason.DONE
        if battery_percent < limits.battery_to_go_on_percent:
            return EndReason.BATTERY
        if limits.contact_patience is not None and session.untouched_s * SECOND >= limits.contact_patience:
            return EndReason.CONTACT
        too_long = session.paused_s * SECOND >= limits.pause_patience or session.elapsed_s >= LONGEST_RECORD_S
        return EndReason.LIMIT if too_long else None
