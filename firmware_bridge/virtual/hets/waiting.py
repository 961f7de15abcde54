"""The cool-down: a wait on the device's own ticks, of which power can take no more than the last minute."""

from dataclasses import dataclass
from datetime import timedelta

from firmware_bridge.virtual.hets.lockouts import MINUTE
from firmware_bridge.virtual.hets.memory import NonVolatile


@dataclass(slots=True)
class CoolDown:
    """Counts `memory.cool_down_left` down, storing it once a minute; only time under power counts."""

    memory: NonVolatile
    stored_at: timedelta

    def begin(self, now: timedelta, lasting: timedelta) -> None:
        """Wait from now on."""
        self.memory.cool_down_left, self.stored_at = lasting, now

    def left(self, now: timedelta) -> timedelta:
        """What is still to wait."""
        return max(self.memory.cool_down_left - (now - self.stored_at), timedelta(0))

    def store(self, now: timedelta) -> None:
        """Write the whole minutes that have passed."""
        if not self.memory.cool_down_left:
            return
        passed = (now - self.stored_at) // MINUTE * MINUTE
        self.memory.cool_down_left = max(self.memory.cool_down_left - passed, timedelta(0))
        self.stored_at += passed
