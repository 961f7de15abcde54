"""What tests of ingest begin with: a service into which they hand batches."""

from datetime import UTC, datetime

import pytest

from monitor_api.ingest.opening import Arrival
from tests.service import UID, FakeBroker, Sealer, found, open_service, rows, worker_of
from vocabulary.wire.batches import StoredRecord


class Service:
    """A service, its worker and a broker that remembers."""

    def __init__(self, directory, telemetry=None):
        self.stores = open_service(directory, telemetry)
        found(self.stores)
        self.worker, self.broker, self.gateway = worker_of(self.stores, directory), FakeBroker(), Sealer()

    def hand_over(self, *arrivals: Arrival):
        self.worker.handle(list(arrivals), self.broker, lambda _: True)

    def count(self, table):
        return len(rows(self.stores, table))


on_each_store = pytest.mark.parametrize("service", ["sqlite", "influxdb"], indirect=True)


def record_of(data):
    return StoredRecord(device=UID, family="hets/1", data=data, received_at=datetime.now(UTC))
