"""A service that seals orders for one gateway, for tests of the way down."""

from itertools import count

from gateway.clock import passed
from gateway.orders.book import OrderBook
from tests.gateway.commands import NOON, UID
from vocabulary.identity import GatewayId
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.orders import Desired, OrderHeader, Stop, seal_order
from vocabulary.wire.topics import order_topic

GATEWAY = GatewayId("gw-01")
KEY = GatewayKey(7, bytes(range(32)))
_numbers = count(1)


def book(tmp_path, now=lambda: NOON, passed=passed):
    return OrderBook(tmp_path / "orders", GATEWAY, KEY, now, passed=passed)


def sealed(order, *, number=None, key=KEY, gateway=GATEWAY):
    """An order as the broker brings it; numbers rise by themselves."""
    header = OrderHeader(key_id=key.id, number=next(_numbers) if number is None else number)
    return seal_order(order, header, key.order_cipher(), order_topic(gateway))


def wish(number):
    return f"{number:032x}"


def stop(until, *, number=1):
    return Stop(device=UID, wish=wish(number), until=until)


def desired(revision=1, *, device=UID, **state):
    return Desired(device=device, wish=wish(1000 + revision), revision=revision, **state)
