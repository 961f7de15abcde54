"""What a gateway is told."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from vocabulary.identity import GatewayId, gateway_id
from vocabulary.settings import BrokerSettings, Key, Settings, key_bytes
from vocabulary.wire.keys import GatewayKey


class RadioSettings(Settings):
    """The Bluetooth adapter to use (such as "hci0"); the system's first one when it is not set.

    `slots`: links it holds at once; devices beyond that take turns.
    """

    adapter: str | None = None
    slots: Annotated[int, Field(ge=1, le=32)] = 5


class OutboxSettings(Settings):
    """How much the outbox may hold, and for how long; beyond either, samples go first, the oldest of them before."""

    bound_mib: Annotated[int, Field(ge=16, le=65536)] = 256
    bound_days: Annotated[int, Field(ge=1, le=366)] = 30


class GatewaySettings(Settings):
    """What a gateway needs: who it is, where it keeps its outbox, its key, and the uplink broker.

    `id`, `key_id` and `key` are what `lumenward gateway enrol` registered with the clinic. `home`: the broker that the
    Wi-Fi devices of this home publish to; none unless set. `calibrations`: a directory of calibration files, for
    products that report no irradiance.
    """

    PREFIX: ClassVar[str] = "LUMENWARD_GATEWAY_"

    id: Annotated[GatewayId, AfterValidator(gateway_id)]
    data: Path
    key_id: Annotated[int, Field(ge=1, le=2**32 - 1)]
    key: Key
    uplink: BrokerSettings
    home: BrokerSettings | None = None
    calibrations: Path | None = None
    radio: RadioSettings = RadioSettings()
    outbox: OutboxSettings = OutboxSettings()

    @property
    def gateway_key(self) -> GatewayKey:
        """The key as the wire wants it."""
        return GatewayKey(self.key_id, key_bytes(self.key))

    @property
    def outbox_file(self) -> Path:
        """The file of the outbox."""
        return self.data / "outbox.sqlite"
