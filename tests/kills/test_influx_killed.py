"""InfluxDB killed and back while ingest writes: nothing is lost, and what a receipt names was stored by then."""

import time
from contextlib import closing, suppress
from random import Random
from threading import Event, Thread

import pytest

from monitor_api.errors import StoreUnavailable
from monitor_api.telemetry.influx import InfluxTelemetry
from tests.servers.influx import running_influx
from tests.service import FakeBroker, Sealer, found, key_of, open_service, rf_samples, worker_of

KILLS = 4
BATCHES = 40
"""Between one kill and the next."""


class Killed:
    """An ingest worker over an InfluxDB of its own, and what its receipts named at each kill."""

    def __init__(self, influx, directory, store):
        self.influx, self.settings = influx, influx.bucket()
        self.stores = open_service(directory, store(self.settings))
        found(self.stores)
        self.worker, self.broker, self.gateway = worker_of(self.stores, directory), FakeBroker(), Sealer()
        self.stop, self.sent = Event(), 0
        self.running = Thread(target=self.worker.run, args=(self.broker, self.stop))
        self.running.start()

    def send(self, many):
        for _ in range(many):
            self.worker.arrivals.put(self.gateway.batch(rf_samples(self.sent * 10)))
            self.sent += 1

    def wait_for(self, receipts):
        until = time.monotonic() + 180
        while len(self.broker.taken()) < receipts:
            assert self.running.is_alive()
            assert time.monotonic() < until, f"{len(self.broker.taken())} of {receipts} receipts"
            time.sleep(0.02)

    def stored(self):
        """Numbers of the samples that another process reads."""
        with closing(InfluxTelemetry(self.settings)) as other:
            return set(other.series(key_of()).sequence())

    def close(self):
        self.stop.set()
        self.running.join()
        self.stores.close()


def samples_of(batches):
    return {number for batch in batches for number in range((batch - 1) * 10, batch * 10)}


@pytest.fixture
def killed(request, tmp_path):
    store = getattr(request, "param", InfluxTelemetry)
    files = tmp_path / "influx"
    files.mkdir()
    with running_influx(files) as influx, closing(Killed(influx, tmp_path, store)) as running:
        yield running


def test_influxdb_killed_mid_stream_loses_nothing_that_was_receipted_and_takes_the_rest_when_it_is_back(killed):
    chance = Random(5)
    for _ in range(KILLS):
        before = killed.sent
        killed.send(BATCHES)
        killed.wait_for(before + chance.randint(0, 5))
        killed.influx.kill()
        named = killed.broker.taken()
        killed.send(5)
        killed.influx.start()
        assert samples_of(named) <= killed.stored()
        killed.wait_for(killed.sent)
    assert killed.broker.refused() == {}
    assert killed.stored() == samples_of(range(1, killed.sent + 1))
    assert killed.stores.telemetry.series(key_of()).clashes == 0


class Hasty(InfluxTelemetry):
    """The sabotaged twin: says that samples are stored when InfluxDB did not take them."""

    def append(self, blocks):
        with suppress(StoreUnavailable):
            super().append(blocks)


@pytest.mark.parametrize("killed", [Hasty], indirect=True)
def test_a_twin_that_does_not_wait_for_influxdb_is_caught(killed):
    killed.influx.kill()
    killed.send(3)
    killed.wait_for(3)
    killed.influx.start()
    assert not samples_of(killed.broker.taken()) <= killed.stored()
