"""While a store fails nothing is receipted, and nothing is refused for what is the store's fault."""

import pytest

from monitor_api.errors import StoreUnavailable, StoreUnusable
from monitor_api.ingest.intake import Intake
from monitor_api.ingest.keyring import StoredKeyring
from monitor_api.ingest.opening import Opener
from monitor_api.ingest.presence import Presence
from monitor_api.ingest.worker import Worker
from monitor_api.records.devices import QuarantineRow
from monitor_api.records.key_wrap import KeyWrap
from tests.monitor_api.ingest.handing import on_each_store
from tests.service import key_of, rf_samples, rows, settings


def intake_of(stores):
    return Intake(stores.database, stores.telemetry, stores.clocks), stores.database, stores.clocks.civil


def presence_of(stores):
    return Presence(stores.database, "1", stores.clocks.wall)


@on_each_store
def test_a_batch_that_no_store_accepts_is_set_aside_and_its_neighbours_are_taken(service):
    class Picky:
        """Telemetry that fails on one session, for a reason of its own."""

        def append(self, blocks):
            if any(key == key_of(2) for key, _ in blocks):
                raise ValueError("poison")
            service.stores.telemetry.append(blocks)

    service.worker._intake._telemetry = Picky()
    batches = [service.gateway.batch(rf_samples(0, counter=counter)) for counter in (1, 2, 3)]
    service.hand_over(*batches)
    assert service.broker.taken() == {1, 3}
    assert service.broker.refused() == {2: "store: ValueError: poison"}
    assert service.count(QuarantineRow) == 1


def test_what_a_store_goes_on_to_say_of_the_data_is_kept_from_logs_receipts_and_reasons(service, caplog):
    class Talkative:
        """Telemetry that speaks as drivers do."""

        def append(self, _):
            raise ValueError("no such column\nDETAIL:  Failing row contains (Jane).")

    service.worker._intake._telemetry = Talkative()
    service.hand_over(service.gateway.batch(rf_samples(0)))
    (kept,) = rows(service.stores, QuarantineRow)
    assert service.broker.refused() == {1: "store: ValueError: no such column"}
    assert kept.reason == "ValueError: no such column"
    assert "no such column" in caplog.text
    assert "Jane" not in caplog.text


@on_each_store
def test_while_a_store_fails_nothing_is_receipted_and_then_all_is(service):
    class Failing:
        """Telemetry that is out of order twice."""

        def __init__(self):
            self.left = 2

        def append(self, blocks):
            if self.left:
                self.left -= 1
                raise StoreUnavailable("telemetry", "disk full")
            service.stores.telemetry.append(blocks)

    service.worker._intake._telemetry = Failing()
    published_meanwhile = []

    def wait(_seconds):
        published_meanwhile.append(len(service.broker.published))
        return False

    service.worker.handle([service.gateway.batch(rf_samples(0))], service.broker, wait)
    assert published_meanwhile == [0, 0]
    assert service.broker.taken() == {1}


def test_a_store_that_turns_the_worker_away_is_no_batchs_fault(service):
    """Its token was withdrawn, say: nothing is refused for that, nothing is receipted, and the worker ends."""

    class Closed:
        def append(self, _):
            raise StoreUnusable("telemetry", "unauthorized")

    service.worker._intake._telemetry = Closed()
    with pytest.raises(StoreUnusable):
        service.hand_over(service.gateway.batch(rf_samples(0)), service.gateway.batch(rf_samples(10)))
    assert (service.broker.published, service.broker.acknowledged) == ([], [])
    assert service.count(QuarantineRow) == 0


def test_a_worker_that_must_stop_while_a_store_fails_tells_nobody_anything(service):
    class Failing:
        def append(self, _):
            raise StoreUnavailable("telemetry", "disk full")

    service.worker._intake._telemetry = Failing()
    service.hand_over(service.gateway.batch(rf_samples(0)))
    assert (service.broker.published, service.broker.acknowledged) == ([], [])


def test_a_key_that_cannot_be_looked_up_for_now_is_looked_up_again(service, tmp_path):
    class Hesitant:
        def __init__(self, keyring):
            self.keyring, self.failures = keyring, 2

        def expect(self, names):
            pass

        def origin(self, gateway, key_id):
            self.failures -= 1
            if self.failures >= 0:
                raise StoreUnavailable("records", "locked")
            return self.keyring.origin(gateway, key_id)

        def clinic(self, gateway):
            return self.keyring.clinic(gateway)

    keyring = StoredKeyring(service.stores.database, KeyWrap(settings(tmp_path).secret_bytes), lambda: 0.0)
    worker = Worker(Opener(Hesitant(keyring)), *intake_of(service.stores), presence=presence_of(service.stores))
    worker.handle([service.gateway.batch(rf_samples(0))], service.broker, lambda _: False)
    assert service.broker.taken() == {1}
