"""What a peripheral lets an unpaired, a paired and an authenticated central do."""

import asyncio
from datetime import timedelta

import pytest
from bumble.att import ATT_Error
from bumble.core import InvalidStateError

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.radio import make_host
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import SECRET, STRICT, TEXT, PlainPeripheral, room_with

READ_NOT_PERMITTED = 0x02
WRITE_NOT_PERMITTED = 0x03
INSUFFICIENT_AUTHENTICATION = 0x05
INSUFFICIENT_ENCRYPTION = 0x0F

AT_ONCE = RoomSettings(connection_interval=None, supervision_timeout=timedelta(milliseconds=100))


async def connected():
    room = room_with(AT_ONCE)
    central = make_host(room, "central", "F0:00:00:00:00:01")
    await central.power_on()
    peripheral = await PlainPeripheral(room).start()
    return room, peripheral, await central.connect(peripheral.address)


def handle(peripheral, uuid):
    return next(a.handle for a in peripheral.host.gatt_server.attributes if str(a.type).lower() == uuid)


async def refusal_of(request):
    with pytest.raises(ATT_Error) as refusal:
        await request
    return refusal.value.error_code


@in_a_loop
async def test_switching_on_protected_notifications_needs_encryption():
    _, peripheral, link = await connected()
    cccd = peripheral.secret_ticks.handle + 1
    request = link.gatt_client.write_value(cccd, b"\x01\x00", with_response=True)
    assert await refusal_of(request) == INSUFFICIENT_ENCRYPTION
    await link.pair()
    await link.gatt_client.write_value(cccd, b"\x01\x00", with_response=True)
    assert await link.gatt_client.read_value(cccd) == b"\x01\x00"


@in_a_loop
async def test_a_link_paired_by_just_works_is_encrypted_and_not_authenticated():
    _, peripheral, link = await connected()
    await link.pair()
    assert await link.gatt_client.read_value(handle(peripheral, SECRET)) == b"secret"
    request = link.gatt_client.read_value(handle(peripheral, STRICT))
    assert await refusal_of(request) == INSUFFICIENT_AUTHENTICATION


@in_a_loop
async def test_what_is_not_readable_cannot_be_read():
    _, peripheral, link = await connected()
    peripheral.alarm.permissions = 0
    assert await refusal_of(link.gatt_client.read_value(peripheral.alarm.handle)) == READ_NOT_PERMITTED


@in_a_loop
async def test_what_is_not_writeable_cannot_be_written():
    _, peripheral, link = await connected()
    text = handle(peripheral, TEXT)
    for value in (b"short", b"long" * 20):
        request = link.gatt_client.write_value(text, value, with_response=True)
        assert await refusal_of(request) == WRITE_NOT_PERMITTED
    await link.gatt_client.write_value(text, b"command")
    assert (await link.gatt_client.read_value(text))[:4] == bytes(range(4))


@in_a_loop
async def test_an_indication_fails_at_once_when_its_link_is_lost():
    room, peripheral, link = await connected()
    await link.gatt_client.write_value(peripheral.alarm.handle + 1, b"\x02\x00", with_response=True)
    room.set_in_range(peripheral.host, in_range=False)
    indication = asyncio.ensure_future(peripheral.host.indicate_subscriber(*peripheral.links, peripheral.alarm, b"!"))
    await until(indication.done)
    assert isinstance(indication.exception(), InvalidStateError)
