"""A device at a broker that takes two messages at once, and says when it has them."""

import asyncio
from contextlib import asynccontextmanager

from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.wifi.rig import World

UID = "0011223344556677"
CONNECT, PUBLISH = 1, 3
RECEIVE_MAXIMUM_2, NOT_AUTHORIZED = bytes.fromhex("2006000003210002"), bytes.fromhex("2003008700")


class SlowBroker:
    """Lets everybody in, and acknowledges only what a test says."""

    def __init__(self, greeting=RECEIVE_MAXIMUM_2):
        self.greeting, self.greeted = greeting, 0
        self.published, self._ids = [], []

    async def serve(self, reader, writer):
        self._writer = writer
        while head := await reader.read(1):
            packet = await reader.readexactly(await _length(reader))
            if head[0] >> 4 == CONNECT:
                self.greeted += 1
                writer.write(self.greeting)
            elif head[0] >> 4 == PUBLISH:
                end = 2 + int.from_bytes(packet[:2], "big")
                self.published.append(packet[2:end].decode().rpartition("/")[2])
                self._ids.append(packet[end : end + 2])
        writer.close()

    def acknowledge(self, count):
        for _ in range(count):
            self._writer.write(b"\x40\x02" + self._ids.pop(0))


async def _length(reader):
    length, shift, octet = 0, 0, 0x80
    while octet & 0x80:
        (octet,) = await reader.readexactly(1)
        length, shift = length | (octet & 0x7F) << shift, shift + 7
    return length


@asynccontextmanager
async def slow_world(sessions):
    broker = SlowBroker()
    async with await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        world = World(server.sockets[0].getsockname()[1], UID)
        for _ in range(sessions):
            world.session(1)
        world.station._waiting.clear()  # the presses of those sessions
        await world.station.start(audible=True)
        await until(lambda: len(broker.published) == 2)
        try:
            yield world, broker
        finally:
            await world.station.stop()


@in_a_loop
async def test_no_more_is_under_way_than_the_broker_takes():
    async with slow_world(sessions=5) as (_, broker):
        broker.acknowledge(1)
        await until(lambda: len(broker.published) >= 3)
        broker.acknowledge(2)
        await until(lambda: len(broker.published) >= 5)
        assert broker.published == ["info", "state", "session", "session", "session"]


@in_a_loop
async def test_a_record_that_was_acknowledged_meanwhile_is_not_said():
    async with slow_world(sessions=5) as (world, broker):
        world.device.acknowledge(5)
        broker.acknowledge(2)
        await until(lambda: not world.station._under_way)
        world.device.press()
        world.tell()
        await until(lambda: len(broker.published) == 3)
        assert broker.published == ["info", "state", "event"]


@in_a_loop
async def test_a_device_that_is_not_let_in_tries_again_until_it_is():
    broker = SlowBroker(NOT_AUTHORIZED)
    async with await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        world = World(server.sockets[0].getsockname()[1], UID)
        await world.station.start(audible=True)
        await until(lambda: broker.greeted == 2)
        broker.greeting = RECEIVE_MAXIMUM_2
        await until(lambda: broker.published == ["info", "state"])
        await world.station.stop()


@in_a_loop
async def test_a_device_finds_a_broker_that_comes_later():
    broker = SlowBroker()
    async with await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    world = World(port, UID)
    await world.station.start(audible=True)
    await asyncio.sleep(0.1)  # a few attempts
    async with await asyncio.start_server(broker.serve, "127.0.0.1", port):
        await until(lambda: broker.published == ["info", "state"])
        await world.station.stop()
