"""Whether somebody wore the device, and what it makes of a dose."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from clinical.course import Between, WearSigns
from clinical.dose.worn import wear_signs, worn_dose, worn_part, worn_probability
from clinical.practice import PRACTICE
from tests.clinical.sessions import samples
from vocabulary.devices import Feature
from vocabulary.readings import Sign

BLIND = WearSigns(
    contact_fraction=None, moving_fraction=None, eye_shield_fraction=None, skin_rise_celsius=None, seen_fraction=1.0
)
fractions = st.floats(0, 1)
signs = st.builds(
    WearSigns,
    contact_fraction=st.none() | fractions,
    moving_fraction=st.none() | fractions,
    eye_shield_fraction=st.none() | fractions,
    skin_rise_celsius=st.none() | st.floats(-5, 20),
    seen_fraction=fractions,
)


def test_a_mask_on_a_face_counts_and_one_on_a_table_does_not():
    face = replace(BLIND, contact_fraction=0.98, skin_rise_celsius=5.0, moving_fraction=0.05)
    table = replace(BLIND, contact_fraction=0.0, skin_rise_celsius=3.0, moving_fraction=0.0)
    assert worn_probability(face).low > PRACTICE.worn_probability
    assert worn_probability(table).high < 1 - PRACTICE.worn_probability


def test_a_device_without_any_sign_of_wear_leaves_all_open():
    assert worn_probability(BLIND) is None
    assert part_of(BLIND) == (0, 1)


def part_of(one):
    part = worn_part(one, worn_probability(one), PRACTICE.worn_probability)
    return round(part.low, 3), round(part.high, 3)


WARM_AND_MOVING = {"skin_rise_celsius": 5.0, "moving_fraction": 0.05}
COLD_AND_STILL = {"skin_rise_celsius": 0.0, "moving_fraction": 0.0}


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({"contact_fraction": 0.98} | WARM_AND_MOVING, (0.98, 0.98)),
        # taken off halfway, and left to shine
        ({"contact_fraction": 0.5} | WARM_AND_MOVING, (0.5, 0.5)),
        # on a table that its contact sensor takes for a face: nobody knows
        ({"contact_fraction": 1.0} | COLD_AND_STILL, (0, 1)),
        ({"contact_fraction": 0.0} | COLD_AND_STILL, (0, 0)),
        ({"contact_fraction": 0.2} | COLD_AND_STILL, (0, 0)),
        ({"contact_fraction": 0.98, "seen_fraction": 0.5} | WARM_AND_MOVING, (0.49, 0.99)),
        ({"contact_fraction": 0.0, "seen_fraction": 0.75} | COLD_AND_STILL, (0, 0.25)),
        # no contact sensor, and what tells otherwise
        ({"skin_rise_celsius": 5.0}, (1, 1)),
        ({"skin_rise_celsius": 1.2}, (0, 1)),
        ({"skin_rise_celsius": 0.0}, (0, 0)),
    ],
)
def test_of_a_dose_reached_skin_what_was_given_with_contact_while_somebody_wore_the_device(seen, expected):
    assert part_of(replace(BLIND, **seen)) == expected


def test_of_a_heat_that_nothing_bounds_no_part_is_nothing():
    assert worn_dose(Between(low=2.0, high=inf), Between(low=0.0, high=0.0)) == Between(low=0.0, high=0.0)
    assert worn_dose(Between(low=2.0, high=inf), Between(low=0.5, high=0.5)) == Between(low=1.0, high=inf)


@given(signs)
def test_a_probability_is_one_and_what_was_not_seen_is_its_width(one):
    worn = worn_probability(one)
    if worn is not None:
        assert 0 <= worn.low <= worn.high <= 1 + 1e-12
        assert worn.high - worn.low == pytest.approx(1 - one.seen_fraction)


@given(signs, fractions, fractions)
def test_more_contact_never_makes_wear_less_likely(one, first, second):
    less, more = sorted((first, second))
    low, high = (worn_probability(replace(one, contact_fraction=part)) for part in (less, more))
    if low is not None:
        assert low.low <= high.low + 1e-12


@given(signs, fractions, fractions)
def test_more_contact_never_makes_less_of_a_dose_worn(one, first, second):
    less, more = sorted((first, second))
    low, high = (part_of(replace(one, contact_fraction=part)) for part in (less, more))
    assert low <= high
    assert low[1] <= high[1]


@given(signs, st.floats(0, 50), st.floats(0, 10))
def test_what_was_worn_is_no_more_than_what_was_delivered(one, low, more):
    delivered = Between(low=low, high=low + more)
    worn = worn_dose(delivered, worn_part(one, worn_probability(one), PRACTICE.worn_probability))
    assert 0 <= worn.low <= worn.high <= delivered.high * (1 + 1e-9)


def test_only_a_sensor_that_the_device_has_gives_a_sign():
    taken = samples((33.0, 34.0, 36.5, 36.0), contact=(True, True, False, True))
    assert wear_signs(taken, (Feature.CONTACT, Feature.SKIN_TEMPERATURE), missing=4) == WearSigns(
        contact_fraction=0.75,
        moving_fraction=None,
        eye_shield_fraction=None,
        skin_rise_celsius=3.5,
        seen_fraction=0.5,
    )
    moving = replace(taken, signs=(int(Sign.MOVING),) * 4)
    assert wear_signs(moving, (Feature.MOTION,), missing=0).moving_fraction == 1.0
