"""How the air of a room behaves, as data: whoever only describes a home needs no radio for it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSettings:
    """How the air of a room behaves; `connection_interval` None sends at once and without end."""

    supervision_timeout: timedelta = timedelta(seconds=0.72)
    connection_interval: timedelta | None = timedelta(milliseconds=30)
    packets_per_event: int = 6
    advertisement_loss: float = 0.0
    rssi_dbm: int = -60
