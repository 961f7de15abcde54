"""A prescription tried on a patient's last weeks tells what it would call, and that is what it calls once it holds."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinical.course import InForce
from clinical.plan import Phase, Timing
from clinical.regimen import Limits
from monitor_api.cohorts.preview import preview, under
from monitor_api.cohorts.replay import Window, began_at, session_facts
from monitor_api.cohorts.stored import CaseReader
from monitor_api.courses.due import CourseKey
from tests.lumenward.replay.cases import DAY, HOUR, NOON, case, past, regimen
from tests.monitor_api.check.line import Line, ago, stored
from tests.records import rf_record
from tests.service import CLINIC, PATIENT, RF_REGIMEN
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity, Unit

LAST_90 = Window(from_at=NOON - 90 * DAY, until_at=NOON + DAY)
TWO = (past(counter=1, started=NOON - 30 * HOUR), past(counter=2, started=NOON))


def names(calls):
    return {call.finding.rule for call in calls}


def tried(case_, window=LAST_90, **limits):
    return preview(case_, regimen(**limits), window)


def test_a_stricter_limit_starts_calls_and_a_looser_one_stops_them():
    stricter = tried(case(*TWO, rest=20 * HOUR), rest=36 * HOUR)
    assert ("too-soon" in names(stricter.starts), names(stricter.stops)) == (True, set())
    looser = tried(case(*TWO, rest=36 * HOUR), rest=20 * HOUR)
    assert ("too-soon" in names(looser.stops), names(looser.starts)) == (True, set())


def test_what_is_in_force_already_changes_nothing():
    same = tried(case(*TWO, rest=36 * HOUR), rest=36 * HOUR)
    assert (same.starts, same.stops) == ((), ())
    assert "too-soon" in names(same.stays)


def test_calls_come_with_when_they_were_the_latest_first():
    before = (past(counter=3, started=NOON - 9 * DAY), past(counter=4, started=NOON - 9 * DAY + 30 * HOUR))
    soon = [one.at for one in tried(case(*TWO, *before), rest=36 * HOUR).starts if one.finding.rule == "too-soon"]
    assert soon == [NOON, NOON - 9 * DAY + 30 * HOUR]


def test_what_a_prescription_would_call_again_within_days_it_calls_once():
    three = (*TWO, past(counter=3, started=NOON - 60 * HOUR))
    soon = [one.at for one in tried(case(*three), rest=36 * HOUR).starts if one.finding.rule == "too-soon"]
    assert soon == [NOON - 30 * HOUR]


def test_what_was_before_the_window_is_not_told():
    window = Window(from_at=NOON - HOUR, until_at=NOON + DAY)
    assert all(one.at >= NOON - HOUR for one in tried(case(*TWO), window, rest=40 * HOUR).starts)
    assert tried(case(*TWO), replace(window, from_at=NOON + HOUR), rest=40 * HOUR).starts == ()


def test_its_phases_count_from_where_those_before_it_did():
    weekly = Timing(frequency=3, period=timedelta(weeks=1), weekdays=())
    low, high = (
        Phase(lasts=lasts, timing=weekly, duration=timedelta(minutes=8), dose=Quantity(dose, Unit.JOULE))
        for lasts, dose in ((timedelta(weeks=2), 1000.0), (None, 3600.0))
    )
    two_phases = replace(regimen(), phases=(low, high))
    window = Window(from_at=NOON - 7 * DAY, until_at=NOON + DAY)
    since_a_month = case(past())
    since_a_week = replace(since_a_month, course=replace(since_a_month.course, regimens=()))
    planned = [
        facts.planned.dose.value
        for one in (since_a_month, since_a_week)
        for facts, _ in session_facts(under(one, two_phases, window))
    ]
    assert planned == [3600.0, 1000.0]


def test_where_nothing_was_prescribed_it_holds_from_the_first_day_on():
    ended = InForce(regimen=regimen(), from_at=NOON - 300 * DAY, until_at=NOON - 200 * DAY)
    for before in ((), (ended,)):
        bare = replace(case(*TWO), course=replace(case(*TWO).course, regimens=before))
        found = preview(bare, regimen(rest=36 * HOUR), LAST_90)
        assert "no-regimen" in names(found.stops)
        assert "too-soon" in names(found.starts)


def test_where_the_last_phase_was_over_before_the_window_it_holds_from_the_first_day_on():
    closed = replace(regimen(), phases=(replace(regimen().phases[0], lasts=timedelta(weeks=4)),))
    over = InForce(regimen=closed, from_at=NOON - 300 * DAY, until_at=None)
    bare = replace(case(*TWO), course=replace(case(*TWO).course, regimens=(over,)))
    found = preview(bare, regimen(rest=36 * HOUR), LAST_90)
    assert "too-soon" in names(found.starts)
    (told,) = [one.finding for one in found.stops if one.finding.rule == "no-regimen"]
    last = (NOON - 300 * DAY + timedelta(days=27)).date()
    assert told.because == f"The regimen's last phase ended on {last:%-d %B %Y}"


def test_the_last_phase_of_what_is_tried_goes_on():
    four_weeks = replace(regimen(), phases=(replace(regimen().phases[0], lasts=timedelta(weeks=4)),))
    assert "no-regimen" not in names(preview(case(*TWO), four_weeks, LAST_90).starts)


def test_a_prescription_of_another_modality_leaves_these_sessions_as_they_are():
    other = replace(
        regimen(),
        modality=Modality.LED,
        phases=tuple(replace(one, dose=Quantity(9.0, Unit.JOULE_PER_CM2)) for one in regimen().phases),
    )
    found = preview(case(*TWO, rest=36 * HOUR), other, LAST_90)
    assert "too-soon" in names(found.stays)
    assert {one for one in names(found.starts) | names(found.stops) if one in {"too-soon", "no-regimen"}} == set()


@pytest.fixture
def line(tmp_path):
    line = Line(tmp_path)
    with closing(line.stores):
        yield line


def test_what_it_tells_of_sessions_is_what_the_checkers_call_once_it_is_prescribed(line):
    hours = (60, 30, 9)
    line.know(*(stored(rf_record(counter, start=ago(hour))) for counter, hour in enumerate(hours, 1)))
    before = set(line.alerts())
    now = datetime.now(UTC)
    stricter: Limits = replace(RF_REGIMEN.limits, rest=36 * HOUR, skin_celsius=40.0)
    window = Window(from_at=now - 90 * DAY, until_at=now)
    with line.stores.database.read() as session:
        reader = CaseReader(session, line.stores.telemetry, CourseKey(CLINIC, PATIENT), now)
        of_window = reader.case(lambda one: window.has(began_at(one)))
    found = preview(of_window, replace(RF_REGIMEN, limits=stricter), window)
    line.prescribe(limits=stricter)
    for counter in range(1, 4):
        line.mark(counter)
    line.check()
    new = set(line.alerts()) - before
    assert {(one.finding.rule, one.finding.session) for one in found.starts if hasattr(one.finding, "session")} == new
    assert {rule for rule, _ in new} >= {"too-soon", "too-hot"}
