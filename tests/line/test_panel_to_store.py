"""A panel from the air to the store: its light was on for as long as is stored, and nobody invents a dose."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from clinical.verdicts import Outcome
from device_drivers.blockbluelight.record import FIRST, PanelAccount, dump_record
from device_drivers.families import BLOCKBLUELIGHT, HETS
from firmware_bridge.virtual.blockbluelight.definition import PanelDeed, SetTimer
from firmware_bridge.virtual.blockbluelight.journal import OffLine, OnLine, read_panel_journal
from firmware_bridge.virtual.home import VirtualHome
from firmware_bridge.virtual.people import Deed
from gateway.ble.blockbluelight import Pace, PanelSpeech, panel_uid
from gateway.ble.hets import HetsSpeech
from gateway.ble.radio import Radio
from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from monitor_api.http.queries.ledgers import ledger
from monitor_api.ingest.opening import Arrival
from monitor_api.records.attention import FindingRow
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow, SessionRow
from tests.firmware_bridge.blockbluelight.panels import panel, panel_step
from tests.firmware_bridge.homes import device, home, step
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.devices import unwatched
from tests.monitor_api.check.line import Line, ago
from tests.monitor_api.sessions.test_ledger import physician
from tests.regimens import weekly
from tests.service import (
    CLINIC,
    GATEWAY,
    KEY,
    PATIENT,
    RF_REGIMEN,
    FakeBroker,
    checker_of,
    found,
    open_service,
    rows,
    worker_of,
)
from vocabulary.clock import ClockMap
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, RegimenId, session_id
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason
from vocabulary.wire.batches import Columns, ReportedMark, SampleBlock, SeenDevice, StoredRecord
from vocabulary.wire.topics import batch_topic

SECOND = timedelta(seconds=1)
PACE = Pace(on_s=0.02, off_s=0.1, reply_s=0.4)
RATE = 5


class House:
    """A panel and a mask on the air, a gateway's disk, and a clock faster than life."""

    def __init__(self, directory, *script):
        self.directory = directory
        self.panel = panel(directory, *script, timer_s=600)
        self.clock = ClockMap(started_at=datetime.now(UTC), lead=timedelta(hours=3), rate=RATE)
        self.writer = OutboxWriter(Outbox(directory / "outbox.sqlite", GATEWAY, KEY, self.now), lambda: None)

    def now(self):
        return self.clock.civil(datetime.now(UTC))

    @asynccontextmanager
    async def at_home(self):
        mask = device(self.directory, step(0, Deed.OPEN_PAIRING))
        stop, ready = asyncio.Event(), asyncio.Event()
        house = VirtualHome(home(self.directory, mask, panels=(self.panel,)), self.clock)
        living = asyncio.ensure_future(house.run(stop, ready.set))
        self.writer.start()
        await ready.wait()
        try:
            yield
        finally:
            stop.set()
            await living

    @asynccontextmanager
    async def gateway(self):
        """A process of the gateway, from what is on disk."""
        memories = await self.writer.ask(lambda outbox: outbox.memories())
        book, reach = SessionBook(self.writer.put, memories, unwatched), Reach()
        panels = PanelSpeech(book=book, clock=self.now, reach=reach, secret=KEY.secret, calibrations={}, pace=PACE)
        speeches = {HETS.name: HetsSpeech(book, self.now, reach), BLOCKBLUELIGHT.name: panels}
        task = asyncio.ensure_future(Radio(book, speeches, self.now, None).run())
        try:
            yield book
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def journal(self, kind):
        return [line for line in read_panel_journal(self.panel.journal) if isinstance(line, kind)]

    async def batches(self):
        found = await self.writer.ask(lambda outbox: [outbox.seal(), outbox.waiting(10_000)][1])
        await self.writer.stop()
        return [
            Arrival(topic=batch_topic(GATEWAY), payload=batch.sealed, message_id=number)
            for number, batch in enumerate(found, 1)
        ]


EVENING = (
    panel_step(0, PanelDeed.WAIT_UNTIL_FOLLOWED),
    panel_step(1, PanelDeed.SWITCH_ON),
    panel_step(6, PanelDeed.SWITCH_OFF),
    panel_step(7, SetTimer(5 * SECOND)),
    panel_step(8, PanelDeed.SWITCH_ON),  # until 13
    panel_step(14, SetTimer(600 * SECOND)),
    panel_step(15, PanelDeed.SWITCH_ON),
    panel_step(17, PanelDeed.OUT_OF_RANGE),
    panel_step(20, PanelDeed.IN_RANGE),
    panel_step(27, PanelDeed.SWITCH_OFF),
    panel_step(29, PanelDeed.SWITCH_ON),
    panel_step(39, PanelDeed.SWITCH_OFF),
)


