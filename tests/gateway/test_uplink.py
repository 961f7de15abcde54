"""The uplink when its neighbours fail: an outbox that cannot be used, a broker that acknowledges nothing."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from gateway.errors import OutboxFailed
from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.entries import Entry
from gateway.uplink import Uplink
from tests.firmware_bridge.radio.loops import until
from tests.gateway.devices import NOON
from tests.gateway.test_outbox import GATEWAY, KEY, samples
from tests.servers import free_port
from vocabulary.errors import SettingsError
from vocabulary.settings import BrokerSettings
from vocabulary.wire.receipts import Receipt, seal_receipt

CONNECTED = bytes.fromhex("2003000000")
"""CONNACK of MQTT 5: success, no session, no properties."""

PUBLISH_AT_LEAST_ONCE = 0x32


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
async def sending(outbox, broker):
    """An uplink on an outbox, while it runs, on a broker."""
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    uplink = Uplink(GATEWAY, KEY, settings(server.sockets[0].getsockname()[1]))
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

    def waiting(self, most):
        self.fail("waiting")
        return super().waiting(most)

    def settle(self, receipt):
        self.fail("settle")
        return super().settle(receipt)

    def fail(self, at):
        if not self.mended:
            self.failed |= {at}
            raise OutboxFailed("disk I/O error")


def receipt_message(receipt):
    payload = seal_receipt(receipt, KEY.receipt_key(int(receipt.epoch, 16)))
    topic = f"het/v1/gw/{GATEWAY}/receipt".encode()
    body = len(topic).to_bytes(2, "big") + topic + b"\x00" + payload
    assert 0x80 <= len(body) < 0x4000
    return bytes([0x30, len(body) & 0x7F | 0x80, len(body) >> 7]) + body


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
        Uplink(GATEWAY, KEY, settings(free_port(), tls=True, authorities="/nowhere.pem"))

    with pytest.raises(SettingsError, match=r"uplink\.authorities: /nowhere\.pem"):
        asyncio.run(make())
