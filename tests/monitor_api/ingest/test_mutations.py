"""A hundred thousand mutated batches: none crashes ingest, none is stored, and the next good one is."""

from random import Random

import pytest

from monitor_api.ingest.opening import Arrival, Opened, Opener, Origin
from monitor_api.records.devices import QuarantineRow
from tests.service import (
    CLINIC,
    GATEWAY,
    KEY,
    FakeBroker,
    Sealer,
    body,
    found,
    key_of,
    open_service,
    rf_device,
    rf_samples,
    rows,
    worker_of,
)
from vocabulary.wire.batches import encode_body

MUTANTS = 100_000


class OneGateway:
    """A keyring that knows one gateway."""

    def origin(self, gateway, key_id):
        known = gateway == GATEWAY and key_id == KEY.id
        return Origin(gateway=GATEWAY, clinic=CLINIC, key=KEY) if known else None

    def clinic(self, gateway):
        return CLINIC if gateway == GATEWAY else None


def mutate(text: bytes, chance: Random) -> bytes:
    """Flip, cut, insert, repeat or swap bytes, one to four times."""
    mutant = bytearray(text)
    for _ in range(chance.randint(1, 4)):
        at, other = chance.randrange(len(mutant) + 1), chance.randrange(len(mutant) + 1)
        match chance.randrange(5):
            case 0 if mutant:
                mutant[at - 1] ^= 1 << chance.randrange(8)
            case 1:
                del mutant[min(at, other) : max(at, other)]
            case 2:
                mutant[at:at] = chance.randbytes(chance.randint(1, 8))
            case 3:
                mutant += mutant[min(at, other) : max(at, other)]
            case _:
                mutant[at:at] = chance.choice(
                    [b"null", b"1e999", b"-1", b'"', b"[", b"{", b"\xff", b"99999999999999999999"]
                )
    return bytes(mutant)


def test_a_hundred_thousand_mutated_batches_are_opened_or_refused_and_none_crashes():
    chance, gateway = Random(20260301), Sealer()
    opener = Opener(OneGateway())
    text = encode_body(body(rf_device(), rf_samples(0)))
    whole = gateway.sealed(text, 1)
    outcomes = {Opened: 0}
    for number in range(MUTANTS):
        if number % 2:
            arrival = Arrival(topic=whole.topic, payload=mutate(whole.payload, chance), message_id=number)
        else:
            arrival = gateway.sealed(mutate(text, chance), number)
        outcome = type(opener.open(arrival))
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert sum(outcomes.values()) == MUTANTS
    assert outcomes[Opened] < MUTANTS * 0.1


@pytest.mark.parametrize("seed", range(3))
def test_after_a_storm_of_mutants_the_next_good_batch_is_stored(tmp_path, seed):
    stores = open_service(tmp_path)
    found(stores)
    worker, broker, gateway, chance = worker_of(stores, tmp_path), FakeBroker(), Sealer(), Random(seed)
    whole = gateway.batch(rf_samples(0))
    storm = [Arrival(topic=whole.topic, payload=mutate(whole.payload, chance), message_id=n) for n in range(500)]
    worker.handle([one for one in storm if one.payload != whole.payload], broker, lambda _: True)
    assert stores.telemetry.series(key_of()).count == 0
    worker.handle([whole], broker, lambda _: True)
    assert stores.telemetry.series(key_of()).count == 10
    assert sum(row.times for row in rows(stores, QuarantineRow)) == len(
        [one for one in storm if one.payload != whole.payload]
    )
    stores.close()
