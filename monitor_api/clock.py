"""The one place of this side that asks what time it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from vocabulary.clock import PRESENT, Clock, ClockMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now: in civil time for what things mean, in real time for leases and sendings."""

    civil: datetime
    real: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The two clocks of a process: what time it is for people and rules, and real time for leases and logins."""

    civil: Clock
    wall: Clock

    def moment(self) -> Moment:
        """Now by both."""
        return Moment(civil=self.civil(), real=self.wall())


def wall() -> datetime:
    """Real time."""
    return datetime.now(UTC)


def clocks(environ: Mapping[str, str]) -> Clocks:
    """The clocks of this process: the present, or the map that a demo put into LUMENWARD_CLOCK."""
    text = environ.get("LUMENWARD_CLOCK")
    mapped = ClockMap.load(text) if text else PRESENT
    return Clocks(civil=lambda: mapped.civil(wall()), wall=wall)
