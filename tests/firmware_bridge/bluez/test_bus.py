"""The bus itself, with plain D-Bus clients."""

import asyncio
import logging
import os
import socket
from contextlib import asynccontextmanager, suppress

import pytest
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.firmware_bridge.bluez.homes import connected, find, home
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import LONG_TEXT, SECRET, SINK, TEXT, TICKS

HCI0 = "/org/bluez/hci0"
DRIVER = "org.freedesktop.DBus"
PROPERTIES = "org.freedesktop.DBus.Properties"
ADAPTER = "org.bluez.Adapter1"


@asynccontextmanager
async def plain_client():
    client = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        yield client
    finally:
        client.disconnect()
        with suppress(OSError, EOFError):
            await client.wait_for_disconnect()


async def signals_of(client, rule):
    heard = []

    def hear(message):
        if message.message_type is MessageType.SIGNAL:
            heard.append(message.member)

    client.add_message_handler(hear)
    await ask_driver(client, "AddMatch", rule, signature="s")
    return heard


async def call(client, destination, path, interface, member, *body, signature=""):
    return await client.call(Message(destination, path, interface, member, signature=signature, body=list(body)))


async def ask(client, path, interface, member, *body, signature=""):
    reply = await call(client, "org.bluez", path, interface, member, *body, signature=signature)
    return reply.body if reply.message_type is MessageType.METHOD_RETURN else reply.error_name.rpartition(".")[2]


async def ask_driver(client, member, *body, signature=""):
    reply = await call(client, DRIVER, "/org/freedesktop/DBus", DRIVER, member, *body, signature=signature)
    return reply.body if reply.message_type is MessageType.METHOD_RETURN else reply.error_name.rpartition(".")[2]


@in_a_loop
async def test_the_bus_names_its_clients_and_org_bluez(bus):
    async with home(bus), plain_client() as first, plain_client() as second:
        (names,) = await ask_driver(first, "ListNames")
        assert {"org.bluez", first.unique_name, second.unique_name} <= set(names)
        assert await ask_driver(first, "GetNameOwner", "org.bluez", signature="s") == [":1.0"]
        assert await ask_driver(first, "NameHasOwner", "org.absent", signature="s") == [False]
        assert await ask_driver(first, "GetNameOwner", "org.absent", signature="s") == "NameHasNoOwner"
        assert await ask_driver(first, "Unheard") == "UnknownMethod"


@pytest.mark.parametrize(
    ("path", "interface", "member", "error"),
    [
        ("/org/bluez/hci1", ADAPTER, "StartDiscovery", "UnknownObject"),
        (HCI0, ADAPTER, "Unheard", "UnknownMethod"),
        (HCI0, ADAPTER, "RemoveDevice", "UnknownMethod"),  # without its argument
        (HCI0, "org.bluez.Device1", "Connect", "UnknownMethod"),
        (HCI0, ADAPTER, "StopDiscovery", "Failed"),
    ],
)
@in_a_loop
async def test_a_call_that_leads_nowhere_is_refused_as_bluez_does(bus, path, interface, member, error):
    async with home(bus), plain_client() as client:
        assert await ask(client, path, interface, member) == error


@in_a_loop
async def test_properties_are_read_and_only_some_are_written(bus):
    async with home(bus), plain_client() as client:
        alias = ADAPTER, "Alias", Variant("s", "hall")
        assert await ask(client, HCI0, PROPERTIES, "Set", *alias, signature="ssv") == []
        (got,) = await ask(client, HCI0, PROPERTIES, "Get", ADAPTER, "Alias", signature="ss")
        assert got.value == "hall"
        (everything,) = await ask(client, HCI0, PROPERTIES, "GetAll", ADAPTER, signature="s")
        assert everything["Address"].value == "F0:00:00:00:00:01"
        fixed = ADAPTER, "Address", Variant("s", "00:00:00:00:00:00")
        assert await ask(client, HCI0, PROPERTIES, "Set", *fixed, signature="ssv") == "PropertyReadOnly"
        assert await ask(client, HCI0, PROPERTIES, "Get", ADAPTER, "Colour", signature="ss") == "InvalidArgs"


@in_a_loop
async def test_a_client_can_switch_the_adapter_off(bus):
    async with home(bus), plain_client() as client:
        off = ADAPTER, "Powered", Variant("b", value=False)
        await ask(client, HCI0, PROPERTIES, "Set", *off, signature="ssv")
        assert await ask(client, HCI0, ADAPTER, "StartDiscovery") == "NotReady"


