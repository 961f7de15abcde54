"""The uplink when its neighbours fail: an outbox that cannot be used, a broker that acknowledges nothing."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from itertools import count

import pytest
from msgspec.structs import replace

from gateway.errors import OutboxFailed
from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.entries import Entry
from gateway.uplink import Pace, Receivers, Uplink
from tests.firmware_bridge.radio.loops import until
from tests.gateway.devices import NOON
from tests.gateway.outboxes import DEAF, GATEWAY, KEY, body_of, receipt, samples
from tests.servers import free_port
from vocabulary.errors import SettingsError
from vocabulary.settings import BrokerSettings
from vocabulary.wire.batches import SeenClock
from vocabulary.wire.receipts import Receipt, seal_receipt

CONNECTED = bytes.fromhex("2003000000")
"""CONNACK of MQTT 5: success, no session, no properties."""

PUBLISH_AT_LEAST_ONCE = 0x32
HOUR = timedelta(hours=1)


class Broker:
    """Lets everybody in, acknowledges nothing, and hangs up."""

    def __init__(self, *greeting, stays_s=0.2):
        self.greeting, self.stays_s, self.published = greeting, stays_s, []

    async def serve(self, reader, writer):
        self.published.append(0)
        writer.write(b"".join((CONNECTED, *self.greeting)))
        with suppress(TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(self.stays_s):
                while True:
                    await self.read(reader)
        writer.close()

    async def read(self, reader):
        head = (await reader.readexactly(1))[0]
        length, shift = 0, 0
        while (byte := (await reader.readexactly(1))[0]) & 0x80:
            length, shift = length | (byte & 0x7F) << shift, shift + 7
        await reader.readexactly(length | byte << shift)
        self.published[-1] += head & 0xF6 == PUBLISH_AT_LEAST_ONCE


def settings(port, **more):
    return BrokerSettings(host="127.0.0.1", port=port, username=GATEWAY, password="p", **{"tls": False, **more})


@asynccontextmanager
async def sending(outbox, broker, receivers=DEAF):
    """An uplink on an outbox, while it runs, on a broker."""
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    uplink = Uplink(
        GATEWAY, KEY, settings(server.sockets[0].getsockname()[1]), receivers=receivers, pace=Pace(random=lambda: 0.5)
    )
    writer = OutboxWriter(outbox, uplink.wake)
    writer.start()
    running = asyncio.ensure_future(uplink.run(writer))
    try:
        yield running, writer
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await writer.stop()
        server.close()
        await server.wait_closed()


class Failing(Outbox):
    """An outbox whose disk fails until it is mended."""

    mended, failed = False, frozenset()

    def waiting(self, most, under_way=()):
        self.fail("waiting")
        return super().waiting(most, under_way)

    def settle(self, receipt):
        self.fail("settle")
        return super().settle(receipt)

    def fail(self, at):
        if not self.mended:
            self.failed |= {at}
            raise OutboxFailed("disk I/O error")


def message(kind, payload):
    topic = f"het/v1/gw/{GATEWAY}/{kind}".encode()
    body = len(topic).to_bytes(2, "big") + topic + b"\x00" + payload
    assert 0x80 <= len(body) < 0x4000
    return bytes([0x30, len(body) & 0x7F | 0x80, len(body) >> 7]) + body


def receipt_message(receipt):
    return message("receipt", seal_receipt(receipt, KEY.receipt_key(int(receipt.epoch, 16))))


def test_an_outbox_that_cannot_be_used_for_a_while_does_not_end_the_uplink(tmp_path):
    async def scenario():
        broker = Broker(receipt_message(Receipt(epoch="0" * 16, taken=[(1, "0" * 16)])), stays_s=5)
        outbox = Failing(tmp_path / "outbox.sqlite", GATEWAY, KEY, lambda: NOON)
        outbox.put([Entry(items=samples(0))])
        async with sending(outbox, broker) as (running, _):
            await until(lambda: outbox.failed == {"waiting", "settle"}, seconds=4)
            assert not running.done()
            outbox.mended = True
            await until(lambda: broker.published == [1], seconds=4)

    asyncio.run(scenario())


@pytest.mark.timeout(30)
def test_a_broker_that_hangs_up_again_and_again_gets_each_batch_once_a_connection(tmp_path):
    async def scenario():
        broker, outbox = Broker(), Outbox(tmp_path / "outbox.sqlite", GATEWAY, KEY, lambda: NOON)
        for number in range(3):
            outbox.put([Entry(items=samples(number))])
            outbox.seal()
        async with sending(outbox, broker):
            await until(lambda: len(broker.published) == 4, seconds=20)
        return broker.published[:3]

    assert asyncio.run(scenario()) == [3, 3, 3]


def test_authorities_that_are_no_file_are_refused_by_name():
    async def make():
        Uplink(GATEWAY, KEY, settings(free_port(), tls=True, authorities="/nowhere.pem"), receivers=DEAF)

    with pytest.raises(SettingsError, match=r"uplink\.authorities: /nowhere\.pem"):
        asyncio.run(make())


class Answering(Broker):
    """Has every batch receipted as soon as it is published, by a service whose clock is an hour ahead."""

    async def serve(self, reader, writer):
        self.writer = writer
        await super().serve(reader, writer)

    async def read(self, reader):
        before = self.published[-1]
        await super().read(reader)
        if self.published[-1] > before:
            self.writer.write(receipt_message(replace(receipt(*self.batches), at=NOON + HOUR)))


def test_a_receipt_has_the_gateways_clock_compared_and_what_comes_of_it_is_sent(tmp_path):
    compared, ticks = [], count()
    seen = SeenClock(boot=1, at=NOON, service_at=NOON + HOUR, uncertainty_s=1.0)

    def compare(*times):
        compared.append(times)
        return seen if len(compared) == 1 else None

    async def scenario():
        outbox = Outbox(tmp_path / "outbox.sqlite", GATEWAY, KEY, lambda: NOON)
        outbox.put([Entry(items=samples(0))])
        outbox.seal()
        broker = Answering(stays_s=5)
        broker.batches = outbox.waiting(10)
        receivers = Receivers(
            clock=lambda: NOON + timedelta(seconds=next(ticks)), compare=compare, take_order=lambda _: None
        )
        async with sending(outbox, broker, receivers=receivers) as (_, writer):
            await until(lambda: broker.published == [2], seconds=5)
            return body_of((await writer.ask(lambda box: box.waiting(10)))[0]).clocks

    assert asyncio.run(scenario()) == [seen]
    ((service_at, sent_at, received_at),) = compared[:1]
    assert service_at == NOON + HOUR
    assert NOON <= sent_at < received_at


def test_an_order_is_handed_on_as_it_came(tmp_path):
    orders, order = [], bytes(range(200))

    async def scenario():
        outbox = Outbox(tmp_path / "outbox.sqlite", GATEWAY, KEY, lambda: NOON)
        receivers = Receivers(clock=lambda: NOON, compare=lambda *_: None, take_order=orders.append)
        async with sending(outbox, Broker(message("order", order), stays_s=5), receivers=receivers):
            await until(lambda: orders, seconds=5)

    asyncio.run(scenario())
    assert orders == [order]
