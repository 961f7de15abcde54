"""The way down over real brokers: from a physician's POST to an order that the gateway opens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Self

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from monitor_api.clock import Clocks
from monitor_api.http.policy import Role
from monitor_api.orders.dispatcher import Dispatcher
from monitor_api.orders.line import BrokerLine
from monitor_api.orders.sending import Seals
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.signing import Signatures
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.line.brokers import BROKERS, Broker, running_broker
from tests.monitor_api.http.tenants import SECRET
from tests.monitor_api.http.world import World
from tests.service import open_service
from vocabulary.settings import BrokerSettings
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.orders import Order, Stop, open_order, read_order_header

GATEWAY, KEY = "home-a", GatewayKey(1, SECRET)
ACCOUNTS = {"ingest": "secret-of-ingest", GATEWAY: "secret-of-the-gateway"}


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with running_broker(request.param, tmp_path, ACCOUNTS) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A clinic whose device is held: its home has that order to get."""
    stores = open_service(tmp_path)
    made = World(stores.database, stores.telemetry, tmp_path)
    made.fill()
    yield made
    made.close()


def real_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def dispatching(broker: Broker, world: World, name: str = "1") -> Iterator[None]:
    """A dispatcher in a thread of its own."""
    told = BrokerSettings(
        host="127.0.0.1",
        port=broker.port,
        username="ingest",
        password=ACCOUNTS["ingest"],
        tls=False,
        embedded=broker.embedded,
    )
    seals = Seals(wrap=KeyWrap(SECRET), signatures=Signatures(None))
    dispatcher = Dispatcher(world.database, seals, Clocks(civil=real_now, wall=real_now))
    line, stop, ready = BrokerLine(told, name, dispatcher.states), Event(), Event()
    line.start(ready.set)
    assert ready.wait(10)
    thread = Thread(target=dispatcher.run, args=(line, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        line.stop()


class Home:
    """A gateway that keeps the orders it gets, and when."""

    def __init__(self, broker: Broker, boot: int = 1) -> None:
        self._boot = boot
        self.orders: list[Order] = []
        self.numbers: list[int] = []
        self.heard_at: list[float] = []
        self.listens = Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, GATEWAY, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(GATEWAY, ACCOUNTS[GATEWAY])
        self._client.on_message = self._take
        self._client.on_connect = self._born
        self._client.on_subscribe = lambda *_: self.listens.set()
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        assert self.listens.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _born(self, client, *_: object) -> None:
        birth = msgspec.json.encode({"online": True, "boot": self._boot, "software": "a test"})
        client.subscribe(f"het/v1/gw/{GATEWAY}/order", qos=1)
        client.publish(f"het/v1/gw/{GATEWAY}/state", birth, retain=True)

    def _take(self, _client, _data, message) -> None:
        self.heard_at.append(monotonic())
        self.numbers.append(read_order_header(message.payload).number)
        self.orders.append(open_order(message.payload, KEY.order_cipher(), message.topic))


async def stop_device(world: World) -> float:
    """A physician's POST; gives when it was sent."""
    world.hands.civil = world.hands.wall = real_now()
    physician = world.browser(Role.PHYSICIAN).http
    sent_at = monotonic()
    answer = await physician.post(f"/api/v1/devices/{world.a.device}/stop", json={"reason": "too warm"})
    assert answer.status_code == 201
    return sent_at


@in_a_loop
async def test_a_stop_is_at_the_gateway_within_a_second_of_the_post(broker: Broker, world: World):
    with dispatching(broker, world), Home(broker) as home:
        took = []
        for many in range(1, 6):
            sent_at = await stop_device(world)
            await until(lambda many=many: len(stops(home)) >= many)
            took.append(home.heard_at[-1] - sent_at)
        print(f"{broker.__class__.__name__}: a stop took {min(took) * 1000:.0f} to {max(took) * 1000:.0f} ms")  # noqa: T201
        assert max(took) < 1


def stops(home: Home) -> set[str]:
    return {order.wish for order in home.orders if isinstance(order, Stop)}


@in_a_loop
async def test_what_is_wanted_goes_again_when_the_gateway_is_born(broker: Broker, world: World):
    with dispatching(broker, world):
        await stop_device(world)
        for boot in (1, 2):
            with Home(broker, boot) as home:
                await until(lambda home=home: {type(order).__name__ for order in home.orders} == {"Stop", "Desired"})


@in_a_loop
async def test_two_dispatchers_send_no_number_twice(broker: Broker, world: World):
    with dispatching(broker, world, "1"), dispatching(broker, world, "2"), Home(broker) as home:
        for _ in range(10):
            await stop_device(world)
        await until(lambda: len(stops(home)) == 10)
    assert len(set(home.numbers)) == len(home.numbers)


@in_a_loop
async def test_a_broker_that_died_and_forgot_costs_only_the_time_it_was_away(broker: Broker, world: World):
    with dispatching(broker, world), Home(broker) as home:
        broker.kill()
        await stop_device(world)
        broker.start()
        await until(lambda: len(stops(home)) == 1, seconds=15)