@in_a_loop
async def test_signals_reach_only_those_who_asked_for_them_and_only_as_long(bus):
    rule = "type='signal',member='InterfacesAdded'"
    async with home(bus) as here, plain_client() as asking, plain_client() as other:
        heard, not_heard = await signals_of(asking, rule), await signals_of(other, "member='Unheard'")
        await here.add()
        await find()
        await ask_driver(asking, "RemoveMatch", rule, signature="s")
        await here.add("Second", "C0:00:00:00:00:02")
        await find("Second")
    assert heard == ["InterfacesAdded"]
    assert not_heard == []


@in_a_loop
async def test_a_client_without_file_descriptors_cannot_acquire_notifications(bus):
    async with home(bus) as here, plain_client() as client:
        await here.add()
        async with connected() as bleak_client:
            path = bleak_client.services.get_characteristic(TICKS).obj[0]
            characteristic = "org.bluez.GattCharacteristic1"
            assert await ask(client, path, characteristic, "AcquireNotify", {}, signature="a{sv}") == "NotSupported"


@in_a_loop
async def test_what_is_put_into_an_acquired_pipe_is_written(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            await client._backend._acquire_mtu()
            assert client.mtu_size == 517
            path = client.services.get_characteristic(SINK).obj[0]
            message = Message(
                "org.bluez", path, "org.bluez.GattCharacteristic1", "AcquireWrite", signature="a{sv}", body=[{}]
            )
            reply = await client._backend._bus.call(message)
            for value in (b"one", b"two"):
                os.write(reply.unix_fds[0], value)
            await until(lambda: len(peripheral.written) == 2)
            os.close(reply.unix_fds[0])
    assert peripheral.written == [b"one", b"two"]


@in_a_loop
async def test_a_stranger_who_talks_nonsense_disturbs_nobody(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            for nonsense in (
                b"",
                b"GET / HTTP/1.1\r\n\r\n",
                b"x" * 10_000,
                b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n" + b"\xff" * 64,
            ):
                stranger = socket.socket(socket.AF_UNIX)
                stranger.connect(str(bus))
                stranger.sendall(nonsense)
                await asyncio.sleep(0.01)
                stranger.close()
            assert await client.read_gatt_char(TEXT) == LONG_TEXT


@in_a_loop
async def test_a_client_that_is_slow_gets_everything_in_order(bus):
    async with home(bus) as here, plain_client() as slow:
        rssi = []
        slow.add_message_handler(lambda message: rssi.append(message.body[1]["Class"].value))
        await ask_driver(slow, "AddMatch", "member=PropertiesChanged", signature="s")
        rssi.clear()
        for number in range(2000):
            here.bluez._stack.objects.change(HCI0, ADAPTER, {"Class": Variant("u", number)})
        await until(lambda: len(rssi) == 2000)
    assert rssi == list(range(2000))


@in_a_loop
async def test_a_client_that_leaves_too_much_unread_is_cut_off(bus):
    async with home(bus) as here, plain_client() as slow:
        await ask_driver(slow, "AddMatch", "member=PropertiesChanged", signature="s")
        objects = here.bluez._stack.objects
        value = {"Modalias": Variant("s", "x" * 1_000_000)}
        assert len(here.bluez._bus._clients) == 1
        for _ in range(12):
            objects.change(HCI0, ADAPTER, value)
        assert len(here.bluez._bus._clients) == 0


@in_a_loop
async def test_calls_given_up_at_any_moment_leave_the_radio_in_order(bus, caplog):
    device = "org.bluez.Device1"
    async with home(bus) as here, plain_client() as client:
        peripheral = await here.add()
        path = (await find()).details["path"]
        here.lose(peripheral)
        for turns in range(1, 13):
            calling = asyncio.ensure_future(ask(client, path, device, "Connect"))
            for _ in range(turns):
                await asyncio.sleep(0)
            hanging_up = await ask(client, path, device, "Disconnect")
            assert (hanging_up, await calling) == ([], "Failed")
        await until(lambda: not here.dongle.is_scanning)
        here.bring_back(peripheral)
        assert await ask(client, path, device, "Connect") == []
    assert [record.message for record in caplog.records if record.name.startswith("bumble")] == []


@in_a_loop
async def test_everything_can_be_stopped_under_way_and_started_again(bus, caplog):
    path = f"{HCI0}/dev_C0_00_00_00_00_01"
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            await client.pair()
        for milliseconds in range(0, 60, 4):
            async with plain_client() as client:
                calls = [asyncio.ensure_future(ask(client, path, "org.bluez.Device1", "Connect"))]
                await asyncio.sleep(milliseconds / 1000)
                calls += [asyncio.ensure_future(ask(client, HCI0, ADAPTER, "StartDiscovery"))]
                await asyncio.sleep(milliseconds % 3 / 1000)
                await here.bluez.stop()
                await asyncio.gather(*calls, return_exceptions=True)
                await here.bluez.start()
        async with connected() as client:
            assert await client.read_gatt_char(SECRET) == b"secret"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
