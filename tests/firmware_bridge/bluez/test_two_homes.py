"""Two homes in one event loop, each with its own room, dongle and bus."""

import asyncio
import threading
from contextlib import AsyncExitStack

import pytest
from bleak import BleakScanner

from tests.firmware_bridge.bluez.homes import connected, home
from tests.firmware_bridge.radio.plain_peripheral import SINK


@pytest.fixture
def sockets(tmp_path):
    sockets = [tmp_path / "left", tmp_path / "right"]
    started, stop = threading.Event(), threading.Event()

    async def neighbourhood():
        async with AsyncExitStack() as stack:
            for socket, name in zip(sockets, ("Left", "Right"), strict=True):
                await (await stack.enter_async_context(home(socket))).add(name)
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(neighbourhood(),))
    thread.start()
    assert started.wait(10)
    yield sockets
    stop.set()
    thread.join(10)


async def visit(name):
    found = await BleakScanner.discover(0.1)
    async with connected(name) as client:
        await client.write_gatt_char(SINK, name.encode(), response=True)
    return [device.name for device in found]


def test_homes_in_one_process_do_not_hear_each_other(sockets, monkeypatch):
    for socket, name in zip(sockets, ("Left", "Right"), strict=True):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={socket}")
        assert asyncio.run(visit(name)) == [name]
