"""Ingest killed -9 at every step: nothing receipted that is not stored, nothing lost, nothing twice."""

from datetime import UTC, datetime, timedelta

from monitor_api.ingest.receipts import receipts
from monitor_api.ingest.worker import Worker
from monitor_api.records.sessions import DueRow, RecordRow
from tests.kills.dying import in_child, lines, noted, steps_to_die_at
from tests.records import rf_record
from tests.service import (
    UID,
    FakeBroker,
    Sealer,
    found,
    give_back,
    key_of,
    open_service,
    rf_device,
    rf_samples,
    rows,
    worker_of,
)
from vocabulary.wire.batches import Gap, StoredRecord

BATCHES = 3
START = datetime.now(UTC) - timedelta(minutes=10)
RECORD = rf_record(start=START, elapsed_s=240)


def arrivals():
    gateway = Sealer()
    stored = StoredRecord(device=UID, family="hets/1", data=RECORD, received_at=datetime.now(UTC))
    return [
        gateway.batch(rf_device(), rf_samples(0)),
        gateway.batch(rf_samples(10)),
        gateway.batch(stored, Gap(device=UID, counter=1, first=20, last=239)),
    ]


class NotingBroker(FakeBroker):
    """A broker whose receipts are known even after the worker is dead."""

    def __init__(self, note, step):
        super().__init__()
        self._note, self._step = note, step

    def publish(self, message):
        self._step()
        super().publish(message)
        for receipt in self.receipts()[-1:]:
            for number, _ in receipt.taken:
                self._note(number)

    def acknowledge(self, message_ids):
        self._step()
        super().acknowledge(message_ids)


class ReceiptBeforeCommit(Worker):
    """The sabotaged twin: tells the gateways first, and stores afterwards."""

    def handle(self, group, broker, _wait):
        opened = [self._opener.open(arrival) for arrival in group]
        for message in receipts(opened, self._clock()):
            broker.publish(message)
        broker.acknowledge([arrival.message_id for arrival in group])
        self._store(group, opened)


class Crash:
    """One service, hit by one kill and brought back."""

    def __init__(self, directory, worker=None):
        self.directory, self.worker = directory, worker
        self.receipts = directory / "receipts"
        stores = open_service(directory)
        found(stores)
        stores.close()
        self.arrivals = arrivals()

    def work(self, steps):
        stores = open_service(self.directory)
        made = worker_of(stores, self.directory)
        if self.worker is not None:
            made.__class__ = self.worker
        steps.watch(stores.telemetry._connection)
        stores.database.engine.dispose()
        steps.watch_engine(stores.database.engine)
        with noted(self.receipts) as note:
            made.handle(self.arrivals, NotingBroker(note, steps.step), lambda _: True)

    def kill_at(self, step):
        return in_child(self.work, step)

    def receipted(self):
        return {int(line) for line in lines(self.receipts)}

    def stored(self):
        """Numbers of the batches whose content is on disk in both stores."""
        stores = open_service(self.directory)
        samples = set(stores.telemetry.series(key_of()).sequence())
        records = [row.data for row in rows(stores, RecordRow)]
        due = rows(stores, DueRow)
        stores.close()
        return {
            number
            for number, there in enumerate(
                (samples >= set(range(10)) and due, samples >= set(range(10, 20)) and due, records == [RECORD] and due),
                1,
            )
            if there
        }


def steps_of(directory, worker=None):
    return Crash(directory, worker).kill_at(None)


def test_whatever_was_receipted_when_ingest_died_is_stored_and_the_rest_comes_again(data):
    total = steps_of(directory_in(data, "count"))
    assert total > 20
    for step in steps_to_die_at(data, total):
        crash = Crash(directory_in(data, step))
        assert crash.kill_at(step) is None
        assert crash.receipted() <= crash.stored(), f"killed at step {step} of {total}"
        crash.kill_at(None)
        assert crash.stored() == crash.receipted() == {1, 2, 3}, f"killed at step {step} of {total}"
        give_back(crash.directory)


def test_killed_again_and_again_it_still_takes_each_batch_once(data):
    crash = Crash(data)
    for step in range(3, 30, 3):
        crash.kill_at(step)
    crash.kill_at(None)
    stores = open_service(data)
    series = stores.telemetry.series(key_of())
    assert (series.count, series.clashes) == (20, 0)
    assert [row.data for row in rows(stores, RecordRow)] == [RECORD]
    stores.close()


def test_a_twin_that_receipts_before_it_stores_is_caught(data):
    total = steps_of(directory_in(data, "count"), ReceiptBeforeCommit)
    broken = []
    for step in range(1, total + 1, 3):
        crash = Crash(directory_in(data, step), ReceiptBeforeCommit)
        crash.kill_at(step)
        broken.append(not crash.receipted() <= crash.stored())
        give_back(crash.directory)
    assert any(broken)


def directory_in(data, name):
    directory = data / str(name)
    directory.mkdir()
    return directory
