"""The gateways' keys out of the records store, remembered for a moment."""

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import select

from monitor_api.errors import KeyUnreadable
from monitor_api.ingest.opening import Origin
from monitor_api.records.database import Database
from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from vocabulary.identity import ClinicId, GatewayId

REMEMBERED_S: Final = 2.0
"""How long an answer is used again: a key that is retired opens nothing after that."""


AT_ONCE: Final = 500
"""Gateways looked up in one statement: a store takes only so many parameters."""

KeyName = tuple[GatewayId, int]
"""A gateway, and the number of one of its keys."""


class StoredKeyring:
    """Keys from the records store. `monotonic` gives seconds for the age of what is remembered."""

    def __init__(self, database: Database, wrap: KeyWrap, monotonic: Callable[[], float]) -> None:
        self._database, self._wrap, self._monotonic = database, wrap, monotonic
        self._remembered: dict[KeyName, tuple[float, Origin | None]] = {}
        # The same wrapped key is the same key, however often it is looked up.
        self._origin = lru_cache(maxsize=16384)(self._unwrap)

    def expect(self, names: Collection[KeyName]) -> None:
        """Look up at once what `origin` will be asked for, that half the time is left to ask."""
        now = self._monotonic()
        soon = now + REMEMBERED_S / 2
        waiting = iter([name for name in names if soon >= self._remembered.get(name, _NEVER)[0]])
        while some := list(islice(waiting, AT_ONCE)):
            self._look_up(some, now + REMEMBERED_S)

    def origin(self, gateway: GatewayId, key_id: int) -> Origin | None:
        """The gateway with that key; None when there is no such gateway or the key is unknown or retired."""
        name, now = (gateway, key_id), self._monotonic()
        until, origin = self._remembered.get(name, _NEVER)
        if now < until:
            return origin
        self._look_up([name], now + REMEMBERED_S)
        until, origin = self._remembered.get(name, _NEVER)
        if not until:
            raise KeyUnreadable(gateway, key_id)
        return origin

    def clinic(self, gateway: GatewayId) -> ClinicId | None:
        """Whose a gateway is; None when there is no such gateway."""
        with self._database.read() as session:
            found = session.scalar(select(GatewayRow.clinic_id).where(GatewayRow.id == gateway))
        return None if found is None else ClinicId(found)

    def _look_up(self, names: Collection[KeyName], until: float) -> None:
        """Remember what there is under these names; of a key that cannot be read, nothing."""
        if len(self._remembered) > 100_000:
            self._remembered.clear()
        self._remembered |= dict.fromkeys(names, (until, None))
        for name, clinic, wrapped in self._stored({gateway for gateway, _ in names}):
            if name in self._remembered:
                try:
                    self._remembered[name] = (until, self._origin(*name, clinic, wrapped))
                except KeyUnreadable:
                    del self._remembered[name]

    def _stored(self, gateways: Collection[GatewayId]) -> Iterator[tuple[KeyName, UUID, bytes]]:
        row = GatewayKeyRow
        query = (
            select(row.gateway_id, row.key_id, GatewayRow.clinic_id, row.wrapped)
            .join(GatewayRow, row.gateway_id == GatewayRow.id)
            .where(GatewayRow.id.in_(gateways), row.retired_at.is_(None))
        )
        with self._database.read() as session:
            for gateway, key_id, clinic, wrapped in session.execute(query):
                yield (GatewayId(gateway), key_id), clinic, wrapped

    def _unwrap(self, gateway: GatewayId, key_id: int, clinic: UUID, wrapped: bytes) -> Origin:
        return Origin(gateway=gateway, clinic=ClinicId(clinic), key=self._wrap.unwrap(gateway, key_id, wrapped))


_NEVER: Final[tuple[float, Origin | None]] = (0.0, None)
