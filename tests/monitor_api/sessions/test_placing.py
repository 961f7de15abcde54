"""When a session began, by whatever says something of it; and that what is stated always covers the truth."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from monitor_api.sessions.boots import Sighting
from monitor_api.sessions.placing import (
    Bounds,
    Contact,
    keep_between,
    place_between,
    place_live,
    place_own,
    reconcile,
)
from monitor_api.sessions.spans import Span
from vocabulary.instants import DeviceUtc, Known, Placed, Tick

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
UNBOUND = Bounds(not_before=None, not_after=None)


def seen(at, doubt=timedelta(0), *, sure=True):
    return Sighting(span=Span(earliest=at - doubt, latest=at + doubt), sure=sure)


def tick(tick_s, timeline=1):
    return Tick(timeline=timeline, since_start=timedelta(seconds=tick_s))


def anchor(tick_s, at=NOON, timeline=1, doubt=SECOND, *, sure=True):
    return Contact(tick=tick(tick_s, timeline), seen=seen(at, doubt, sure=sure))


def test_a_session_seen_live_began_no_later_than_any_sample_says():
    placed = place_live([seen(NOON)], timedelta(0))
    assert (placed.latest, placed.known) == (NOON, Known.LIVE)
    assert placed.earliest == NOON - timedelta(seconds=30)


def test_a_session_seen_live_by_two_gateways_began_when_both_allow():
    placed = place_live([seen(NOON), seen(NOON + 10 * SECOND, 2 * SECOND)], timedelta(0))
    assert (placed.earliest, placed.latest) == (NOON - 22 * SECOND, NOON)


def test_what_a_clock_that_cannot_be_right_saw_live_is_a_bracket():
    assert place_live([seen(NOON, DAY, sure=False)], timedelta(0)).known is Known.BRACKET


def test_a_device_whose_clock_is_set_is_believed_to_the_second():
    placed = place_own(DeviceUtc(at=NOON, synchronised=True), ())
    assert (placed.at, placed.uncertainty, placed.known) == (NOON, SECOND, Known.DEVICE)


def test_a_device_whose_clock_is_not_set_places_nothing():
    assert place_own(DeviceUtc(at=NOON, synchronised=False), ()) is None


def test_a_tick_is_placed_by_the_nearest_anchor_of_its_timeline():
    placed = place_own(tick(1000), [anchor(5000, NOON + 3900 * SECOND), anchor(1100), anchor(1000, timeline=2)])
    assert placed.at == NOON - 100 * SECOND
    assert placed.uncertainty == timedelta(seconds=1 + 1 + 100 * 250e-6)


def test_a_month_on_one_anchor_is_off_by_eleven_minutes_at_most():
    placed = place_own(tick(0), [anchor((30 * DAY).total_seconds())])
    assert 10 * MINUTE < placed.uncertainty < 11 * MINUTE


def test_a_tick_of_a_timeline_without_an_anchor_is_not_placed():
    assert place_own(tick(0, timeline=3), [anchor(0, timeline=2)]) is None


def test_an_anchor_of_a_clock_that_cannot_be_right_gives_a_bracket_and_one_of_another_boot_the_place():
    vague = anchor(1000, NOON, doubt=20 * DAY, sure=False)
    assert place_own(tick(900), [vague]).known is Known.BRACKET
    placed = place_own(tick(900), [vague, anchor(2000, NOON)])
    assert (placed.known, placed.uncertainty < 3 * SECOND) == (Known.ANCHOR, True)


class Oscillator:
    """A device's clock that runs fast or slow by a fraction for each of these hours, then as in the last one."""

    def __init__(self, drifts):
        self.drifts = drifts
        self.ticks = [0.0, *accumulate(3600 * (1 + drift) for drift in drifts)]

    def at(self, real_s):
        hour = min(int(real_s // 3600), len(self.drifts) - 1)
        return self.ticks[hour] + (real_s - 3600 * hour) * (1 + self.drifts[hour])


ppm_250 = st.floats(-240e-6, 240e-6)
real_s = st.integers(0, 200 * 3600)


@given(st.lists(ppm_250, min_size=1, max_size=200), real_s, st.lists(st.tuples(real_s, st.floats(-1, 1)), min_size=1))
def test_the_true_start_lies_within_what_anchors_say_however_the_drift_changes(drifts, start_s, contacts):
    clock = Oscillator(drifts)
    anchors = [anchor(clock.at(one), NOON + timedelta(seconds=one + error)) for one, error in contacts]
    placed = place_own(tick(int(clock.at(start_s))), anchors)
    assert placed.earliest <= NOON + timedelta(seconds=start_s) <= placed.latest


@pytest.mark.parametrize("ppm", [-250, -125, 0, 125, 250])
def test_daily_anchors_leave_a_second_of_error_in_thirty_days(ppm):
    clock = Oscillator([ppm * 1e-6])
    anchors = [anchor(clock.at(day * 86400), NOON + day * DAY) for day in range(31)]
    starts = range(3600, 30 * 86400, 7919)
    errors = [abs(place_own(tick(int(clock.at(one))), anchors).at - NOON - one * SECOND) for one in starts]
    assert max(errors) <= timedelta(seconds=1.2)


def test_one_anchor_leaves_622_seconds_at_most_in_what_is_left_of_thirty_days():
    clock = Oscillator([250e-6])
    placed = place_own(tick(int(clock.at(1.2 * 86400))), [anchor(clock.at(30 * 86400), NOON + 30 * DAY)])
    error = abs(placed.at - NOON - 1.2 * DAY)
    assert timedelta(seconds=620) < error < placed.uncertainty < timedelta(seconds=625)


def test_a_session_of_a_lost_timeline_lies_between_the_contact_before_and_the_one_that_fetched_it():
    placed = place_between(Bounds(not_before=NOON, not_after=NOON + DAY), UNBOUND, 4 * MINUTE)
    assert placed == Placed(earliest=NOON, latest=NOON + DAY - 4 * MINUTE, known=Known.BRACKET)


def test_where_there_was_no_contact_before_the_session_before_bounds_it():
    placed = place_between(Bounds(not_before=None, not_after=NOON + DAY), replace(UNBOUND, not_before=NOON), MINUTE)
    assert placed.earliest == NOON


@pytest.mark.parametrize("bounds", [UNBOUND, replace(UNBOUND, not_before=NOON), replace(UNBOUND, not_after=NOON)])
def test_a_session_that_is_bounded_on_one_side_only_has_no_place(bounds):
    assert place_between(bounds, UNBOUND, MINUTE) is None


def test_bounds_narrow_a_place_and_leave_one_that_they_exclude():
    placed = Placed(earliest=NOON, latest=NOON + DAY, known=Known.BRACKET)
    narrowed = keep_between(placed, Bounds(not_before=NOON + HOUR, not_after=NOON + 9 * HOUR), HOUR)
    assert (narrowed.earliest, narrowed.latest) == (NOON + HOUR, NOON + 8 * HOUR)
    assert keep_between(placed, Bounds(not_before=NOON + 2 * DAY, not_after=None), HOUR) == placed


def test_of_two_accounts_that_agree_the_narrower_counts_and_else_what_was_seen():
    live = Placed(earliest=NOON - 30 * SECOND, latest=NOON, known=Known.LIVE)
    own = Placed(earliest=NOON - 5 * SECOND, latest=NOON, known=Known.DEVICE)
    wrong = structs.replace(own, earliest=NOON - 400 * DAY, latest=NOON - 399 * DAY)
    assert reconcile(live, own) == own
    assert reconcile(live, wrong) == live
    assert reconcile(None, own) == own
    assert reconcile(live, None) == live
    assert reconcile(None, None) is None
