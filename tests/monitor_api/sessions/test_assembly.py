"""A session is put together from live samples and the device's record; where they differ it is a conflict."""

from datetime import UTC, datetime, timedelta

import pytest

from clinical.facts import Calibration, DeviceFacts
from device_drivers.hets.record import read_record
from monitor_api.sessions.assembly import assemble
from monitor_api.sessions.boots import Sighting
from monitor_api.sessions.evidence import Device, Evidence
from monitor_api.sessions.placing import Bounds
from monitor_api.sessions.spans import Span
from monitor_api.telemetry.series import EMPTY, Stretch
from monitor_api.telemetry.series import assemble as series_of
from tests.records import rf_record
from tests.service import UID, key_of, rf_samples
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity, Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNBOUND = Bounds(not_before=None, not_after=None)


def at(instant):
    return Sighting(span=Span(earliest=instant, latest=instant), sure=True)


def evidence(**changes):
    parts = {
        "key": key_of(),
        "device": Device(
            uid=UID,
            modality=Modality.RF,
            features=(),
            calibration=Calibration(dose_fraction=None, skin_celsius=None),
            known=DeviceFacts(outputs=()),
        ),
        "first_heard_at": NOON,
        "began_by": (),
        "records": (),
        "recorded": None,
        "gaps": (),
        "anchors": (),
        "between": UNBOUND,
        "order": UNBOUND,
        "series": EMPTY,
    }
    return Evidence(**{**parts, **changes})


def live(*blocks):
    return series_of(Stretch.of(block) for block in blocks)


def recorded(**values):
    return (read_record(rf_record(start=NOON, **values)),)


def test_before_the_record_the_account_is_what_the_samples_say():
    account = assemble(evidence(series=live(rf_samples(0, 60)), began_by=(at(NOON),)))
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


def test_what_a_device_says_of_a_session_after_its_record_was_here_is_a_conflict_and_not_believed():
    account = assemble(evidence(records=recorded(), recorded=at(NOON - timedelta(days=1))))
    assert "after its record was here" in account.conflict
    assert account.started is None


def test_no_step_of_any_clock_changes_minutes_or_dose():
    whole = {"series": live(rf_samples(0, 240)), "records": recorded()}
    days = timedelta(days=400)
    accounts = [assemble(evidence(began_by=(at(NOON + step),), **whole)) for step in (-days, timedelta(0), days)]
    assert {(one.active, one.elapsed, one.dose) for one in accounts} == {
        (timedelta(seconds=240), timedelta(seconds=240), Quantity(1800.0, Unit.JOULE))
    }
