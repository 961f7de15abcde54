"""Receipts fit into what a gateway reads."""

from datetime import UTC, datetime

from monitor_api.errors import BatchRefused
from monitor_api.ingest.opening import Arrival, Origin, Refused
from monitor_api.ingest.receipts import receipts
from tests.service import CLINIC, GATEWAY, KEY
from vocabulary.wire.envelope import Header
from vocabulary.wire.receipts import open_receipt


def test_receipts_of_the_longest_reasons_are_ones_that_a_gateway_reads():
    origin = Origin(gateway=GATEWAY, clinic=CLINIC, key=KEY)
    arrival = Arrival(topic="t", payload=bytes(40), message_id=1)
    refused = [
        Refused(
            arrival=arrival,
            refusal=BatchRefused("body", "\x01" * 300),
            gateway=GATEWAY,
            clinic=CLINIC,
            origin=origin,
            header=Header(key_id=KEY.id, epoch=1, number=number),
        )
        for number in range(1, 501)
    ]
    made_at = datetime(2026, 3, 1, tzinfo=UTC)
    opened = [open_receipt(message.payload, KEY.receipt_key(1)) for message in receipts(refused, made_at)]
    assert {one.at for one in opened} == {made_at}
    assert [number for one in opened for number, _, _ in one.refused] == list(range(1, 501))
