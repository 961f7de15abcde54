"""Thermal dose: the published curve, and what missing samples leave open of it."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from clinical.dose.cem43 import Doubt, equivalent, hottest, thermal_doses
from tests.clinical.oracle_dose import cem43_of
from tests.clinical.sessions import samples
from vocabulary.devices import Zone

KNOWN = Doubt(missing=0, highest_celsius=None, sensor_celsius=0.0)


@pytest.mark.parametrize(
    ("celsius", "minutes", "cem43"),
    [
        (40.0, 4, 0.0625),
        (40.0, 16, 0.25),
        (41.0, 4, 0.25),
        (41.0, 16, 1.0),
        (42.0, 4, 1.0),
        (42.0, 16, 4.0),
        (43.0, 4, 4.0),
        (43.0, 16, 16.0),
        (45.0, 4, 16.0),
        (45.0, 1, 4.0),
        (37.0, 60, 60 / 4096),
    ],
)
def test_minutes_at_a_temperature_are_worth_what_the_table_says(celsius, minutes, cem43):
    assert equivalent(celsius, minutes) == cem43
    (dose,) = thermal_doses(samples((celsius,) * 60 * minutes), KNOWN)
    assert dose.cem43_min.low == dose.cem43_min.high == pytest.approx(cem43, rel=1e-12)


def test_below_43_degrees_it_is_another_curve_that_meets_the_first():
    assert equivalent(43.0, 1) == 1.0
    assert equivalent(42.9999999, 1) == pytest.approx(1.0, abs=1e-6)


def some_seconds():
    second = st.tuples(st.floats(30, 50), st.sampled_from([None, Zone.CHIN, Zone.NOSE]))
    return st.lists(st.none() | second, min_size=1, max_size=60)


def of(seconds, *, unseen=()):
    """The samples of a session given second by second; those in `unseen` came without a temperature."""
    kept = [(at, one) for at, one in enumerate(seconds) if one is not None or at in unseen]
    made = samples(tuple(one[0] if one else None for _, one in kept), sequence=[at for at, _ in kept] or None)
    return structs.replace(made, zone=tuple(one[1] if one else None for _, one in kept))


@given(some_seconds(), st.none() | st.floats(30, 52), st.sampled_from([0.0, 0.3]), st.sets(st.integers(0, 59)))
def test_each_zone_took_what_walking_second_by_second_finds(seconds, highest, error, unseen):
    taken = of(seconds, unseen=unseen)
    doubt = Doubt(missing=len(seconds) - len(taken.sequence), highest_celsius=highest, sensor_celsius=error)
    found = {dose.zone: dose.cem43_min for dose in thermal_doses(taken, doubt)}
    assert set(found) == {one[1] for one in seconds if one}
    for zone, dose in found.items():
        low, high = cem43_of(seconds, zone, highest=highest, error=error)
        assert dose.low == pytest.approx(low, rel=1e-9, abs=1e-15)
        assert dose.high == (inf if high == inf else pytest.approx(high, rel=1e-9))
        assert dose.low <= dose.high


@given(st.lists(st.floats(30, 50), min_size=2, max_size=60), st.sets(st.integers(1, 58)))
def test_what_was_lost_only_widens_what_is_known(skin, lost):
    whole = [(celsius, Zone.CHIN) for celsius in skin]
    torn = [one for at, one in enumerate(whole)]
    holes = [at for at in lost if at < len(skin) - 1]
    for at in holes:
        torn[at] = None
    (truth,) = thermal_doses(of(whole), KNOWN)
    taken = of(torn)
    missing = len(skin) - len(taken.sequence)
    (known,) = thermal_doses(taken, Doubt(missing=missing, highest_celsius=max(skin), sensor_celsius=0.0))
    assert known.cem43_min.high >= truth.cem43_min.high * (1 - 1e-9)
    assert (known.measured + known.open).total_seconds() == len(skin)


def test_of_a_session_that_runs_nothing_bounds_what_was_not_seen():
    (dose,) = thermal_doses(of([(40.0, Zone.CHIN), None, (40.0, Zone.CHIN)]), replace(KNOWN, missing=1))
    assert dose.cem43_min.high == inf


def test_without_a_temperature_there_is_no_thermal_dose():
    assert thermal_doses(samples((None,) * 5), KNOWN) == ()
    assert hottest(()) is None


def test_a_gap_between_two_zones_may_be_either_s():
    seconds = [(43.0, Zone.CHIN), None, (43.0, Zone.NOSE)]
    chin, nose = thermal_doses(of(seconds), Doubt(missing=1, highest_celsius=43.0, sensor_celsius=0.0))
    assert (chin.cem43_min.low, chin.cem43_min.high) == pytest.approx((1 / 60, 2 / 60))
    assert nose.cem43_min == chin.cem43_min


@pytest.mark.parametrize(("lost", "low"), [(5, 7 / 60), (6, 2 / 60)])
def test_only_a_short_gap_is_taken_to_be_as_warm_as_its_cooler_end(lost, low):
    seconds = [(43.0, Zone.CHIN), *[None] * lost, (43.0, Zone.CHIN)]
    (dose,) = thermal_doses(of(seconds), Doubt(missing=lost, highest_celsius=45.0, sensor_celsius=0.0))
    assert dose.cem43_min.low == pytest.approx(low)
    assert dose.cem43_min.high == pytest.approx((2 + 4 * lost) / 60)
