"""Lost messages of a device, from the gateway's word to the device's row."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor_api.records.devices import DeviceRow
from tests.service import UID, FakeBroker, Sealer, found, open_service, rows, worker_of
from vocabulary.wire.batches import LinkStatus

NOW = datetime.now(UTC)


@pytest.fixture
def told(data):
    """Have a gateway tell how its link is, and give how many messages the service takes for lost."""
    stores, gateway = open_service(data), Sealer()
    found(stores)
    worker = worker_of(stores, data)

    def tell(lost, *, earlier=timedelta(0)):
        status = LinkStatus(device=UID, connected=True, heard_at=NOW - earlier, messages_lost=lost)
        worker.handle([gateway.batch(status, sealed_at=NOW - earlier)], FakeBroker(), lambda _: True)
        return rows(stores, DeviceRow)[0].messages_lost

    yield tell
    stores.close()


def test_a_device_that_numbers_no_messages_has_lost_no_known_number(told):
    assert told(None) is None


def test_the_latest_number_counts_and_falls_when_the_device_starts_anew(told):
    assert [told(7), told(9, earlier=timedelta(minutes=1)), told(0)] == [7, 7, 0]


def test_a_link_without_numbers_does_not_take_back_what_another_counted(told):
    assert [told(7), told(None)] == [7, 7]
