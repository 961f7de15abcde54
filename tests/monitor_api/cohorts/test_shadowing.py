"""Candidates in the shadow: held beside what holds, on what comes, calling nobody."""

from contextlib import closing
from datetime import timedelta
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import select

from monitor_api.cohorts.shadowing import AGAIN, ShadowKeeper
from monitor_api.errors import WorkStopped
from monitor_api.records.attention import AlertRow, AuditRow, ChangeRow
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import PracticeRow
from monitor_api.records.shadows import ShadowPatientRow, ShadowRow
from tests.monitor_api.check.line import OTHER_PATIENT, Line, ago, stored
from tests.monitor_api.cohorts.test_keeping import OTHERS, Counted
from tests.records import rf_record
from tests.service import CLINIC, PATIENT, key_of, rows
from vocabulary.identity import session_id

SHADOW, SOMEBODY = UUID(int=70), UUID(int=77)
NOW = ago(0)
RESTS_TWELVE_HOURS = {"limits": {"rf": {"rest_h": 12}}}


@pytest.fixture
def line(data):
    """A patient whose sessions began 50, 30 and 26 hours ago: the last two rested 20 and 4 hours, 24 are asked for."""
    line = Line(data)
    line.know(*(stored(rf_record(counter, start=ago(hours))) for counter, hours in ((1, 50), (2, 30), (3, 26))))
    with closing(line.stores):
        yield line


def begin(line, candidate=RESTS_TWELVE_HOURS, hours=40, shadow=SHADOW):
    """A candidate in the shadow since so many hours."""
    row = ShadowRow(
        id=shadow,
        clinic_id=CLINIC,
        because="",
        candidate=candidate,
        from_at=ago(hours),
        until_at=ago(hours) + timedelta(days=90),
        started_by=SOMEBODY,
    )
    with line.stores.database.write() as session:
        session.add(row)


def keep(line, now=NOW, stop=None):
    """Keeps the shadows up, and gives the sessions whose samples were read."""
    telemetry = Counted(line.stores.telemetry)
    keeper = ShadowKeeper(database=line.stores.database, telemetry=telemetry, clock=lambda: now)
    with keeper.kept_up(stop or Event()) as finish:
        finish()
    return telemetry.read


def judged(line, patient=PATIENT):
    return {row.patient_id: row for row in rows(line.stores, ShadowPatientRow)}.get(patient)


def counted(line, patient=PATIENT):
    """By rule: calls of the candidate alone, of what holds alone, of both."""
    calls = judged(line, patient).calls["rules"]
    return {one["rule"]: (one["starts"], one["stops"], one["stays"]) for one in calls}


def theirs(counter):
    return key_of(counter).session


def test_a_candidate_is_held_beside_what_holds_and_nobody_is_called(line):
    begin(line)
    before = [(row.id, row.raised_at) for row in rows(line.stores, AlertRow)]
    keep(line)
    assert counted(line) == {"too-soon": (0, 1, 1)}
    row = judged(line)
    assert (row.sessions, row.judged_at) == (2, NOW), "the first began before"
    (stopped,) = row.calls["stops"]
    assert (stopped["rule"], stopped["severity"], stopped["sessions"]) == ("too-soon", "medium", [str(theirs(2))])
    assert stopped["because"].startswith("20 h after the session before")
    assert row.calls["starts"] == []
    assert [(one.id, one.raised_at) for one in rows(line.stores, AlertRow)] == before


def test_a_rule_that_is_left_out_would_stop_and_a_stricter_limit_would_start(line):
    begin(line, {"without": ["too-soon"], "limits": {"rf": {"skin_celsius": 39}}})
    keep(line)
    assert counted(line) == {"too-hot": (2, 0, 0), "too-soon": (0, 2, 0)}
    newest, oldest = judged(line).calls["starts"]
    assert (newest["sessions"], oldest["sessions"]) == ([str(theirs(3))], [str(theirs(2))])


def test_limits_that_a_regimen_cannot_have_are_tried_on_nobody_who_has_it_and_it_is_said_why(line):
    line.meet(OTHER_PATIENT)
    begin(line, {"limits": {"rf": {"duration_min": 3}}})
    keep(line)
    assert (judged(line).problem, counted(line)) == ("limits.duration_s: lies below the 240 s of phase 1", {})
    assert judged(line, OTHER_PATIENT).problem is None


def test_figures_of_the_clinic_are_tried_too(line):
    begin(line, {"figures": {"again_worse": 2}})
    keep(line)
    assert counted(line) == {"too-soon": (0, 1, 1)}, "the rest of four hours is then no worse than that of twenty"


def test_what_a_patient_was_called_for_before_it_began_is_not_called_again_by_it(line):
    begin(line, {"figures": {"again_worse": 2}}, hours=28)
    keep(line)
    assert counted(line) == {"too-soon": (0, 1, 0)}, "the call of two hours before it began stands"


def test_limits_of_one_patient_change_nothing_of_another(line):
    line.meet(OTHER_PATIENT)
    line.add_device(OTHERS, OTHER_PATIENT)
    line.know(*(stored(rf_record(n, start=ago(hours)), device=OTHERS) for n, hours in ((1, 30), (2, 26))))
    begin(line, {"limits": {"rf": {"patient": str(OTHER_PATIENT), "rest_h": 12}}})
    keep(line)
    assert counted(line) == {"too-soon": (0, 0, 2)}
    assert all(starts == stops == 0 for starts, stops, _ in counted(line, OTHER_PATIENT).values()), "none is prescribed"


