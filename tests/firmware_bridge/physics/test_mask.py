"""A mask on a face and on a table, for every seed."""

from datetime import timedelta
from functools import cache
from random import Random

import pytest

from firmware_bridge.virtual.physics.mask import MaskPhysics
from tests.firmware_bridge.physics.treatments import SEEDS, celsius, dose, losses, mask_session

NOMINAL_J_PER_CM2 = 18.0


@cache
def normal_sessions():
    return [mask_session(seed) for seed in SEEDS]


def test_every_normal_dose_is_within_7_percent_of_the_nominal():
    doses = [dose(sensed) for sensed in normal_sessions()]
    assert 0.95 * NOMINAL_J_PER_CM2 < min(doses) < max(doses) < 1.07 * NOMINAL_J_PER_CM2


def test_no_normal_session_is_hot():
    assert max(max(celsius(sensed)) for sensed in normal_sessions()) < 36.5


def test_no_normal_session_loses_contact_for_more_than_2_seconds():
    assert max(max(losses(sensed), default=0) for sensed in normal_sessions()) == 2


def test_skin_under_a_mask_warms_within_minutes():
    half_a_minute, end = zip(*((celsius(sensed)[30], celsius(sensed)[-1]) for sensed in normal_sessions()), strict=True)
    assert 32 < min(half_a_minute) < max(half_a_minute) < 34.5
    assert 34.8 < min(end) < max(end) < 36


def test_a_mask_on_the_table_has_no_contact_and_stays_near_the_room():
    for sensed in (mask_session(seed, worn=False) for seed in SEEDS):
        assert not any(second.contact for second in sensed)
        assert max(celsius(sensed)) < 28


def test_a_mask_taken_off_cools_to_the_room_within_a_quarter_of_an_hour():
    physics = MaskPhysics(Random(1))  # chance, not a secret
    physics.handling.on_skin = True
    for _ in range(600):
        physics.second(30.0, zone=12)
    physics.handling.on_skin = False
    physics.rest(timedelta(minutes=15))
    assert physics.skin_celsius < 24


def test_light_droops_as_the_board_warms():
    levels = [second.level for second in mask_session(1)]
    assert sum(levels[:10]) > 1.02 * sum(levels[-10:])


def test_a_pause_delivers_nothing_and_cools():
    physics = MaskPhysics(Random(1))  # chance, not a secret
    physics.handling.on_skin = True
    for _ in range(600):
        physics.second(30.0, zone=12)
    paused = [physics.second(0.0, zone=12) for _ in range(300)]
    assert dose(paused) == 0
    assert paused[-1].skin_celsius < paused[0].skin_celsius - 1


def test_the_same_seed_makes_the_same_session():
    assert mask_session(5) == mask_session(5)


def test_a_session_does_not_depend_on_how_the_rest_before_it_was_cut():
    whole, cut = (MaskPhysics(Random(3)) for _ in range(2))  # chance, not a secret
    whole.handling.on_skin = cut.handling.on_skin = True
    whole.rest(timedelta(seconds=90))
    for _ in range(900):
        cut.rest(timedelta(seconds=0.1))
    assert whole.second(30.0, zone=12).skin_celsius == pytest.approx(cut.second(30.0, zone=12).skin_celsius, abs=1e-9)
