"""Pairing, bonds that last, and bonds that one side forgot."""

import pytest
from bleak import BleakClient
from bleak.exc import BleakDBusError, BleakError
from bumble.pairing import PairingDelegate
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, method

from tests.firmware_bridge.bluez.homes import connected, find, home, signals
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import SECRET, STRICT

PASSKEY = 123456


class Refusing(PairingDelegate):
    async def accept(self):
        return False


class Displaying(PairingDelegate):
    def __init__(self):
        super().__init__(PairingDelegate.DISPLAY_OUTPUT_ONLY)

    async def generate_passkey(self):
        return PASSKEY


class Person(ServiceInterface):
    def __init__(self, passkey):
        super().__init__("org.bluez.Agent1")
        self.passkey = passkey

    @method()
    def RequestPasskey(self, device: "o") -> "u":  # noqa: F821, N802  # the names and signatures of D-Bus
        assert device == "/org/bluez/hci0/dev_C0_00_00_00_00_01"
        return self.passkey


async def register(person):
    agent_bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    agent_bus.export("/person", person)
    body = ["/person", "KeyboardOnly"]
    reply = await agent_bus.call(
        Message("org.bluez", "/org/bluez", "org.bluez.AgentManager1", "RegisterAgent", signature="os", body=body)
    )
    assert reply.message_type is MessageType.METHOD_RETURN
    return agent_bus


@in_a_loop
async def test_pairing_without_an_agent_is_just_works_with_a_bond(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            with pytest.raises(BleakDBusError, match="Not paired"):
                await client.read_gatt_char(SECRET)
            await client.pair()
            assert await client.read_gatt_char(SECRET) == b"secret"
            with pytest.raises(BleakDBusError, match="Not paired"):
                await client.read_gatt_char(STRICT)
        (keys,) = peripheral.host.keystore.all_keys.values()
    assert not keys.ltk.authenticated


@in_a_loop
async def test_a_bonded_peer_is_encrypted_again_before_its_attributes_are_shown(bus):
    async with home(bus) as here:
        await here.add()
        async with connected() as client:
            await client.pair()
        async with connected() as client:
            assert await client.read_gatt_char(SECRET) == b"secret"


@in_a_loop
async def test_a_client_may_pair_before_it_connects(bus):
    async with home(bus) as here:
        await here.add()
        async with connected(pair=True) as client:
            assert await client.read_gatt_char(SECRET) == b"secret"


@in_a_loop
async def test_a_peer_that_refuses_to_pair_fails_the_pairing(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        peripheral.pairing = Refusing()
        async with connected() as client:
            with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
                await client.pair()
            assert client.is_connected


@in_a_loop
async def test_a_link_lost_while_pairing_cancels_the_pairing(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            here.lose(peripheral)
            with pytest.raises((BleakDBusError, EOFError)):
                await client.pair()


@in_a_loop
async def test_a_peer_that_forgot_its_bond_connects_and_keeps_its_secrets(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        async with connected() as client:
            await client.pair()
        peripheral.forget_bonds()
        async with connected() as client:
            with pytest.raises(BleakDBusError, match="Not paired"):
                await client.read_gatt_char(SECRET)


@in_a_loop
async def test_a_bond_can_be_ended_and_made_again(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        device = await find()
        async with BleakClient(device) as client:
            await client.pair()
            await client.unpair()
        assert here.dongle.keystore.all_keys == {}
        with pytest.raises(BleakError, match="not found"):
            await BleakClient(device).connect()
        async with connected() as client:
            peripheral.forget_bonds()
            await client.pair()
            assert await client.read_gatt_char(SECRET) == b"secret"


@in_a_loop
async def test_a_bond_outlives_the_dongles_absence(bus):
    async with home(bus) as here:
        await here.add()
        device = await find()
        async with connected(device=device) as client:
            await client.pair()
        await here.bluez.unplug()
        await here.bluez.plug_in()
        await signals()
        async with connected(device=device) as client:
            assert await client.read_gatt_char(SECRET) == b"secret"


@in_a_loop
async def test_a_person_with_the_passkey_authenticates_the_link(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        peripheral.pairing = Displaying()
        agent_bus = await register(Person(PASSKEY))
        async with connected() as client:
            await client.pair()
            assert await client.read_gatt_char(STRICT) == b"by passkey only"
        agent_bus.disconnect()
        await agent_bus.wait_for_disconnect()


@in_a_loop
async def test_a_wrong_passkey_fails_the_pairing(bus):
    async with home(bus) as here:
        peripheral = await here.add()
        peripheral.pairing = Displaying()
        agent_bus = await register(Person(PASSKEY + 1))
        async with connected() as client:
            with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
                await client.pair()
        agent_bus.disconnect()
        await agent_bus.wait_for_disconnect()
        await until(lambda: not here.dongle.keystore.all_keys)
