"""Telemetry: what was appended is there, once, however it came, sealed or not."""

import sqlite3
from contextlib import closing
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor_api.errors import StoreTooNew, StoreUnavailable, StoreUnusable
from monitor_api.telemetry.series import SeriesKey, Stretch, assemble
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.service import key_of, rf_samples
from vocabulary.devices import DeviceState
from vocabulary.identity import ClinicId


@pytest.fixture
def path(tmp_path):
    return tmp_path / "telemetry.sqlite"


@pytest.fixture
def store(path):
    opened = SqliteTelemetry(path)
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


def test_what_was_appended_outlives_the_process(store, path):
    store.append([(key_of(), rf_samples(0))])
    again = SqliteTelemetry(path)
    assert again.series(key_of()).count == 10
    again.close()


def test_a_sealed_session_reads_the_same_and_takes_less_room(store, path):
    for first in range(0, 600, 10):
        store.append([(key_of(), rf_samples(first, skin=40.0 + first / 1000))])
    before, size = store.series(key_of()), bytes_of(path)
    store.seal(key_of())
    after = store.series(key_of())
    names = ("active_s", "rf_power_w", "rf_energy_j", "skin_celsius", "signs", "remaining_s")
    assert [after.column(name) for name in names] == [before.column(name) for name in names]
    assert after.sequence() == before.sequence()
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


def test_a_store_of_a_newer_version_is_left_alone(store, path):
    store.close()
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


def test_a_locked_store_is_unavailable_and_nothing_is_stored(store, path):
    blocker = sqlite3.connect(path, isolation_level=None)
    store._connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="telemetry"):
        store.append([(key_of(), rf_samples(0))])
    blocker.execute("ROLLBACK")
    blocker.close()
    assert store.series(key_of()).count == 0


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
