"""Courses: put together from what is stored, judged when a fact or the clock says so, told exactly once."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import sleep
from uuid import UUID

import pytest

from clinical.course import InForce
from clinical.judgement import judge_course
from monitor_api.check.courses import LOOK_AGAIN
from monitor_api.clock import Moment
from monitor_api.courses.due import PATIENCE, PAUSE, CourseKey, claim_courses, mark_course_due, release_course
from monitor_api.courses.reading import read_course
from monitor_api.courses.standing import stand
from monitor_api.errors import ClaimLost
from monitor_api.orders.asking import Asking, ask_hold, ask_lift
from monitor_api.records.attention import AlertRow, ChangeRow
from monitor_api.records.courses import CourseDueRow, CourseFindingRow, CourseSummaryRow, ExcuseRow, SessionSumRow
from monitor_api.records.people import PatientRow
from monitor_api.records.trail import Actor, ActorKind
from tests.clinical.courses import held
from tests.monitor_api.check.line import HOUR, Line, ago, stored
from tests.monitor_api.courses.watched import KEY, Watched, findings
from tests.records import rf_record
from tests.service import CLINIC, PATIENT, UID, key_of, rf_samples, rows
from vocabulary.devices import DeviceState, Modality
from vocabulary.wire.batches import ReportedMark

SOMEBODY = Actor(kind=ActorKind.USER, id=UUID(int=77))


@pytest.fixture
def line(tmp_path) -> Iterator[Line]:
    line = Line(tmp_path)
    with closing(line.stores):
        yield line


def course(line: Line):
    with line.stores.database.read() as session:
        return read_course(session, KEY)


def mark(line: Line, at: datetime) -> None:
    with line.stores.database.write() as session:
        mark_course_due(session, [KEY], at)


def course_alerts(line: Line) -> list[AlertRow]:
    return [row for row in rows(line.stores, AlertRow) if row.rule in findings(line)]


def test_a_course_holds_every_session_of_its_patient_in_the_order_of_their_start(line):
    line.know(*(stored(rf_record(counter, start=ago(hours))) for counter, hours in ((3, 2), (1, 60), (2, 30))))
    assert [(one.device, one.counter, one.recorded) for one in course(line).sessions] == [
        (UID, 1, True),
        (UID, 2, True),
        (UID, 3, True),
    ]


def test_a_session_is_summed_up_when_it_is_checked(line):
    line.know(stored(rf_record(1, start=ago(5))))
    (row,) = rows(line.stores, SessionSumRow)
    assert (row.session_id, row.seen_fraction, row.contact_fraction) == (key_of(1).session, 0.0, None)


def test_a_version_is_in_force_until_the_next_one_or_the_end(line):
    (held,) = course(line).regimens
    assert isinstance(held, InForce)
    assert (held.regimen.version, held.until_at) == (1, None)


def test_a_hold_lasts_from_the_asking_until_it_is_lifted(line):
    held_at, lifted_at = ago(3), ago(1)
    line.know()
    with line.stores.database.write() as session:
        asked = Asking(
            session=session,
            clinic=CLINIC,
            device=UID,
            actor=SOMEBODY,
            reason="r",
            now=Moment(civil=held_at, real=held_at),
        )
        ask_hold(asked, None)
        ask_lift(replace(asked, now=Moment(civil=lifted_at, real=lifted_at)))
    (hold,) = course(line).holds
    assert hold == held(held_at, lifted_at, Modality.RF)


def test_an_excuse_that_was_withdrawn_excuses_nothing(line):
    kept, withdrawn = UUID(int=1), UUID(int=2)
    with line.stores.database.write() as session:
        for id_, gone in ((kept, None), (withdrawn, ago(1))):
            session.add(
                ExcuseRow(
                    id=id_,
                    clinic_id=CLINIC,
                    patient_id=PATIENT,
                    from_at=ago(48),
                    until_at=ago(24),
                    because=str(id_),
                    noted_by=UUID(int=77),
                    noted_at=ago(50),
                    withdrawn_at=gone,
                )
            )
    assert [one.because for one in course(line).excuses] == [str(kept)]


def test_without_a_word_from_the_device_nothing_is_proven(line):
    (device,) = course(line).devices
    assert device.proof is None


def asked(line: Line, *sessions: tuple[int, float], newest: int):
    """A device whose sessions, by counter and hours ago, are here, when it has named its newest."""
    line.know(*(stored(rf_record(counter, start=ago(hours))) for counter, hours in sessions))
    line.know(ReportedMark(device=UID, at=ago(0), state=DeviceState.READY, newest=newest, timeline=1))
    (device,) = course(line).devices
    return device


def test_a_device_whose_records_follow_each_other_misses_none(line):
    before = ago(0)
    proof = asked(line, (1, 60), (2, 30), newest=2).proof
    assert before <= proof.until <= ago(0)
    assert proof.missing == ()


def test_records_between_those_that_are_here_and_after_the_last_are_missing(line):
    missing = asked(line, (1, 60), (4, 30), newest=5).proof.missing
    near = [(one.count, round((datetime.now(UTC) - one.after) / HOUR)) for one in missing]
    assert near == [(2, 60), (1, 30)]


def test_a_record_that_never_came_half_a_year_ago_leaves_nothing_open_today(line):
    device = asked(line, (4, 24 * 200), (6, 24 * 180), (7, 30), newest=7)
    assert device.missing(ago(24 * 100), ago(0)) == ()
    assert sum(one.count for one in device.proof.missing) == 4


def test_a_check_of_a_session_has_the_course_of_its_patient_judged(line):
    line.know(stored(rf_record(1, start=ago(5))))
    (due,) = rows(line.stores, CourseDueRow)
    assert (due.patient_id, due.judged_at) == (PATIENT, None)


def test_a_session_that_changes_hands_has_both_courses_judged(line):
    line.know(stored(rf_record(1, start=ago(5))))
    line.meet(UUID(int=20))
    line.reassign(UID, UUID(int=20))
    line.check()
    assert {row.patient_id for row in rows(line.stores, CourseDueRow)} == {PATIENT, UUID(int=20)}


def test_a_course_is_judged_once_and_again_when_its_time_has_come(line):
    now = datetime.now(UTC)
    mark(line, now)
    watched = Watched(line, now)
    assert (watched.look(), watched.look()) == (1, 0)
    watched.now += LOOK_AGAIN
    assert watched.look() == 1


def test_a_judgement_keeps_a_summary_for_lists_and_tells_screens_only_when_it_says_something_new(line):
    line.know(stored(rf_record(1, start=ago(5))))
    now = datetime.now(UTC)
    watched = Watched(line, now)
    watched.look()
    (first,) = rows(line.stores, CourseSummaryRow)
    assert (first.patient_id, first.modality, first.target, first.judged_at) == (PATIENT, "rf", 0.7, now)
    told = len(rows(line.stores, ChangeRow))
    watched.now += LOOK_AGAIN
    watched.look()
    (again,) = rows(line.stores, CourseSummaryRow)
    assert again.judged_at == now + LOOK_AGAIN
    assert len(rows(line.stores, ChangeRow)) == told


def test_a_fact_that_comes_while_a_course_is_judged_has_it_judged_again(line):
    now = datetime.now(UTC)
    mark(line, now)
    with line.stores.database.write() as session:
        (claim,) = claim_courses(session, "check-1", Moment(civil=now, real=now), 5)
    mark(line, now)
    with line.stores.database.write() as session:
        release_course(session, claim, "check-1", judged_at=now, next_at=now + HOUR)
    assert Watched(line, now).look() == 1


def test_a_session_has_its_course_judged_when_it_begins_once_a_minute_and_when_its_record_is_here(
    line,
):
    def due_in():
        (row,) = rows(line.stores, CourseDueRow)
        return round((row.due_at - datetime.now(UTC)) / timedelta(seconds=1))

    def hear(*items):
        line.know(*items)
        due = due_in()
        Watched(line, datetime.now(UTC)).look()
        return due

    assert hear(rf_samples(0, 3)) <= 0
    assert 55 <= hear(rf_samples(3, 3)) <= 60
    assert 50 <= hear(rf_samples(6, 3)) <= 60
    assert hear(stored(rf_record(1, start=ago(0.01)))) <= 0


def judged(watched: Watched) -> bool:
    """Whether its course was judged at the watch's instant, also where it had been put off for a moment."""
    sleep(PAUSE.total_seconds())
    watched.look()
    (row,) = rows(watched.line.stores, CourseDueRow)
    return row.judged_at == watched.now