@pytest.mark.timeout(60)
@in_a_loop
async def test_time_and_sessions_are_the_panels_own_over_off_and_on_a_lost_link_and_a_restart(tmp_path, monkeypatch):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
    house = House(tmp_path, *EVENING)
    uid = panel_uid(KEY.secret, house.panel.address)
    async with house.at_home():
        async with house.gateway() as book:
            await until(lambda: len(house.journal(OnLine)) == 4, seconds=30)
            await until(lambda: book.stored_upto(uid) == 3)
            on = house.journal(OnLine)[-1]
            await until(lambda: house.now() - on.civil > 4 * SECOND)
        async with house.gateway() as book:
            await until(lambda: len(house.journal(OffLine)) == 4, seconds=30)
            await until(lambda: book.stored_upto(uid) == 4)
    stores = open_service(tmp_path)
    found(stores)
    worker_of(stores, tmp_path).handle(await house.batches(), FakeBroker(), lambda _: True)
    while checker_of(stores).check_due():
        pass
    sessions = sorted((row for row in rows(stores, SessionRow) if row.device_uid == uid), key=lambda row: row.counter)
    stores.close()

    assert [row.counter for row in sessions] == [1, 2, 3, 4]
    for row, on, off in zip(sessions, house.journal(OnLine), house.journal(OffLine), strict=True):
        assert abs(row.active_s - off.lit.total_seconds()) <= 1
        assert row.started_earliest <= on.civil <= row.started_latest
        assert row.started_latest - row.started_earliest < 8 * SECOND
        assert row.samples_stored + row.samples_missing == row.active_s == row.elapsed_s
        assert (row.recorded, row.conflict, row.dose_value) == (True, None, None)
    assert [row.end_reason for row in sessions] == ["user", "done", "user", "user"]


PANEL = DeviceUid("02f1a0c4558e9b31")
EPOCH, LATER_EPOCH = "00000000000000aa", "00000000000000bb"
PRESCRIBED_S = 600


def seen_panel():
    return SeenDevice(
        device=PANEL,
        family=BLOCKBLUELIGHT.name,
        modality=Modality.LED,
        model="BlockBlueLight panel",
        serial="",
        firmware="",
        features=["live"],
    )


def written(counter, active_s, epoch=EPOCH, fluence=None):
    """The record that a gateway writes of a session."""
    account = PanelAccount(
        counter=counter,
        timeline=counter,
        planned=timedelta(minutes=20),
        active=active_s * SECOND,
        end_reason=EndReason.USER,
        fluence_j_per_cm2=fluence,
        peak_irradiance_mw_per_cm2=fluence,
        previous_crc=FIRST,
    )
    return StoredRecord(
        device=PANEL,
        family=BLOCKBLUELIGHT.name,
        data=dump_record(account),
        received_at=datetime.now(UTC),
        epoch=epoch,
    )


def second_of(counter, number):
    """One second of a session, by time alone."""
    return SampleBlock(
        device=PANEL,
        counter=counter,
        modality=Modality.LED,
        state="emitting",
        first=number,
        received_at=datetime.now(UTC),
        columns=Columns(active_s=[number + 1], remaining_s=[1200 - number], signs=[0]),
        epoch=EPOCH,
    )


@pytest.fixture
def line(tmp_path):
    """A patient with a panel and ten minutes of it, 20 J/cm², five times a week."""
    made = Line(tmp_path)
    made.add_device(PANEL)
    regimen = replace(
        RF_REGIMEN,
        id=RegimenId(UUID(int=33)),
        modality=Modality.LED,
        phases=(weekly(3, timedelta(seconds=PRESCRIBED_S), Quantity(20.0, Unit.JOULE_PER_CM2)),),
        limits=replace(
            RF_REGIMEN.limits,
            duration=timedelta(seconds=PRESCRIBED_S + 60),
            dose=Quantity(25.0, Unit.JOULE_PER_CM2),
            rest=None,
            skin_celsius=None,
        ),
    )
    with made.stores.database.write() as session:
        session.add(
            RegimenRow(
                id=regimen.id, clinic_id=CLINIC, patient_id=PATIENT, modality="led", created_at=ago(999), ended_at=None
            )
        )
        session.flush()
        session.add(
            RegimenVersionRow(
                regimen_id=regimen.id,
                version=1,
                from_at=ago(999),
                prescriber_id=UUID(int=5),
                body=write_regimen(regimen),
            )
        )
    yield made
    made.stores.close()


def findings(line, counter, epoch=EPOCH):
    mine = session_id(PANEL, counter, epoch)
    return {row.rule: row for row in rows(line.stores, FindingRow) if row.session_id == mine}


def test_a_session_that_is_too_long_is_found_by_time_alone(line):
    line.bring(seen_panel(), second_of(1, 0), second_of(1, 899), written(1, 900))
    line.check()
    assert findings(line, 1)["too-long"].outcome == Outcome.FIRES
    assert findings(line, 1)["too-long"].because == "Emitted for 15.0 min, the limit is 11.0"


def test_the_dose_of_a_panel_without_calibration_is_undetermined_in_plain_words(line):
    line.bring(seen_panel(), second_of(1, 0), written(1, 500))
    line.check()
    found = findings(line, 1)
    assert {row.outcome for row in found.values()} == {Outcome.UNDETERMINED}
    assert found["over-dose"].because == "The device reported no dose"
    assert line.alerts() == {}


def test_the_dose_of_a_calibrated_panel_is_judged(line):
    line.bring(seen_panel(), written(1, 600, fluence=30.0))
    line.check()
    assert findings(line, 1)["over-dose"].outcome == Outcome.FIRES


def test_a_second_numbering_of_the_same_panel_makes_no_session_missing_and_no_conflict(line):
    line.bring(seen_panel(), *(written(counter, 500 + counter) for counter in (1, 2, 3)))
    said = ReportedMark(device=PANEL, at=ago(0), state="ready", newest=1, timeline=0)
    line.bring(written(1, 400, epoch=LATER_EPOCH), said)
    line.check()
    sessions = [row for row in rows(line.stores, SessionRow) if row.device_uid == PANEL]
    assert (len(sessions), {row.conflict for row in sessions}) == (4, {None})
    with line.stores.database.read() as session:
        assert ledger(session, physician(), PANEL).missing == ()
