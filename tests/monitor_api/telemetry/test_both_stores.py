"""Whatever is appended, in whatever pieces and however often: a session read from each store is equal."""

import math
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_api.telemetry.influx import InfluxTelemetry
from monitor_api.telemetry.series import SeriesKey
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.monitor_api.telemetry.blocks import blocks
from tests.service import UID
from vocabulary.identity import ClinicId, session_id


@pytest.fixture(scope="module")
def stores(influx, tmp_path_factory):
    both = SqliteTelemetry(tmp_path_factory.mktemp("both") / "telemetry.sqlite"), InfluxTelemetry(influx.bucket())
    yield both
    for store in both:
        store.close()


def exact(samples):
    """Samples with the types and signs of their numbers, which `==` does not see."""
    return [
        (number, state, zone, {name: (type(value), math.copysign(1, value), value) for name, value in measured.items()})
        for number, state, zone, measured in samples
    ]


@settings(max_examples=30)
@given(given_blocks=st.lists(blocks(), min_size=1, max_size=6), again=st.randoms(use_true_random=False))
def test_a_session_read_from_each_store_is_equal_bit_for_bit(stores, given_blocks, again):
    clinic = ClinicId(uuid4())
    keyed = [(SeriesKey(clinic=clinic, session=session_id(UID, one.counter)), one) for one in given_blocks]
    for store in stores:
        store.append(keyed)
        store.append(again.sample(keyed, again.randint(0, len(keyed))))
    for key in {key for key, _ in keyed}:
        embedded, influx = (store.series(key) for store in stores)
        assert influx == embedded
        assert exact(influx.samples()) == exact(embedded.samples())
