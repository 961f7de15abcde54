"""A service on disk, somebody who asks, a dispatcher, and a gateway that opens what comes."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from monitor_api.app import Stores
from monitor_api.clock import Clocks, Moment
from monitor_api.orders.asking import Asking
from monitor_api.orders.dispatcher import Dispatcher
from monitor_api.orders.sending import Sealed, Seals
from monitor_api.records.database import Database
from monitor_api.records.devices import DeviceRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.signing import Signatures
from monitor_api.records.trail import Actor, ActorKind
from tests.service import CLINIC, GATEWAY, KEY, SECRET, UID, FakeBroker, Sealer, found, open_service, worker_of
from vocabulary.wire.batches import Item
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.orders import Order, open_order, read_order_header
from vocabulary.wire.topics import order_topic

DR_WEISS = Actor(kind=ActorKind.USER, id=UUID(int=9))


@dataclass
class FakeLine:
    """Keeps what is published."""

    published: list[Sealed] = field(default_factory=list)
    connected: bool = True
    listens: bool = True

    def publish(self, order: Sealed) -> None:
        self.published.append(order)

    def numbers(self) -> list[int]:
        return [read_order_header(one.payload).number for one in self.published]

    def orders(self, gateway=GATEWAY, key: GatewayKey = KEY) -> list[Order]:
        """What that gateway reads, in the order it came."""
        topic = order_topic(gateway)
        return [open_order(one.payload, key.order_cipher(), topic) for one in self.published if one.topic == topic]


class Desk:
    """Time stands still until a test moves it."""

    def __init__(self, directory: Path, *, founded: bool = False) -> None:
        self.directory, self.keys = directory, directory / "keys"
        self.stores: Stores = open_service(directory)
        if not founded:
            self._found()
        self.now = datetime.now(UTC)
        self.line = FakeLine()
        self.dispatcher = self.another()
        self._sealer = Sealer()

    def _found(self) -> None:
        found(self.stores)
        with self.stores.database.write() as session:
            session.get_one(DeviceRow, (CLINIC, UID)).modality = "rf"

    def another(self, kind: type[Dispatcher] = Dispatcher, database: Database | None = None) -> Dispatcher:
        """One more dispatcher, on the same stores and clock."""
        clocks = Clocks(civil=lambda: self.now, wall=lambda: self.now)
        seals = Seals(wrap=KeyWrap(SECRET), signatures=Signatures(self.keys))
        return kind(database or self.stores.database, seals, clocks)

    def ask(self, what, *about, reason: str = "", actor: Actor = DR_WEISS):
        """Ask something by one of the functions of `asking`; gives the wish's id in hex."""
        with self.stores.database.write() as session:
            asking = Asking(
                session=session,
                clinic=CLINIC,
                device=UID,
                actor=actor,
                reason=reason,
                now=Moment(civil=self.now, real=self.now),
            )
            return what(asking, *about).id.hex

    def dispatch(self) -> list[Order]:
        """One round of the dispatcher's; what reached the gateway in it."""
        self.line = replace(self.line, published=[])
        self.dispatcher.send_due(self.line)
        return self.line.orders()

    def later(self, **wait) -> "Desk":
        self.now += timedelta(**wait)
        return self

    def report(self, *items: Item) -> None:
        """What the home sends up."""
        worker_of(self.stores, self.directory).handle([self._sealer.batch(*items)], FakeBroker(), lambda _: True)

    def close(self) -> None:
        self.stores.close()
