"""Ingest: a batch is taken once, receipted after it is on disk, and refused with the reason when it is none."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from msgspec import structs
from sqlalchemy import event

from monitor_api.errors import BrokerDeaf
from monitor_api.ingest.keyring import StoredKeyring
from monitor_api.records.attention import AuditRow
from monitor_api.records.clocks import LiveStartRow
from monitor_api.records.devices import AnchorRow, BatchRow, DeviceRow, GatewayRow, MarkRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.sessions import DueRow, GapRow, RecordRow, SessionRow
from tests.monitor_api.ingest.handing import Service, on_each_store, record_of
from tests.records import rf_record
from tests.service import CLINIC, GATEWAY, KEY, UID, body, key_of, rf_device, rf_samples, rows, settings
from vocabulary.devices import Feature, Modality
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import Gap, LinkStatus, OrderOutcome, ReportedMark, ReportedOrder, SeenAnchor, encode_body


def mark(at, state="ready"):
    return ReportedMark(device=UID, at=at, state=state, newest=1, timeline=1)


@on_each_store
def test_samples_gaps_and_records_are_stored_and_their_session_is_due(service):
    start = datetime.now(UTC) - timedelta(minutes=10)
    gap = Gap(device=UID, counter=1, first=10, last=239)
    service.hand_over(service.gateway.batch(rf_device(), rf_samples(0), gap, record_of(rf_record(start=start))))
    assert service.stores.telemetry.series(key_of()).count == 10
    assert [(row.first, row.last) for row in rows(service.stores, GapRow)] == [(10, 239)]
    assert [row.data for row in rows(service.stores, RecordRow)] == [rf_record(start=start)]
    assert [(row.session_id, row.generation) for row in rows(service.stores, DueRow)] == [(key_of().session, 1)]
    assert service.broker.taken() == {1}


def test_a_session_began_no_later_than_its_promptest_sample_says_for_each_boot_that_received_some(service):
    start = datetime.now(UTC) - timedelta(minutes=10)
    for delay_s, first in ((20, 0), (3, 10), (9, 20)):
        received_at = start + timedelta(seconds=first + 10 + delay_s)
        service.hand_over(service.gateway.batch(rf_samples(first, at=received_at)))
    (row,) = rows(service.stores, LiveStartRow)
    assert (row.gateway_id, row.boot, row.began_by) == (GATEWAY, 1, start + timedelta(seconds=3))


@on_each_store
def test_a_batch_that_comes_again_changes_nothing_and_is_receipted_again(service):
    arrival = service.gateway.batch(rf_samples(0))
    service.hand_over(arrival)
    before = rows(service.stores, DueRow)[0].generation
    service.hand_over(arrival)
    assert service.stores.telemetry.series(key_of()).count == 10
    assert rows(service.stores, DueRow)[0].generation == before
    assert service.count(BatchRow) == 1
    assert [receipt.taken[0][0] for receipt in service.broker.receipts()] == [1, 1]


@on_each_store
def test_the_same_items_in_another_batch_are_the_same_items(service):
    block = rf_samples(0)
    service.hand_over(service.gateway.batch(block), service.gateway.batch(block))
    series = service.stores.telemetry.series(key_of())
    assert (series.count, series.clashes) == (10, 0)


@on_each_store
def test_another_batch_under_a_taken_number_is_taken_by_its_items_and_leaves_a_trail(service):
    service.hand_over(service.gateway.sealed(encode_body(body(rf_samples(0))), 1))
    service.hand_over(service.gateway.sealed(encode_body(body(rf_samples(10))), 1))
    assert service.stores.telemetry.series(key_of()).count == 20
    assert [row.action for row in rows(service.stores, AuditRow)] == ["batch number reused"]


def test_nothing_depends_on_the_order_of_batches(service):
    early, late = datetime.now(UTC) - timedelta(minutes=2), datetime.now(UTC) - timedelta(minutes=1)
    newer = service.gateway.batch(mark(late, "emitting"), sealed_at=late)
    older = service.gateway.batch(mark(early, "ready"), sealed_at=early)
    service.hand_over(newer)
    service.hand_over(older)
    (device,) = rows(service.stores, DeviceRow)
    assert (device.state, device.state_at, device.heard_at) == ("emitting", late, late)
    assert rows(service.stores, GatewayRow)[0].heard_at == late
    assert service.count(MarkRow) == 2


def test_two_records_of_one_session_that_differ_are_both_kept(service):
    start = datetime.now(UTC) - timedelta(minutes=10)
    service.hand_over(service.gateway.batch(record_of(rf_record(start=start, energy_j=1800))))
    service.hand_over(service.gateway.batch(record_of(rf_record(start=start, energy_j=1801))))
    assert service.count(RecordRow) == 2


def test_an_anchor_has_an_unplaced_session_checked_again(service):
    with service.stores.database.write() as session:
        session.add(
            SessionRow(
                clinic_id=CLINIC,
                id=key_of().session,
                device_uid=UID,
                counter=1,
                gateway_id=GATEWAY,
                first_heard_at=datetime.now(UTC),
                heard_at=datetime.now(UTC),
                recorded=True,
                samples_stored=0,
                samples_missing=0,
            )
        )
    anchor = SeenAnchor(device=UID, timeline=1, tick_s=60.0, at=datetime.now(UTC), uncertainty_s=0.5)
    service.hand_over(service.gateway.batch(anchor))
    assert service.count(AnchorRow) == 1
    assert [row.session_id for row in rows(service.stores, DueRow)] == [key_of().session]


def test_what_came_without_a_wish_for_an_answer_is_stored_and_not_acknowledged(service):
    """An acknowledgement of QoS 0 is a protocol error, for which a broker cuts the connection of all clinics."""
    service.hand_over(replace(service.gateway.batch(rf_samples(0)), qos=0), service.gateway.batch(rf_samples(10)))
    assert service.stores.telemetry.series(key_of()).count == 20
    assert service.broker.acknowledged == [2]


def test_a_worker_to_whom_nothing_can_arrive_any_more_ends_loudly(service):
    service.broker.listens = False
    with pytest.raises(BrokerDeaf):
        service.worker.run(service.broker, Event())


def test_what_a_thousand_devices_and_gateways_say_is_looked_up_in_portions(tmp_path):
    """A store takes only so many parameters in one statement; a portion has 900 of them."""
    service = Service(tmp_path)
    engine = service.stores.database.engine
    engine.dispose()
    event.listen(engine, "connect", lambda made, _: made.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 1_100))
    devices = [structs.replace(rf_device(), device=f"{n:016x}") for n in range(1, 1_101)]
    reports = [
        ReportedOrder(device=UID, wish=f"{n:032x}", outcome=OrderOutcome.DONE, at=datetime.now(UTC))
        for n in range(1, 1_201)
    ]
    said = [some[start : start + 300] for some in (devices, reports) for start in range(0, len(some), 300)]
    service.worker._intake.take(service.worker._opener.open_all([service.gateway.batch(*items) for items in said]))
    assert service.count(BatchRow) == len(said)
    keyring = StoredKeyring(service.stores.database, KeyWrap(settings(tmp_path).secret_bytes), lambda: 0.0)
    keyring.expect([(GATEWAY, KEY.id), *((GatewayId(f"gw-{n}"), 1) for n in range(100, 1_300))])
    assert keyring.origin(GATEWAY, KEY.id).clinic == CLINIC
    service.stores.close()


def test_a_device_was_heard_when_it_was_heard_and_not_when_its_gateway_speaks_of_it(service):
    long_ago, now = datetime.now(UTC) - timedelta(days=3), datetime.now(UTC)
    service.hand_over(
        service.gateway.batch(rf_samples(0, at=long_ago), sealed_at=long_ago),
        service.gateway.batch(LinkStatus(device=UID, connected=False, heard_at=long_ago), sealed_at=now),
    )
    (device,) = rows(service.stores, DeviceRow)
    assert (device.heard_at, device.connected) == (long_ago, False)
    assert rows(service.stores, GatewayRow)[0].heard_at == now


def test_an_older_word_on_a_link_replaces_no_newer_one(service):
    now = datetime.now(UTC)
    newer = service.gateway.batch(LinkStatus(device=UID, connected=True, heard_at=now), sealed_at=now)
    then = now - timedelta(minutes=1)
    older = service.gateway.batch(LinkStatus(device=UID, connected=False, heard_at=then), sealed_at=then)
    service.hand_over(newer)
    service.hand_over(older)
    assert rows(service.stores, DeviceRow)[0].connected is True


@pytest.mark.parametrize("groups", [1, 2])
def test_an_older_introduction_replaces_no_newer_one(service, groups):
    """After an outage the newest comes first."""
    now, firmware = datetime.now(UTC), ["2", "1"]
    arrivals = [
        service.gateway.batch(
            structs.replace(rf_device(), firmware=version, features=[Feature.LIVE] * (version == "1")),
            sealed_at=now - timedelta(days=days),
        )
        for days, version in enumerate(firmware)
    ]
    for group in [arrivals] if groups == 1 else [[one] for one in arrivals]:
        service.hand_over(*group)
    (device,) = rows(service.stores, DeviceRow)
    assert (device.firmware, device.features, device.said_at) == ("2", [], now)
    later = structs.replace(rf_device(), firmware="3")
    service.hand_over(service.gateway.batch(later, sealed_at=now + timedelta(seconds=1)))
    assert [row.firmware for row in rows(service.stores, DeviceRow)] == ["3"]


def test_samples_say_the_modality_of_a_device_that_has_not_said_what_it_is(service):
    service.hand_over(service.gateway.batch(structs.replace(rf_samples(0), modality=Modality.LED)))
    assert [row.modality for row in rows(service.stores, DeviceRow)] == [Modality.LED]
    service.hand_over(service.gateway.batch(rf_device()))
    service.hand_over(service.gateway.batch(structs.replace(rf_samples(10), modality=Modality.LED)))
    assert [row.modality for row in rows(service.stores, DeviceRow)] == [Modality.RF]


def test_a_session_whose_record_is_here_is_recorded_before_anybody_has_checked_it(service):
    long_ago = datetime.now(UTC) - timedelta(days=3)
    service.hand_over(service.gateway.batch(rf_samples(0)))
    assert [row.recorded for row in rows(service.stores, SessionRow)] == [False]
    service.hand_over(
        service.gateway.batch(record_of(rf_record(1, start=long_ago)), record_of(rf_record(2, start=long_ago)))
    )
    assert [(row.recorded, row.checked_at) for row in rows(service.stores, SessionRow)] == [(True, None), (True, None)]
