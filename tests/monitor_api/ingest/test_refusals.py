"""A batch that is none is refused with the reason, kept, and keeps nobody else out."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor_api.ingest.opening import Arrival
from monitor_api.records.devices import GatewayKeyRow, GatewayRow, QuarantineRow
from monitor_api.records.sessions import RecordRow
from tests.monitor_api.ingest.handing import record_of
from tests.records import rf_record
from tests.service import CLINIC, GATEWAY, body, key_of, rf_samples, rows
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import encode_body
from vocabulary.wire.limits import BATCH_BYTES


def test_a_record_that_no_driver_reads_is_quarantined_and_its_neighbours_are_taken(service):
    good = rf_record(start=datetime.now(UTC) - timedelta(minutes=10))
    service.hand_over(service.gateway.batch(record_of(b"\x01" * 56), record_of(good), rf_samples(0)))
    assert [row.data for row in rows(service.stores, RecordRow)] == [good]
    (kept,) = rows(service.stores, QuarantineRow)
    assert (kept.part, kept.data, kept.clinic_id) == ("record", b"\x01" * 56, CLINIC)
    assert "record.crc" in kept.reason or "record." in kept.reason
    assert service.broker.taken() == {1}


NEVER = datetime(2300, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda g: g.sealed(b"{}", 1), "body"),
        (lambda g: g.sealed(b"\xff\xfe", 1), "body"),
        (lambda g: g.sealed(b'{"kind":"example"}', 1), "body.kind"),
        (lambda g: g.batch(rf_samples(0), sealed_at=NEVER), "body.sealed_at"),
        (lambda g: g.batch(rf_samples(0, at=NEVER)), "body.samples[0].received_at"),
        (lambda g: g.sealed(encode_body(body(rf_samples(0))), 2**63), "envelope.number"),
    ],
)
def test_what_is_sealed_and_wrong_is_refused_in_the_receipt_and_kept_whole(service, make, part):
    bad, good = make(service.gateway), service.gateway.sealed(encode_body(body(rf_samples(0))), 77)
    service.hand_over(bad, good)
    (reason,) = service.broker.refused().values()
    assert reason.startswith(f"{part}: ")
    (kept,) = rows(service.stores, QuarantineRow)
    assert (kept.part, kept.data, kept.gateway_id) == (part, bad.payload, GATEWAY)
    assert service.broker.taken() == {77}
    assert sorted(service.broker.acknowledged) == sorted([bad.message_id, 77])


def tampered(gateway):
    arrival = gateway.batch(rf_samples(0))
    return Arrival(topic=arrival.topic, payload=arrival.payload[:-1] + b"!", message_id=1)


def moved(gateway):
    arrival = gateway.batch(rf_samples(0), gateway=GatewayId("gw-02"))
    return Arrival(topic=f"het/v1/gw/{GATEWAY}/batch", payload=arrival.payload, message_id=1)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (tampered, "envelope.tag"),
        (moved, "envelope.tag"),
        (lambda g: g.batch(rf_samples(0), gateway=GatewayId("gw-99")), "envelope.key_id"),
        (lambda _: Arrival(topic=f"het/v1/gw/{GATEWAY}/batch", payload=b"junk", message_id=1), "envelope"),
        (
            lambda _: Arrival(topic=f"het/v1/gw/{GATEWAY}/batch", payload=bytes(BATCH_BYTES + 1), message_id=1),
            "envelope",
        ),
        (lambda g: Arrival(topic="", payload=g.batch(rf_samples(0)).payload, message_id=1), "topic"),
    ],
)
def test_what_nobody_is_known_to_have_sealed_is_kept_and_receipted_to_nobody(service, make, part):
    bad = make(service.gateway)
    service.hand_over(bad)
    (kept,) = rows(service.stores, QuarantineRow)
    assert (kept.part, kept.data) == (part, bad.payload)
    assert service.broker.published == []
    assert service.stores.telemetry.series(key_of()).count == 0


def test_what_is_refused_again_and_again_is_one_row_that_counts(service):
    bad = Arrival(topic=f"het/v1/gw/{GATEWAY}/batch", payload=b"junk", message_id=1)
    for _ in range(3):
        service.hand_over(bad, bad)
    (kept,) = rows(service.stores, QuarantineRow)
    assert (kept.times, kept.gateway_id, kept.clinic_id) == (6, GATEWAY, CLINIC)
    assert kept.last_at > kept.received_at


def test_what_comes_under_an_unknown_gateways_name_is_nobodys(service):
    service.hand_over(service.gateway.batch(rf_samples(0), gateway=GatewayId("gw-99")))
    (kept,) = rows(service.stores, QuarantineRow)
    assert (kept.gateway_id, kept.clinic_id) == (None, None)


def test_a_retired_key_opens_nothing(service):
    with service.stores.database.write() as session:
        session.get_one(GatewayKeyRow, (GATEWAY, 7)).retired_at = datetime.now(UTC)
    service.hand_over(service.gateway.batch(rf_samples(0)))
    assert service.stores.telemetry.series(key_of()).count == 0


def test_a_key_that_this_service_cannot_read_is_refused_and_keeps_nobody_else_out(service):
    other = GatewayId("home-9")
    with service.stores.database.write() as session:
        now = datetime.now(UTC)
        session.add(GatewayRow(id=other, clinic_id=CLINIC, name="9", registered_at=now, heard_at=None))
        session.flush()
        session.add(GatewayKeyRow(gateway_id=other, key_id=1, wrapped=bytes(60), created_at=now, retired_at=None))
    service.hand_over(service.gateway.batch(rf_samples(0), gateway=other), service.gateway.batch(rf_samples(10)))
    assert service.broker.taken() == {2}
    assert [(row.part, row.gateway_id) for row in rows(service.stores, QuarantineRow)] == [("envelope.key_id", other)]