def test_a_course_waits_for_the_checks_of_its_sessions_and_calls_nobody_for_what_they_call_for(line):
    line.know(stored(rf_record(2, start=ago(2))))
    assert judged(Watched(line, datetime.now(UTC)))
    line.bring(stored(rf_record(1, start=ago(3))))
    line.checker.check_due()
    assert line.due() == {key_of(2).session}, "the rest before it is another now"
    assert not judged(Watched(line, datetime.now(UTC)))
    line.check()
    assert judged(Watched(line, datetime.now(UTC)))
    assert "too-many-a-day" in findings(line)
    assert [rule for rule, _ in line.alerts()] == ["too-soon"]


def test_a_course_does_not_wait_for_a_session_that_cannot_be_checked(line):
    line.know(stored(rf_record(1, start=ago(2))))
    line.mark()
    now = datetime.now(UTC)
    mark(line, now)
    assert not judged(Watched(line, now))
    assert judged(Watched(line, now + PATIENCE))


def test_a_course_that_another_worker_took_over_is_not_concluded(line):
    now = datetime.now(UTC)
    mark(line, now)
    with line.stores.database.write() as session:
        (claim,) = claim_courses(session, "check-1", Moment(civil=now, real=now), 5)
        assert claim_courses(session, "check-2", Moment(civil=now, real=now), 5) == []
        later = now + timedelta(minutes=1)
        assert claim_courses(session, "check-2", Moment(civil=now, real=later), 5) == [claim]
        with pytest.raises(ClaimLost):
            release_course(session, claim, "check-1", judged_at=now, next_at=now)


