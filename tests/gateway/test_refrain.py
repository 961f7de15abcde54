"""A refrain: said once, when it changes, and every hour."""

from datetime import timedelta

import pytest

from gateway.refrain import KINDS, Refrain

HOUR = timedelta(hours=1)


class Passing:
    now = timedelta(0)

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Passing()


@pytest.fixture
def refrain(time):
    return Refrain(time)


def test_what_goes_on_is_said_once_and_again_every_hour(refrain, time):
    said = 0
    for second in range(0, 3 * 3600, 2):
        time.now = timedelta(seconds=second)
        said += refrain.is_due("no adapter")
    assert said == 3


def test_something_else_is_said_at_once_and_taking_turns_is_not(refrain):
    assert [refrain.is_due(kind) for kind in ("off", "gone", "off", "gone")] == [True, True, False, False]


def test_what_begins_again_after_its_end_is_said(refrain):
    assert refrain.is_due("off")
    refrain.end()
    assert refrain.is_due("off")


def test_ever_new_kinds_are_not_all_said(refrain, time):
    assert sum(refrain.is_due(str(number)) for number in range(KINDS + 10)) == KINDS
    time.now = HOUR
    assert refrain.is_due("one more")
