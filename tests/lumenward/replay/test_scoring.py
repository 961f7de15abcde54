"""The scorer on cases made by hand: what a rule had to find, what it could not, and what has no cause."""

import pytest

from clinical.course import Interval
from clinical.verdicts import Outcome
from firmware_bridge.virtual.cohort.labels import Done
from lumenward.replay.scoring import EXPECTED, has_cause, score
from tests.lumenward.replay.cases import DAY, HOUR, NOON, NOTHING_SAID, case, hot, label, past, said
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity


def result(label_, judged, case_=None):
    return score(case_ or case(past()), (label_,), judged)[0]


@pytest.mark.parametrize(
    ("celsius", "lasted_s", "seen_s", "expected"),
    [
        (44.1, 6, 6, "missed"),
        (42.81, 2, 2, "missed"),
        (42.79, 6, 6, "within"),
        (44.1, 1, 1, "within"),
        (44.1, 6, 1, "unseen"),
        (44.1, 6, 0, "unseen"),
    ],
)
def test_heat_that_no_rule_found_is_missed_only_beyond_limit_doubt_and_grace_and_if_it_was_seen(
    celsius, lasted_s, seen_s, expected
):
    assert result(hot(celsius, lasted_s, seen_s), NOTHING_SAID).result == expected


def test_heat_that_its_rule_found_is_found():
    assert result(hot(44.1, 6, 6), said("too-hot")).result == "fired"


def test_a_rule_that_leaves_it_open_is_counted_apart():
    assert result(hot(44.1, 6, 6), said("too-hot", Outcome.UNDETERMINED)).result == "undetermined"


def test_another_rule_does_not_stand_in_for_the_one_that_had_to_speak():
    assert result(hot(44.1, 6, 6), said("thermal-dose-noted", severity=Severity.INFO)).result == "missed"


def test_the_limit_is_that_of_the_regimen():
    assert result(hot(42.0, 6, 6), NOTHING_SAID, case(past(), skin_celsius=41.0)).result == "missed"


def test_heat_within_the_doubt_is_not_urgent():
    assert not result(hot(42.79, 6, 6), NOTHING_SAID).urgent
    assert result(hot(44.1, 6, 6), NOTHING_SAID).urgent


@pytest.mark.parametrize(("starts_h", "expected"), [(-1, "missed"), (1, "within")])
def test_use_on_hold_counts_from_the_instant_of_the_hold(starts_h, expected):
    hold = Interval(from_at=NOON + starts_h * HOUR, until_at=NOON + DAY)
    assert result(label("used while on hold"), NOTHING_SAID, case(past(), hold=hold)).result == expected


def test_a_session_that_never_came_is_unseen():
    hold = Interval(from_at=NOON - DAY, until_at=None)
    assert result(label("used while on hold"), NOTHING_SAID, case(hold=hold)).result == "unseen"


def test_a_short_rest_is_missed_when_both_sessions_are_in_the_store_and_unseen_when_one_is_not():
    before = past(counter=2, started=NOON - 10 * HOUR)
    short = label("short rest", Quantity(10 * 60 - 8, Unit.MINUTE))
    assert result(short, NOTHING_SAID, case(past(), before)).result == "missed"
    assert result(short, NOTHING_SAID, case(past())).result == "unseen"


def test_a_finding_has_a_cause_in_its_own_session_only():
    other = label("overheated head", session=past(counter=9).session)
    (finding,) = said("too-hot").sessions
    assert has_cause(finding, (hot(42.6, 3, 3),), case(past()))
    assert not has_cause(finding, (other,), case(past()))
    assert not has_cause(finding, (label("gel dried"),), case(past()))


def test_what_goes_on_for_a_time_is_a_cause_while_it_does():
    spell = label("recalled firmware", session=None, at=NOON - DAY, until=NOON + DAY)
    over = label("recalled firmware", session=None, at=NOON - 9 * DAY, until=NOON - 5 * DAY)
    (finding,) = said("firmware-recalled", severity=Severity.MEDIUM).sessions
    assert has_cause(finding, (spell,), case(past()))
    assert not has_cause(finding, (over,), case(past()))


def test_every_kind_of_deed_has_rules_that_may_speak_of_it():
    assert set(EXPECTED) == set(Done)
