"""A session is put together from live samples and the device's record; where they differ it is a conflict."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.facts import Calibration
from device_drivers.hets.record import read_record
from monitor_api.sessions.assembly import assemble
from monitor_api.sessions.evidence import Device, Evidence
from monitor_api.sessions.placing import place_live, place_own, reconcile
from monitor_api.telemetry.series import EMPTY, Stretch
from monitor_api.telemetry.series import assemble as series_of
from tests.records import rf_record
from tests.service import UID, key_of, rf_samples
from vocabulary.devices import Modality
from vocabulary.instants import Anchor, DeviceUtc, Known, Placed, Tick
from vocabulary.quantities import Quantity, Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def evidence(**changes):
    parts = {
        "key": key_of(),
        "device": Device(
            uid=UID,
            modality=Modality.RF,
            features=(),
            calibration=Calibration(dose_fraction=None, skin_celsius=None),
        ),
        "first_heard_at": NOON,
        "live_start_at": None,
        "records": (),
        "recorded_at": None,
        "gaps": (),
        "anchors": (),
        "series": EMPTY,
    }
    return Evidence(**{**parts, **changes})


def live(*blocks):
    return series_of(Stretch.of(block) for block in blocks)


def recorded(**values):
    return (read_record(rf_record(start=NOON, **values)),)


def test_before_the_record_the_account_is_what_the_samples_say():
    account = assemble(evidence(series=live(rf_samples(0, 60)), live_start_at=NOON))
    assert (account.record, account.whole) == (None, False)
    assert (account.active, account.elapsed) == (timedelta(seconds=60), timedelta(seconds=60))
    assert account.dose == Quantity(480.0, Unit.JOULE)
    assert account.highest_skin_celsius == 40.0


def test_the_record_says_what_the_whole_session_was():
    account = assemble(evidence(series=live(rf_samples(0, 240)), records=recorded(energy_j=1950)))
    assert account.dose == Quantity(1950.0, Unit.JOULE)
    assert account.active == timedelta(seconds=240)
    assert (account.missing, account.whole, account.conflict) == (0, True, None)


def test_samples_in_gaps_are_missing_and_known_to_be():
    account = assemble(evidence(series=live(rf_samples(0, 100)), gaps=((100, 239),), records=recorded()))
    assert (account.missing, account.whole) == (140, True)


def test_samples_that_are_in_no_gap_may_still_come():
    account = assemble(evidence(series=live(rf_samples(0, 100), rf_samples(150, 90)), records=recorded()))
    assert (account.missing, account.whole) == (50, False)


def test_gaps_that_overlap_and_gaps_over_samples_that_came_count_once():
    account = assemble(
        evidence(series=live(rf_samples(0, 100)), gaps=((90, 150), (100, 239), (140, 200)), records=recorded())
    )
    assert (account.missing, account.whole) == (140, True)


def test_a_gap_as_long_as_a_number_can_say_costs_no_memory():
    account = assemble(evidence(gaps=((0, 2**32 - 1),), records=recorded()))
    assert account.missing == 2**32


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"records": (*recorded(), *recorded(energy_j=1801))}, "2 records"),
        ({"series": live(rf_samples(0, skin=40.0), rf_samples(0, skin=41.0))}, "10 samples came twice"),
        ({"series": live(rf_samples(0, 250)), "records": recorded()}, "active_s: 250 seen live, 240 in the record"),
        ({"series": live(rf_samples(0, 240)), "records": recorded(energy_j=500)}, "rf_energy_j: 1920 seen live"),
        ({"series": live(rf_samples(0, 240, skin=44.0)), "records": recorded()}, "skin_celsius: 44 seen live, 40.5"),
    ],
)
def test_accounts_that_differ_are_a_conflict_in_words(changes, words):
    assert words in assemble(evidence(**changes)).conflict


def test_a_live_frame_that_rounds_its_dose_up_is_no_conflict():
    assert assemble(evidence(series=live(rf_samples(0, 240)), records=recorded(energy_j=1919))).conflict is None


def test_a_session_seen_live_began_no_later_than_any_sample_says():
    placed = place_live(NOON, timedelta(0))
    assert (placed.latest, placed.known) == (NOON, Known.LIVE)
    assert placed.earliest == NOON - timedelta(seconds=30)


def test_a_device_whose_clock_is_set_is_believed_to_the_second():
    placed = place_own(DeviceUtc(at=NOON, synchronised=True), ())
    assert (placed.at, placed.uncertainty, placed.known) == (NOON, timedelta(seconds=1), Known.DEVICE)


def test_a_device_whose_clock_is_not_set_places_nothing():
    assert place_own(DeviceUtc(at=NOON, synchronised=False), ()) is None


def anchor(tick_s, at=NOON, timeline=1, uncertainty=timedelta(seconds=1)):
    return Anchor(tick=Tick(timeline=timeline, since_start=timedelta(seconds=tick_s)), at=at, uncertainty=uncertainty)


def test_a_tick_is_placed_by_the_nearest_anchor_of_its_timeline():
    start = Tick(timeline=1, since_start=timedelta(seconds=1000))
    placed = place_own(start, [anchor(5000), anchor(1100), anchor(1000, timeline=2)])
    assert placed.at == NOON - timedelta(seconds=100)
    assert placed.uncertainty == timedelta(seconds=1 + 1 + 100 * 250e-6)


def test_a_month_on_one_anchor_is_off_by_eleven_minutes_at_most():
    start = Tick(timeline=1, since_start=timedelta(0))
    placed = place_own(start, [anchor(timedelta(days=30).total_seconds())])
    assert timedelta(minutes=10) < placed.uncertainty < timedelta(minutes=11)


def test_a_tick_of_a_timeline_without_an_anchor_is_not_placed():
    assert place_own(Tick(timeline=3, since_start=timedelta(0)), [anchor(0, timeline=2)]) is None


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(-250e-6, 250e-6))
def test_the_true_start_lies_within_what_an_anchor_says_whatever_the_drift(start_s, anchor_s, drift):
    born = NOON - timedelta(days=30)
    true_start, true_anchor = (born + timedelta(seconds=tick / (1 + drift)) for tick in (start_s, anchor_s))
    placed = place_own(Tick(timeline=1, since_start=timedelta(seconds=start_s)), [anchor(anchor_s, at=true_anchor)])
    assert placed.earliest <= true_start <= placed.latest


def test_of_two_accounts_that_agree_the_narrower_counts_and_else_what_was_seen():
    seen = Placed(earliest=NOON - timedelta(seconds=30), latest=NOON, known=Known.LIVE)
    own = Placed(earliest=NOON - timedelta(seconds=5), latest=NOON, known=Known.DEVICE)
    wrong = replace(own, earliest=NOON - timedelta(days=400), latest=NOON - timedelta(days=399))
    assert reconcile(seen, own) == own
    assert reconcile(seen, wrong) == seen
    assert reconcile(None, own) == own
    assert reconcile(seen, None) == seen
    assert reconcile(None, None) is None
