"""A panel in a virtual home, as bleak meets it, and its journal."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from bleak import BleakClient, BleakScanner

from firmware_bridge.virtual.blockbluelight.definition import Dim, PanelDeed, SetTimer
from firmware_bridge.virtual.blockbluelight.journal import OffLine, OnLine, read_panel_journal
from firmware_bridge.virtual.blockbluelight.life import PanelLife
from firmware_bridge.virtual.blockbluelight.panel import By
from firmware_bridge.virtual.definitions import dump_home, load_home
from firmware_bridge.virtual.journal import LinkEvent, LinkLine
from tests.device_drivers.panel_frames import REQUESTS
from tests.firmware_bridge.blockbluelight.panels import panel, panel_step
from tests.firmware_bridge.homes import BEGAN, REAL, device, home
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.test_home import Running, hurried

REPLIES, REQUESTS_TO = (f"0000fff{n}-0000-1000-8000-00805f9b34fb" for n in (1, 2))
SECOND = timedelta(seconds=1)


def test_a_home_with_a_panel_survives_the_journey_as_json(tmp_path):
    acts = (SetTimer(900 * SECOND), Dim(1, 40), *PanelDeed)
    sent = home(tmp_path, device(tmp_path), panels=(panel(tmp_path, *(panel_step(1, act) for act in acts)),))
    assert load_home(json.dumps(dump_home(sent))) == sent


def test_its_history_is_in_the_journal_to_the_second(tmp_path):
    script = (
        panel_step(-1000, PanelDeed.SWITCH_ON),
        panel_step(-900, PanelDeed.SWITCH_OFF),
        panel_step(-800, PanelDeed.SWITCH_ON),
    )
    mine = panel(tmp_path, *script)
    life = PanelLife(mine, BEGAN, lambda: REAL)
    life.relive()
    life.close()
    told = [(type(line), line.by, getattr(line, "lit", None)) for line in read_panel_journal(mine.journal)]
    assert told == [
        (OnLine, By.PERSON, None),
        (OffLine, By.PERSON, 100 * SECOND),
        (OnLine, By.PERSON, None),
        (OffLine, By.TIMER, 600 * SECOND),
    ]


@pytest.fixture
def socket(tmp_path, monkeypatch):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")


@pytest.mark.usefixtures("socket")
@in_a_loop
async def test_bleak_finds_it_by_its_name_switches_it_and_is_told(tmp_path):
    mine, mask, heard = panel(tmp_path), device(tmp_path), []
    async with Running(home(tmp_path, mask, panels=(mine,)), hurried(rate=1)):
        found = await BleakScanner.find_device_by_name("BLOCKC00000000099", timeout=5)
        async with BleakClient(found) as client:
            assert [service.uuid[4:8] for service in client.services if service.uuid[4:8] > "1801"] == ["fff0"]
            await client.start_notify(REPLIES, lambda _, frame: heard.append(bytes(frame)))
            for name, with_response in (("timer_900_s", True), ("on", True), ("off", False)):
                await client.write_gatt_char(REQUESTS_TO, REQUESTS[name], response=with_response)
            await until(lambda: b"".join(heard).count(bytes.fromhex("2a01200000210a")) == 2)
    lines = read_panel_journal(mine.journal)
    assert [line.by for line in lines if not isinstance(line, LinkLine)] == [By.RADIO, By.RADIO]
    assert [line.timer for line in lines if isinstance(line, OnLine)] == [900 * SECOND]
    assert [line.event for line in lines if isinstance(line, LinkLine)] == [
        LinkEvent.CONNECTED,
        LinkEvent.DISCONNECTED,
    ]
    assert all(line.civil < datetime.now(UTC) for line in lines)
