"""What a scanner hears: the scan response, the signal strength, and not everything."""

import asyncio

from bumble.core import AdvertisingData

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.radio import make_host
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import GATT_SERVICE, PlainPeripheral, room_with


async def scan(room, heard):
    scanner = make_host(room, "scanner", "F0:00:00:00:00:01")
    await scanner.power_on()
    scanner.on("advertisement", heard.append)
    await scanner.start_scanning()


async def heard_from(settings, *, rssi_dbm=None, count=20):
    room, heard = room_with(settings), []
    peripheral = await PlainPeripheral(room).start()
    if rssi_dbm is not None:
        room.set_rssi(peripheral.host, rssi_dbm)
    await scan(room, heard)
    await until(lambda: len(heard) >= count)
    return heard


@in_a_loop
async def test_the_scan_response_is_heard_beside_the_advertisement():
    heard = await heard_from(RoomSettings(), count=1)
    assert heard[0].data.get(AdvertisingData.COMPLETE_LOCAL_NAME) == "Plain"
    uuids = heard[0].data.get(AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS)
    assert [uuid.to_hex_str("-").lower() for uuid in uuids] == [GATT_SERVICE]


@in_a_loop
async def test_signal_strength_varies_about_what_was_set():
    heard = await heard_from(RoomSettings(), rssi_dbm=-80)
    strengths = [advertisement.rssi for advertisement in heard]
    assert -83 < sum(strengths) / len(strengths) < -77
    assert len(set(strengths)) > 1


@in_a_loop
async def test_signal_strength_is_the_rooms_unless_it_was_set():
    heard = await heard_from(RoomSettings(rssi_dbm=-45))
    strengths = [advertisement.rssi for advertisement in heard]
    assert -48 < sum(strengths) / len(strengths) < -42


@in_a_loop
async def test_a_lossy_room_loses_advertisements():
    room, heard = room_with(RoomSettings(advertisement_loss=1.0)), []
    await PlainPeripheral(room).start()
    await scan(room, heard)
    await asyncio.sleep(0.15)
    assert heard == []


@in_a_loop
async def test_a_host_out_of_range_is_not_heard_until_it_is_back():
    room, heard = room_with(RoomSettings()), []
    peripheral = await PlainPeripheral(room).start()
    room.set_in_range(peripheral.host, in_range=False)
    await scan(room, heard)
    await asyncio.sleep(0.1)
    assert heard == []
    room.set_in_range(peripheral.host, in_range=True)
    await until(lambda: heard)
