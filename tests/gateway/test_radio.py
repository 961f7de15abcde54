"""The radio when its ground shakes: an adapter, a daemon or a bus that goes away, devices that refuse or leave."""

import asyncio
import logging
from time import monotonic

import pytest

from device_drivers.families import HETS
from gateway.ble.air import Air
from gateway.ble.radio import NO_RADIO_S
from gateway.errors import LinkLost
from tests.firmware_bridge.bluez.homes import connected, home
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.houses import Heard, House, listening, now
from vocabulary.identity import HETS_SERVICE
from vocabulary.wire.batches import LinkStatus, SeenDevice, StoredRecord


def anything(_name, _services):
    return HETS


def nothing(_name, _services):
    return None


async def switch_off(bluez):
    await bluez.switch_off()
    await asyncio.sleep(1.2)
    await bluez.switch_on()


async def pull_out(bluez):
    await bluez.unplug()
    await asyncio.sleep(1.2)
    await bluez.plug_in()


async def restart_bus(bluez):
    bluez.restart_bus()


async def restart_daemon(bluez):
    await bluez.stop()
    await asyncio.sleep(1.2)
    await bluez.start()


@pytest.mark.parametrize("shake", [switch_off, pull_out, restart_bus, restart_daemon])
@pytest.mark.timeout(60)
@in_a_loop
async def test_a_gateway_whose_bluetooth_went_away_follows_its_devices_when_it_is_back(bus, shake):
    heard = Heard()
    async with House(bus).lived_in() as house, listening(heard.put) as radio:
        await until(lambda: heard.of(LinkStatus), seconds=10)
        await shake(house.bluez)
        house.mask.record()
        await until(lambda: heard.of(StoredRecord), seconds=15)
        assert not radio.done()


@pytest.mark.usefixtures("bus")
@in_a_loop
async def test_an_adapter_that_stays_away_is_complained_of_once(caplog):
    async with listening(Heard().put):
        await asyncio.sleep(NO_RADIO_S * 1.4)
    assert [record.levelname for record in caplog.records if "no Bluetooth" in record.message] == ["ERROR"]


@in_a_loop
async def test_the_log_tells_devices_apart_by_the_end_of_their_address_and_never_names_it(bus, caplog):
    caplog.set_level(logging.INFO, "gateway")
    heard = Heard()
    async with House(bus).lived_in() as house, listening(heard.put):
        await until(lambda: heard.of(LinkStatus), seconds=10)
        house.mask.go(in_range=False)
        await until(lambda: "…:00:01" in caplog.text, seconds=10)
    assert "C0:00:00" not in caplog.text


@in_a_loop
async def test_a_scan_that_has_fallen_silent_is_begun_anew(bus):
    async with home(bus) as here, Air(None, now, recognise=anything, silence_s=0.5) as air:
        watching = asyncio.ensure_future(air.watch())
        await here.add()
        await until(lambda: air.heard)
        here.bluez.restart_bus()
        silent_from = monotonic() + 0.1
        await until(lambda: any(one.monotonic_s > silent_from for one in air.heard.values()), seconds=5)
        watching.cancel()


@in_a_loop
async def test_a_scan_that_dies_alone_is_begun_anew_though_a_device_is_linked(bus):
    async with House(bus, masks=2).lived_in() as house:
        house.masks[1].go(in_range=False)
        async with Air(None, now, silence_s=0.5) as air:
            watching = asyncio.ensure_future(air.watch())
            heard = await air.wait_for(await air.newcomers.get(), 0)
            async with connected(device=heard.device):
                house.faults.deaf = True
                house.masks[1].go(in_range=True)
                await until(lambda: len(air.heard) == 2)
            watching.cancel()


@in_a_loop
async def test_nothing_is_kept_of_what_no_family_claims(bus):
    asked = []

    def recognise(name, services):
        asked.append(name)
        return nothing(name, services)

    async with home(bus) as here, Air(None, now, recognise=recognise) as air:
        await here.add()
        await until(lambda: asked)
        assert air.newcomers.empty()
        assert not air.heard


@in_a_loop
async def test_an_address_that_is_heard_no_more_is_forgotten_and_a_newcomer_when_it_is_back(bus):
    async with home(bus) as here, Air(None, now, recognise=anything, unheard_s=0.2) as air:
        peripheral = await here.add()
        address = await air.newcomers.get()
        here.lose(peripheral)
        with pytest.raises(LinkLost, match="not heard"):
            await air.wait_for(address, monotonic() + 0.1)
        assert not air.heard
        here.bring_back(peripheral)
        async with asyncio.timeout(3):
            assert await air.newcomers.get() == address


@in_a_loop
async def test_a_device_that_is_not_what_it_says_is_asked_again_later_and_complained_of_once(bus, caplog):
    links, heard = [], Heard()
    async with home(bus) as here:
        peripheral = await here.add()
        peripheral.host.on(peripheral.host.EVENT_CONNECTION, links.append)
        await peripheral.host.stop_advertising()
        peripheral.host.advertising_data = b"\x02\x01\x06\x11\x07" + HETS_SERVICE.bytes[::-1]
        await peripheral.host.start_advertising(auto_restart=True)
        async with listening(heard.put):
            await until(lambda: links)
            await asyncio.sleep(1.5)
    assert len(links) == 1
    assert [record.levelname for record in caplog.records if "was not found" in record.message] == ["WARNING"]
    assert not heard.of(SeenDevice)
