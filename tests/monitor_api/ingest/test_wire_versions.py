"""Batches as gateways of each wire version that is read sealed them: bytes on file, taken as they are."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor_api.ingest.opening import Arrival
from monitor_api.records.devices import AnchorRow, DeviceRow, QuarantineRow
from monitor_api.records.orders import IncidentRow
from monitor_api.records.sessions import GapRow, RecordRow
from tests.service import GATEWAY, KEY, FakeBroker, found, key_of, open_service, rows, worker_of
from vocabulary.wire.envelope import VERSION, read_header
from vocabulary.wire.topics import batch_topic

AT = datetime(2026, 3, 2, 18, tzinfo=UTC)
FILES = {1: Path(__file__).parents[2] / "wire-1-vectors.json"}
"""What gateways sealed: a file for each version, made when it was new and never since."""


def sealed(version):
    vectors = json.loads(FILES[version].read_text())
    assert (vectors["wire version"], vectors["gateway"], vectors["key id"]) == (version, GATEWAY, KEY.id)
    assert bytes.fromhex(vectors["key"]) == KEY.secret
    return [bytes.fromhex(batch["sealed"]) for batch in vectors["batches"]]


def test_this_wire_version_and_the_one_before_it_are_read_and_no_other():
    """There is no version before 1: whoever makes 2 keeps 1 among those that are read, and its file here."""
    readable = [version for version in range(256) if is_read(version)]
    assert readable == [version for version in (VERSION - 1, VERSION) if version >= 1] == sorted(FILES)


def is_read(version):
    try:
        read_header(bytes([version]) + sealed(VERSION)[0][1:])
    except Exception as error:  # noqa: BLE001 - whichever it is, its words are looked at
        assert "version" in str(error)  # noqa: PT017
        return False
    return True


@pytest.mark.parametrize("version", FILES)
def test_batches_that_gateways_of_a_version_sealed_are_taken_whole(version, data):
    stores, broker = open_service(data), FakeBroker()
    found(stores)
    arrivals = [
        Arrival(topic=batch_topic(GATEWAY), payload=one, message_id=number)
        for number, one in enumerate(sealed(version), 1)
    ]
    worker_of(stores, data).handle(arrivals, broker, lambda _: True)
    assert broker.taken(0x0123456789ABCDEF) == {1, 2, 3, 4}
    assert rows(stores, QuarantineRow) == []
    series = stores.telemetry.series(key_of())
    assert (series.count, list(series.sequence())) == (10, list(range(10)))
    (device,) = rows(stores, DeviceRow)
    assert (device.state, device.battery_percent, device.features) == ("ready", 80, ["skin temperature", "contact"])
    assert [(row.tick_s, row.at) for row in rows(stores, AnchorRow)] == [(1000.0, AT)]
    assert [(row.first, row.last) for row in rows(stores, GapRow)] == [(10, 239)]
    assert [row.received_at for row in rows(stores, RecordRow)] == [AT]
    assert [row.detail for row in rows(stores, IncidentRow)] == ["no space left"]
    stores.close()