def test_what_is_stored_is_what_the_rules_say_of_the_course(line):
    line.know(*(stored(rf_record(counter, start=ago(hours))) for counter, hours in ((1, 60), (2, 3), (3, 2))))
    now = datetime.now(UTC)
    Watched(line, now).look()
    with line.stores.database.read() as session:
        expected = judge_course(stand(session, KEY, now))
    assert {(row.id, row.outcome, row.episode) for row in rows(line.stores, CourseFindingRow)} == {
        (one.id, one.verdict.outcome, one.episode) for one in expected
    }


def test_judging_a_course_again_tells_nothing_twice(line):
    line.know(*(stored(rf_record(counter, start=ago(hours))) for counter, hours in ((1, 4), (2, 3), (3, 2))))
    now = datetime.now(UTC)
    Watched(line, now).look()
    before = [(row.id, row.raised_at) for row in rows(line.stores, AlertRow)]
    mark(line, now)
    assert Watched(line, now + timedelta(minutes=1)).look() == 1
    assert [(row.id, row.raised_at) for row in rows(line.stores, AlertRow)] == before


def test_a_course_that_cannot_be_judged_keeps_no_other_from_it(line):
    now, nowhere = datetime.now(UTC), UUID(int=20)
    line.meet(nowhere)
    with line.stores.database.write() as session:
        session.get_one(PatientRow, nowhere).zone = "Nowhere/None"
        mark_course_due(session, [KEY, CourseKey(CLINIC, nowhere)], now)
    Watched(line, now).look()
    judged = {row.patient_id: row.judged_at for row in rows(line.stores, CourseDueRow)}
    assert judged == {PATIENT: now, nowhere: None}
