"""The gateways' keys out of the records store, remembered for a moment."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import select

from monitor_api.ingest.opening import Origin
from monitor_api.records.database import Database
from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from vocabulary.identity import ClinicId, GatewayId

REMEMBERED_S: Final = 2.0
"""How long an answer is used again: a key that is retired opens nothing after that."""


class StoredKeyring:
    """Keys from the records store. `monotonic` gives seconds for the age of what is remembered."""

    def __init__(self, database: Database, wrap: KeyWrap, monotonic: Callable[[], float]) -> None:
        self._database, self._wrap, self._monotonic = database, wrap, monotonic
        self._remembered: dict[tuple[GatewayId, int], tuple[float, Origin | None]] = {}

    def origin(self, gateway: GatewayId, key_id: int) -> Origin | None:
        """The gateway with that key; None when there is no such gateway or the key is unknown or retired."""
        now = self._monotonic()
        until, origin = self._remembered.get((gateway, key_id), (0.0, None))
        if now >= until:
            if len(self._remembered) > 100_000:
                self._remembered.clear()
            origin = self._look_up(gateway, key_id)
            self._remembered[gateway, key_id] = (now + REMEMBERED_S, origin)
        return origin

    def clinic(self, gateway: GatewayId) -> ClinicId | None:
        """Whose a gateway is; None when there is no such gateway."""
        with self._database.read() as session:
            found = session.scalar(select(GatewayRow.clinic_id).where(GatewayRow.id == gateway))
        return None if found is None else ClinicId(found)

    def _look_up(self, gateway: GatewayId, key_id: int) -> Origin | None:
        query = (
            select(GatewayRow.clinic_id, GatewayKeyRow.wrapped)
            .join(GatewayKeyRow, GatewayKeyRow.gateway_id == GatewayRow.id)
            .where(GatewayRow.id == gateway, GatewayKeyRow.key_id == key_id, GatewayKeyRow.retired_at.is_(None))
        )
        with self._database.read() as session:
            found = session.execute(query).one_or_none()
        if found is None:
            return None
        return Origin(gateway=gateway, clinic=ClinicId(found[0]), key=self._wrap.unwrap(gateway, key_id, found[1]))