def test_what_comes_is_judged_and_nobody_else_is_read_again(line):
    line.meet(OTHER_PATIENT)
    line.add_device(OTHERS, OTHER_PATIENT)
    line.know(stored(rf_record(7, start=ago(30)), device=OTHERS))
    begin(line)
    assert set(keep(line)) == {theirs(1), theirs(2), theirs(3), session_id(OTHERS, 7)}
    assert keep(line) == []
    line.know(stored(rf_record(4, start=ago(10))))
    assert set(keep(line)) == {theirs(1), theirs(2), theirs(3), theirs(4)}
    assert counted(line) == {"too-soon": (0, 1, 1)}, "16 hours of rest call nobody again"
    assert judged(line).sessions == 3


def test_without_a_new_fact_the_clock_has_everybody_judged_again_after_a_while(line):
    begin(line)
    keep(line)
    assert keep(line, NOW + AGAIN - timedelta(seconds=1)) == []
    assert keep(line, NOW + AGAIN)
    assert judged(line).judged_at == NOW + AGAIN


def test_a_silence_is_found_by_the_clock_alone(line):
    begin(line, {"figures": {"silence_floor_h": 336, "silence_intervals": 10}})
    keep(line)
    assert "clinical-silence" not in counted(line)
    keep(line, NOW + timedelta(days=9))
    assert counted(line)["clinical-silence"] == (0, 1, 0)


def test_screens_are_told_once_of_all_that_is_new_and_the_trail_nothing_for_nothing_was_done(line):
    line.meet(OTHER_PATIENT)
    begin(line)
    for now in (NOW, NOW, NOW + AGAIN):
        keep(line, now)
    told = [(row.at, row.subject_id) for row in rows(line.stores, ChangeRow) if row.kind == "shadow"]
    assert told == [(NOW, str(SHADOW)), (NOW + AGAIN, str(SHADOW))]
    assert [row for row in rows(line.stores, AuditRow) if row.subject_kind == "shadow"] == []


def test_one_that_ended_stays_as_it_is(line):
    begin(line)
    keep(line)
    with line.stores.database.write() as session:
        session.get_one(ShadowRow, SHADOW).ended_at = NOW
    line.know(stored(rf_record(4, start=ago(25))))
    assert keep(line, NOW + timedelta(days=1)) == []
    assert judged(line).judged_at == NOW


def test_one_that_is_ended_while_a_patient_is_judged_stays_as_it_is(line):
    begin(line)

    class Ending(Counted):
        def series(self, key):
            with line.stores.database.write() as session:
                session.get_one(ShadowRow, SHADOW).ended_at = NOW
            return super().series(key)

    telemetry = Ending(line.stores.telemetry)
    with ShadowKeeper(database=line.stores.database, telemetry=telemetry, clock=lambda: NOW).kept_up(Event()):
        pass
    assert judged(line) is None


def test_one_whose_time_is_over_ends_then_and_the_trail_says_so(line):
    begin(line)
    over = ago(40) + timedelta(days=90)
    keep(line, over - timedelta(seconds=1))
    assert rows(line.stores, ShadowRow)[0].ended_at is None
    keep(line, over + timedelta(hours=1))
    (row,) = rows(line.stores, ShadowRow)
    assert (row.ended_at, row.ended_by) == (row.until_at, None)
    (said,) = [one for one in rows(line.stores, AuditRow) if one.subject_kind == "shadow"]
    assert (said.actor_kind, said.action, said.subject_id) == ("watch", "shadow over", str(SHADOW))


def test_a_pass_that_is_asked_to_stop_keeps_what_it_found_and_goes_on_next_time(line):
    line.meet(OTHER_PATIENT)
    begin(line)
    asked = Event()

    class Stopping(Counted):
        def series(self, key):
            asked.set()
            return super().series(key)

    with line.stores.database.read() as session:
        first = session.scalars(select(PatientRow.id).order_by(PatientRow.id)).first()
    assert first == PATIENT
    keeper = ShadowKeeper(database=line.stores.database, telemetry=Stopping(line.stores.telemetry), clock=lambda: NOW)
    with pytest.raises(WorkStopped), keeper.kept_up(asked):
        pass
    assert {row.patient_id for row in rows(line.stores, ShadowPatientRow)} == {PATIENT}
    keep(line)
    assert {row.patient_id for row in rows(line.stores, ShadowPatientRow)} == {PATIENT, OTHER_PATIENT}


def test_a_patient_who_cannot_be_judged_keeps_no_other_from_it(line):
    nowhere = UUID(int=1)
    line.meet(nowhere)
    with line.stores.database.write() as session:
        session.get_one(PatientRow, nowhere).zone = "Nowhere/None"
    begin(line)
    keep(line)
    assert judged(line, nowhere) is None
    assert counted(line) == {"too-soon": (0, 1, 1)}


def test_what_a_clinic_has_decided_against_meanwhile_is_held_beside_nothing(line):
    begin(line, {"figures": {"learned": 20}})
    begin(line, shadow=UUID(int=71))
    decided = PracticeRow(clinic_id=CLINIC, version=1, figures={"baseline": 10}, from_at=ago(1), decided_by=SOMEBODY)
    with line.stores.database.write() as session:
        session.add(decided)
    keep(line)
    assert {row.shadow_id for row in rows(line.stores, ShadowPatientRow)} == {UUID(int=71)}
