"""A replay over a snapshot of the stores finds what the running checkers found."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import update

from clinical.judgement import alert_severity
from clinical.misuse.table import OF_NOW
from clinical.plan import Level
from clinical.regimen import Phototype, Phototypes
from clinical.verdicts import Outcome
from monitor_api.check.courses import CourseChecker
from monitor_api.clock import Clocks
from monitor_api.cohorts.replay import AS_THEY_ARE, OtherLimits, Ruling, Window, replay
from monitor_api.cohorts.snapshot import newest, read_snapshot, write_snapshot
from monitor_api.cohorts.stored import stored_cases, stored_people
from monitor_api.courses.due import mark_course_due
from monitor_api.records.attention import FindingRow
from monitor_api.records.courses import CourseFindingRow, SkinRow
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.practices import PracticeRow
from monitor_api.records.sessions import RegimenVersionRow, SessionRow
from tests.monitor_api.check.line import HOUR, Line, ago, stored
from tests.monitor_api.check.test_replay import a_day
from tests.monitor_api.courses.identities import a_story
from tests.monitor_api.courses.watched import KEY, Watched
from tests.records import rf_record
from tests.service import CLINIC, PATIENT, key_of, rf_device, rows
from vocabulary.devices import Modality

LONG_AGO = timedelta(days=90)


@pytest.fixture
def line(tmp_path):
    line = Line(tmp_path)
    with closing(line.stores):
        yield line


def judged_now(line):
    """Has everything checked, and gives when the courses were looked at."""
    line.check()
    now = datetime.now(UTC)
    courses = CourseChecker(line.stores.database, Clocks(civil=lambda: now, wall=lambda: datetime.now(UTC)), "check-1")
    while courses.check_due():
        pass
    return now


def snapshot(line, tmp_path, now):
    file = tmp_path / "store.parquet"
    keys = stored_people(line.stores.database)
    write_snapshot(file, stored_cases(line.stores.database, line.stores.telemetry, keys, now), now)
    assert newest(file) == now
    return list(read_snapshot(file, 0, len(keys)))


def since(now):
    return Window(from_at=now - LONG_AGO, until_at=now)


def replayed(cases, now, ruling=AS_THEY_ARE):
    """What is found but for silences of devices that were over: whoever looks but once, now, was told of none."""
    found = [one for case in cases for one in replay(case, since(now), ruling)]
    return [one for one in found if one.rule not in OF_NOW or one.cleared_at is None]


def found_live(line):
    said = [(row.id, row.rule, row.outcome, row.because) for row in rows(line.stores, FindingRow)]
    said += [(row.id, row.rule, row.outcome, row.because) for row in rows(line.stores, CourseFindingRow)]
    return {one for one in said if one[2] != Outcome.CLEAR}


def test_a_replay_of_the_stores_finds_what_the_checkers_found(line, tmp_path):
    line.bring(*a_day())
    now = judged_now(line)
    found = replayed(snapshot(line, tmp_path, now), now)
    expected = found_live(line)
    assert {(one.id, one.rule, one.verdict.outcome, one.because) for one in found} == expected
    assert {"too-hot", "too-soon", "over-dose", "too-many-a-day"} <= {rule for _, rule, _, _ in expected}


def test_a_replay_of_the_stores_finds_another_device_a_clock_that_was_set_and_another_level(line, tmp_path):
    line.prescribe(level=Level(lowest=5, highest=6))
    for items in a_story():
        line.bring(*items)
    now = judged_now(line)
    expected = found_live(line)
    assert {"device-cloned", "clock-stepped", "wrong-level"} <= {rule for _, rule, _, _ in expected}
    found = replayed(snapshot(line, tmp_path, now), now)
    assert {(one.id, one.rule, one.verdict.outcome, one.because) for one in found} == expected


def noon(days_ago):
    """So many days before yesterday at noon."""
    yesterday = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return yesterday - timedelta(days=days_ago)


def weeks():
    """Sessions of nine weeks with when they began: three a week, four of them longer; silence; two on one day."""
    days = [day + 7 * week for week in range(6) for day in (0, 2, 4)] + [55.0, 57.0, 59.0, 59.2]
    for counter, day in enumerate(days, start=1):
        longer, began = {"elapsed_s": 330, "energy_j": 2375} if 13 <= counter <= 16 else {}, noon(62 - day)
        yield began, counter, stored(rf_record(counter, start=began, **longer))


def hear(line, coming, now):
    """Ingest what came until an instant, each an hour after it began, as though the service had heard it then."""
    came = [(began + HOUR, counter, item) for began, counter, item in coming if began + HOUR <= now]
    if came:
        line.bring(*(item for _, _, item in came))
        with line.stores.database.write() as session:
            for at, counter, _ in came:
                session.execute(update(SessionRow).where(SessionRow.counter == counter).values(first_heard_at=at))
            session.execute(update(DeviceRow).values(heard_at=came[-1][0]))
        line.check()
    return coming[len(came) :]


def test_a_replay_of_nine_weeks_finds_what_a_checker_found_that_looked_again_and_again(line, tmp_path):
    line.bring(rf_device())
    with line.stores.database.write() as session:
        session.execute(update(AssignmentRow).values(from_at=noon(64)))
        session.execute(update(RegimenVersionRow).values(from_at=noon(64)))
    coming, watched = list(weeks()), Watched(line, noon(62))
    for now in (*(noon(days) for days in range(61, 0, -2)), datetime.now(UTC)):
        watched.now = now
        coming = hear(line, coming, now)
        with line.stores.database.write() as session:
            mark_course_due(session, [KEY], now)
        watched.look()
    live = {row.id: (row.rule, row.outcome) for row in rows(line.stores, CourseFindingRow)}
    (case,) = snapshot(line, tmp_path, watched.now)
    found = replay(case, since(watched.now)).course
    assert {one.id: (one.rule, one.verdict.outcome) for one in found} == live
    over = {one.rule for one in found if one.cleared_at is not None}
    assert {"drift", "clinical-silence", "technical-silence"} <= over


@pytest.mark.parametrize("days", [90, 5])
def test_what_the_checkers_called_once_a_replay_calls_once_whenever_it_begins(days, line, tmp_path):
    began = {counter: ago(22 * (12 - counter)) for counter in range(1, 12)}
    daily = [stored(rf_record(counter, start=at)) for counter, at in began.items()]
    for item in Random(days).sample(daily, len(daily)):
        line.know(item)
    now = judged_now(line)
    window = Window(from_at=now - timedelta(days=days), until_at=now)
    within = {key_of(counter).session for counter, at in began.items() if window.has(at)}
    found = [one for case in snapshot(line, tmp_path, now) for one in replay(case, window).sessions]
    said = {(row.session_id, row.because) for row in rows(line.stores, FindingRow) if row.rule == "too-soon"}
    assert {(one.session, one.because) for one in found if one.rule == "too-soon"} == {
        (session, because) for session, because in said if session in within
    }
    called = {one.session for one in found if one.rule == "too-soon" and alert_severity(one)}
    assert called == {key_of(counter).session for counter in (2, 10)} & within


def test_a_limit_can_be_tried_on_the_patients_of_a_store_before_it_takes_effect(line, tmp_path):
    line.know(*(stored(rf_record(counter, start=ago(hours))) for counter, hours in ((1, 60), (2, 30))))
    now = judged_now(line)
    cases = snapshot(line, tmp_path, now)
    stricter = Ruling(
        rules=AS_THEY_ARE.rules,
        course_rules=AS_THEY_ARE.course_rules,
        limits={Modality.RF: OtherLimits(rest=36 * HOUR)},
    )
    assert "too-soon" not in {one.rule for one in replayed(cases, now)}
    assert "too-soon" in {one.rule for one in replayed(cases, now, stricter) if one.verdict.outcome is Outcome.FIRES}


def test_somebody_without_a_session_and_a_session_of_nobody(line, tmp_path):
    line.meet(CLINIC)
    now = judged_now(line)
    cases = snapshot(line, tmp_path, now)
    assert sorted(case.course.patient for case in cases) == sorted([PATIENT, CLINIC])
    assert [case.kept for case in cases] == [(), ()]


def test_sessions_before_a_decision_are_held_against_the_figures_of_before_live_and_in_a_replay(line, tmp_path):
    part = {"energy_j": 1260, "elapsed_s": 168}  # 70 % of what is planned
    with line.stores.database.write() as session:
        session.add(
            PracticeRow(
                clinic_id=CLINIC,
                version=1,
                figures={"taken_fraction": 0.6, "again_days": 0},
                from_at=ago(20),
                decided_by=PATIENT,
            )
        )
    line.know(*(stored(rf_record(counter, start=ago(70 - 20 * counter), **part)) for counter in (1, 2, 3)))
    now = judged_now(line)
    expected = found_live(line)
    short = {row.session_id for row in rows(line.stores, FindingRow) if row.rule == "too-short"}
    assert short == {key_of(counter).session for counter in (1, 2)}
    found = replayed(snapshot(line, tmp_path, now), now)
    assert {(one.id, one.rule, one.verdict.outcome, one.because) for one in found} == expected


def test_a_session_is_judged_by_the_skin_of_its_time_live_and_in_a_replay(line, tmp_path):
    line.prescribe(phototypes=Phototypes(allowed=(Phototype.I, Phototype.II), because="a leaflet"))
    line.know(*(stored(rf_record(counter, start=ago(hours))) for counter, hours in ((1, 90), (2, 60), (3, 30))))
    with line.stores.database.write() as session:
        for hours, phototype in ((70, "II"), (40, "VI")):
            about = {"asked_at": ago(hours), "asked_by": CLINIC, "phototype": phototype, "photosensitised": None}
            session.add(SkinRow(clinic_id=CLINIC, patient_id=PATIENT, **about))
    for counter in (1, 2, 3):
        line.mark(counter)
    now = judged_now(line)
    expected = found_live(line)
    found = replayed(snapshot(line, tmp_path, now), now)
    assert {(one.id, one.rule, one.verdict.outcome, one.because) for one in found} == expected
    (wrong,) = [one for one in found if one.rule == "contraindicated"]
    assert (wrong.session, wrong.verdict.outcome) == (key_of(3).session, Outcome.FIRES)
