"""The uplink over real brokers: everything in the outbox arrives, once, whatever the broker forgets."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from threading import Event, Thread

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.entries import Entry
from gateway.uplink import Pace, Uplink
from monitor_api.ingest.subscriber import Subscriber
from monitor_api.records.devices import BatchRow, QuarantineRow
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.outboxes import DEAF
from tests.line.brokers import BROKERS, running_broker
from tests.service import GATEWAY, KEY, found, key_of, open_service, rf_device, rf_samples, rows, worker_of
from vocabulary.settings import BrokerSettings

ACCOUNTS = {"ingest": "secret-of-ingest", GATEWAY: "secret-of-the-gateway", "gw-02": "secret-of-another"}


@pytest.fixture(params=BROKERS)
def broker(request, tmp_path):
    with running_broker(request.param, tmp_path, ACCOUNTS) as running:
        yield running


def told(broker, name):
    return BrokerSettings(
        host="127.0.0.1",
        port=broker.port,
        username=name,
        password=ACCOUNTS[name],
        tls=False,
        embedded=broker.embedded,
    )


class Ingest:
    """An ingest worker in a thread of its own."""

    def __init__(self, broker, directory, name="1", subscriber=Subscriber):
        self.stores = open_service(directory)
        self.worker = worker_of(self.stores, directory)
        self.subscriber = subscriber(told(broker, "ingest"), name, self.worker.arrivals)
        self.stop, self.listening = Event(), Event()
        self.thread = Thread(target=self.worker.run, args=(self.subscriber, self.stop), daemon=True)

    def __enter__(self):
        self.subscriber.start(self.listening.set)
        self.thread.start()
        assert self.listening.wait(10)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.subscriber.stop()
        self.stores.close()


@asynccontextmanager
async def sending(broker, directory):
    """A gateway without a radio: its outbox's writer, while its uplink runs."""
    outbox = Outbox(directory / "outbox.sqlite", GATEWAY, KEY, now)
    uplink = Uplink(GATEWAY, KEY, told(broker, GATEWAY), receivers=DEAF, pace=Pace(random=lambda: 0.5, resend_s=2))
    writer = OutboxWriter(outbox, uplink.wake)
    writer.start()
    running = asyncio.ensure_future(uplink.run(writer))
    try:
        yield writer
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await writer.stop()


def now():
    return datetime.now(UTC)


async def arrived(writer, seconds=40):
    """Wait until nothing is left in the outbox that has no receipt."""
    async with asyncio.timeout(seconds):
        while await writer.ask(_something_left):  # noqa: ASYNC110 - the outbox has no event
            await asyncio.sleep(0.05)


def _something_left(outbox: Outbox) -> bool:
    counts = outbox.counts()
    return bool(counts.get("waiting") or counts.get("blocks") or outbox.pending)


@pytest.fixture
def directory(tmp_path):
    stores = open_service(tmp_path)
    found(stores)
    stores.close()
    return tmp_path


@in_a_loop
async def test_what_is_put_arrives_and_leaves_the_outbox_on_its_receipt(broker, directory):
    with Ingest(broker, directory) as ingest:
        async with sending(broker, directory) as writer:
            await writer.put(Entry(items=(rf_device(), *(rf_samples(first) for first in range(0, 300, 10)))))
            await arrived(writer)
        assert ingest.stores.telemetry.series(key_of()).sequence() == tuple(range(300))


@in_a_loop
async def test_what_was_put_before_anybody_listened_arrives_when_somebody_does(broker, directory):
    async with sending(broker, directory) as writer:
        await writer.put(Entry(items=(rf_samples(0),)))
        await asyncio.sleep(1)
        with Ingest(broker, directory) as ingest:
            await arrived(writer)
            assert ingest.stores.telemetry.series(key_of()).count == 10


@pytest.mark.timeout(90)
@in_a_loop
async def test_a_broker_that_dies_and_forgets_everything_costs_nothing(broker, directory):
    with Ingest(broker, directory) as ingest:
        async with sending(broker, directory) as writer:
            for first in range(0, 200, 10):
                await writer.put(Entry(items=(rf_samples(first),)))
                if first == 100:
                    broker.kill()
                    broker.start()
            await arrived(writer, seconds=60)
        series = ingest.stores.telemetry.series(key_of())
        assert (series.count, series.clashes) == (200, 0)
        assert rows(ingest.stores, QuarantineRow) == []


@in_a_loop
async def test_two_workers_on_one_subscription_take_each_batch_once(broker, directory):
    with Ingest(broker, directory, "1") as ingest, Ingest(broker, directory, "2"):
        async with sending(broker, directory) as writer:
            for first in range(0, 400, 10):
                await writer.put(Entry(items=(rf_samples(first),)))
            await arrived(writer)
            sealed = (await writer.ask(Outbox.counts))["taken"]
        assert len(rows(ingest.stores, BatchRow)) == sealed
        assert ingest.stores.telemetry.series(key_of()).count == 400


@pytest.mark.parametrize("broker", ["embedded"], indirect=True)
@in_a_loop
async def test_the_birth_is_retained_and_the_goodbye_takes_its_place(broker, directory):
    states, watcher = [], client(broker, "ingest", "watcher")
    watcher.on_message = lambda _c, _d, message: states.append(msgspec.json.decode(message.payload)["online"])
    async with sending(broker, directory) as writer:
        await writer.put(Entry(items=(rf_samples(0),)))
        await asyncio.sleep(0.5)
        watcher.subscribe(f"het/v1/gw/{GATEWAY}/state", qos=1)
        await until(lambda: states == [True])
    await until(lambda: states == [True, False])
    watcher.disconnect()
    watcher.loop_stop()


def client(broker, name, client_id):
    made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
    made.username_pw_set(name, ACCOUNTS[name])
    made.connect("127.0.0.1", broker.port)
    made.loop_start()
    return made


@pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)
@in_a_loop
async def test_with_an_acl_nobody_publishes_in_another_gateways_name(broker, directory):
    other, reasons = client(broker, "gw-02", "gw-02"), []
    other.on_publish = lambda _c, _d, _id, reason, _p: reasons.append(str(reason))
    with Ingest(broker, directory) as ingest:
        other.publish(f"het/v1/gw/{GATEWAY}/batch", b"forged", qos=1)
        await until(lambda: reasons == ["Not authorized"])
        await asyncio.sleep(0.5)
        assert rows(ingest.stores, QuarantineRow) == []
    other.disconnect()
    other.loop_stop()
