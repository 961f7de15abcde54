"""Telemetry: what was appended is there, once, however it came, sealed or not."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor_api.errors import StoreTooNew, StoreUnavailable, StoreUnusable
from monitor_api.telemetry.series import EMPTY, SeriesKey, Stretch, assemble
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.service import key_of, rf_samples
from vocabulary.devices import DeviceState
from vocabulary.identity import ClinicId

AT = datetime(2026, 3, 1, 12, 59, 58, 999_999, tzinfo=UTC)
TENS = range(0, 600, 10)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "telemetry.sqlite"


@pytest.fixture
def embedded(path):
    opened = SqliteTelemetry(path)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "influxdb"])
def open_store(request, path):
    """Opens the same store, as one process after another would."""
    if request.param == "sqlite":
        return lambda: SqliteTelemetry(path)
    from monitor_api.telemetry.influx import InfluxTelemetry  # noqa: PLC0415 - takes long to import

    settings = request.getfixturevalue("influx").bucket()
    return lambda: InfluxTelemetry(settings)


@pytest.fixture
def store(open_store):
    opened = open_store()
    yield opened
    opened.close()


def test_samples_come_back_as_they_were(store):
    block = rf_samples(0, skin=40.25)
    store.append([(key_of(), block)])
    series = store.series(key_of())
    assert series.sequence() == tuple(range(10))
    assert series.column("rf_energy_j") == tuple(block.columns.rf_energy_j)
    assert series.column("skin_celsius") == (40.25,) * 10
    assert series.column("irradiance_mw_per_cm2") == (None,) * 10
    assert series.states() == (DeviceState.EMITTING,) * 10


def test_appending_again_changes_nothing(store):
    for _ in range(3):
        store.append([(key_of(), rf_samples(0))])
    assert (store.series(key_of()).count, store.series(key_of()).clashes) == (10, 0)


def test_samples_that_come_twice_and_differ_are_kept_and_counted(store):
    store.append([(key_of(), rf_samples(0, skin=40.0))])
    store.append([(key_of(), rf_samples(0, skin=41.0))])
    series = store.series(key_of())
    assert (series.count, series.clashes) == (10, 10)


def test_clinics_that_meet_the_same_device_share_nothing(store):
    other = SeriesKey(clinic=ClinicId(UUID(int=77)), session=key_of().session)
    store.append([(key_of(), rf_samples(0))])
    assert store.series(other).count == 0


def test_one_block_at_other_times_is_the_same_samples(store):
    """Two gateways of a clinic hear the same device."""
    for hours in (0, 0.001, 1, 2000):
        store.append([(key_of(), rf_samples(0, at=AT + timedelta(hours=hours)))])
    assert (store.series(key_of()).count, store.series(key_of()).clashes) == (10, 0)


def test_blocks_received_at_one_instant_are_all_kept(store):
    """A device that comes back hands over all that it holds at once, and each of its sessions too."""
    blocks = [(key_of(counter), rf_samples(first, counter=counter, at=AT)) for counter in (1, 2) for first in TENS]
    store.append(blocks)
    for counter in (1, 2):
        assert store.series(key_of(counter)).sequence() == tuple(range(600))


def test_samples_whose_instants_are_years_apart_are_one_session(store):
    """A gateway starts with its clock at 1970, and then learns the time."""
    for first, at in ((0, datetime(1970, 1, 1, tzinfo=UTC)), (10, AT), (20, datetime(2199, 12, 31, tzinfo=UTC))):
        store.append([(key_of(), rf_samples(first, at=at))])
    assert store.series(key_of()).sequence() == tuple(range(30))


def test_a_session_that_nobody_appended_is_empty(store):
    store.append([(key_of(), rf_samples(0))])
    assert store.series(key_of(2)) == EMPTY
    assert store.stretches(key_of(2)) == ()


def test_all_that_is_kept_can_be_had_also_what_clashes(store):
    one, other = rf_samples(0, skin=40.0), rf_samples(0, skin=41.0)
    store.append([(key_of(), one), (key_of(), other)])
    assert {stretch.columns["skin_celsius"][0] for stretch in store.stretches(key_of())} == {40.0, 41.0}


def test_every_session_is_listed_once_and_by_clinic(store):
    other = SeriesKey(clinic=ClinicId(UUID(int=77)), session=key_of().session)
    keys = {key_of(1), key_of(2), other}
    assert list(store.sessions()) == []
    for first in (0, 10):
        store.append([(key, rf_samples(first)) for key in keys])
    store.seal(key_of(2))
    assert len(list(store.sessions())) == 3
    assert set(store.sessions()) == keys


def test_what_was_appended_outlives_the_process(store, open_store):
    store.append([(key_of(), rf_samples(0))])
    again = open_store()
    assert again.series(key_of()).count == 10
    again.close()


def test_a_sealed_session_reads_the_same(store):
    blocks = [rf_samples(first, skin=40.0 + first / 1000) for first in range(0, 100, 10)]
    store.append([(key_of(), block) for block in blocks])
    store.seal(key_of())
    samples = list(store.series(key_of()).samples())
    assert [number for number, *_ in samples] == list(range(100))
    assert [measured["skin_celsius"] for *_, measured in samples] == [40.0 + n // 10 * 10 / 1000 for n in range(100)]


def test_a_sealed_session_takes_less_room(embedded, path):
    for first in range(0, 600, 10):
        embedded.append([(key_of(), rf_samples(first, skin=40.0 + first / 1000))])
    size = bytes_of(path)
    embedded.seal(key_of())
    assert bytes_of(path) < size / 5


def bytes_of(path):
    with closing(sqlite3.connect(path)) as other:
        blocks = other.execute("SELECT coalesce(sum(length(content)), 0) FROM block").fetchone()[0]
        sealed = other.execute("SELECT coalesce(sum(length(content)), 0) FROM sealed").fetchone()[0]
    return blocks + sealed


def test_samples_that_come_after_sealing_are_there_too_and_seal_again(store):
    store.append([(key_of(), rf_samples(0))])
    store.seal(key_of())
    store.append([(key_of(), rf_samples(10))])
    assert store.series(key_of()).sequence() == tuple(range(20))
    store.seal(key_of())
    assert store.series(key_of()).sequence() == tuple(range(20))


def test_a_session_whose_samples_clash_is_not_sealed(store):
    store.append([(key_of(), rf_samples(0, skin=40.0)), (key_of(), rf_samples(0, skin=41.0))])
    store.seal(key_of())
    assert store.series(key_of()).clashes == 10


def test_a_store_of_a_newer_version_is_left_alone(embedded, path):
    embedded.close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 9")
    other.close()
    with pytest.raises(StoreTooNew, match="newer version"):
        SqliteTelemetry(path)


def test_a_file_that_is_no_store_is_refused_by_name(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but longer than its header" * 9)
    with pytest.raises(StoreUnusable, match=str(path)):
        SqliteTelemetry(path)


def test_a_locked_store_is_unavailable_and_nothing_is_stored(embedded, path):
    blocker = sqlite3.connect(path, isolation_level=None)
    embedded._connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="telemetry"):
        embedded.append([(key_of(), rf_samples(0))])
    blocker.execute("ROLLBACK")
    blocker.close()
    assert embedded.series(key_of()).count == 0


def stretch(first, values):
    return Stretch(first=first, state=DeviceState.EMITTING, zone=None, columns={"active_s": tuple(values)})


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_whatever_overlaps_each_sample_is_there_once_and_in_order(ranges, chance):
    stretches = [stretch(first, range(first, first + size)) for first, size in ranges]
    chance.shuffle(stretches)
    series = assemble(stretches)
    expected = sorted({number for first, size in ranges for number in range(first, first + size)})
    assert list(series.sequence()) == expected
    assert list(series.column("active_s")) == expected
    assert series.clashes == 0


def test_a_quantity_that_is_null_is_one_that_is_absent_however_a_batch_was_packed():
    whole = rf_samples(0, 2)
    absent = replace(whole, columns=replace(whole.columns, skin_celsius=None))
    null = replace(whole, columns=replace(whole.columns, skin_celsius=[None, None]))
    assert assemble([Stretch.of(absent), Stretch.of(null)]).clashes == 0
    assert assemble([Stretch.of(absent), Stretch.of(whole)]).clashes == 2
