"""What is listed of a patient's weeks: all that called or that fires, and what is open only while it is open."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from monitor_api.clock import Moment
from monitor_api.courses.due import mark_course_due
from monitor_api.http.callers import Caller
from monitor_api.http.policy import Role
from monitor_api.http.queries.courses import SeenEpisode, patient_course
from monitor_api.orders.asking import Asking, ask_hold, ask_lift
from monitor_api.records.attention import AlertRow, ChangeRow
from monitor_api.records.courses import CourseFindingRow, ExcuseRow
from monitor_api.records.sessions import RegimenVersionRow
from monitor_api.records.trail import Actor, ActorKind
from tests.monitor_api.check.line import Line, ago, stored, ticked_record
from tests.monitor_api.courses.identities import anchor
from tests.monitor_api.courses.watched import KEY, Watched, findings
from tests.records import rf_record
from tests.service import CLINIC, PATIENT, UID, rf_device, rows
from vocabulary.devices import DeviceState
from vocabulary.wire.batches import ReportedMark

SOMEBODY = Actor(kind=ActorKind.USER, id=UUID(int=77))
PHYSICIAN = Caller(
    kind=ActorKind.USER,
    id=UUID(int=5),
    name="P",
    clinic=CLINIC,
    role=Role.PHYSICIAN,
    patient=None,
    proof="",
    csrf_token=None,
    expires_at=datetime(2100, 1, 1, tzinfo=UTC),
)
PAST = [stored(rf_record(number, start=ago(24 * day))) for number, day in enumerate((15, 13, 11, 9, 7, 5, 3, 1), 1)]
COUNTED = ReportedMark(device=UID, at=ago(0), state=DeviceState.READY, newest=len(PAST), timeline=1)
"""What a device with that past says when it is met first."""


@pytest.fixture
def line(tmp_path) -> Iterator[Line]:
    line = Line(tmp_path)
    with closing(line.stores):
        with line.stores.database.write() as session:
            for row in session.query(RegimenVersionRow):
                row.from_at = ago(24 * 16)
        yield line


def judge(line: Line, after: timedelta = timedelta(0)) -> None:
    """Judge the course, whatever came."""
    line.check()
    now = datetime.now(UTC) + after
    with line.stores.database.write() as session:
        mark_course_due(session, [KEY], now)
    Watched(line, now).look()


def listed(line: Line, rule: str) -> list[SeenEpisode]:
    with line.stores.database.read() as session:
        found = patient_course(session, PHYSICIAN, KEY.patient, datetime.now(UTC)).episodes
    return [one for one in found if one.rule == rule]


def excuse_today(line: Line) -> UUID:
    id_ = uuid4()
    about = {"clinic_id": CLINIC, "patient_id": PATIENT, "because": "Travels", "noted_by": SOMEBODY.id}
    with line.stores.database.write() as session:
        session.add(ExcuseRow(id=id_, from_at=ago(1), until_at=ago(-48), noted_at=ago(1), **about))
    return id_


def withdraw(line: Line, excuse: UUID) -> None:
    with line.stores.database.write() as session:
        session.get_one(ExcuseRow, excuse).withdrawn_at = ago(0)


def was_on_hold(line: Line, hours: float, until: float) -> None:
    with line.stores.database.write() as session:
        at = Moment(civil=ago(hours), real=ago(hours))
        asked = Asking(session=session, clinic=CLINIC, device=UID, actor=SOMEBODY, reason="r", now=at)
        ask_hold(asked, None)
        ask_lift(replace(asked, now=Moment(civil=ago(until), real=ago(until))))


def once(line: Line, outcome: str) -> None:
    """What was found long ago, and cleared."""
    said = {"rule": "missed-slot", "rule_version": 1, "severity": "info", "episode": "e", "because": "Once"}
    when = {"began_at": ago(999), "found_at": ago(999), "cleared_at": ago(99)}
    about = {"clinic_id": CLINIC, "id": uuid4(), "patient_id": PATIENT, "evidence": {}, "sessions": []}
    with line.stores.database.write() as session:
        session.add(CourseFindingRow(outcome=outcome, **about, **said, **when))


def test_records_that_were_on_their_way_are_not_spoken_of_any_more_once_they_are_here(line):
    line.bring(rf_device(), COUNTED)
    judge(line)
    assert [one.because.endswith("on their way") for one in listed(line, "clinical-silence")] == [True]
    line.bring(*PAST)
    judge(line)
    assert listed(line, "clinical-silence") == []
    assert findings(line)["clinical-silence"].outcome == "clear"


def test_what_called_is_listed_with_its_end_though_it_turned_out_to_be_nothing(line):
    line.bring(rf_device(), COUNTED)
    judge(line, timedelta(hours=3))
    line.bring(*PAST)
    judge(line)
    (said,) = listed(line, "clinical-silence")
    assert (said.outcome, said.cleared_at is None) == ("fires", False)


def test_what_could_not_be_ruled_out_and_called_stays_listed_for_its_alert_leads_there(line):
    was_on_hold(line, hours=5, until=1)
    line.bring(rf_device(), stored(ticked_record(tick_s=1000, timeline=1)))
    judge(line)
    assert "used-on-hold" in {row.rule for row in rows(line.stores, AlertRow)}
    line.bring(anchor(ago(30), timedelta(seconds=1000)))
    for _ in range(2):
        judge(line)
        (said,) = listed(line, "used-on-hold")
        assert (said.outcome, said.cleared_at is None) == ("undetermined", False)


def test_what_is_said_again_is_listed_again(line):
    line.bring(rf_device(), COUNTED)
    judge(line)
    (before,) = listed(line, "clinical-silence")
    excuse = excuse_today(line)
    judge(line)
    assert listed(line, "clinical-silence") == []
    withdraw(line, excuse)
    judge(line)
    (after,) = listed(line, "clinical-silence")
    assert (after.id, after.outcome, after.cleared_at) == (before.id, "undetermined", None)


def test_what_came_to_nothing_before_it_was_known_to_is_no_longer_listed_and_screens_are_told_once(line):
    line.bring(rf_device(), *PAST)
    judge(line)
    once(line, "undetermined")
    told = [len(rows(line.stores, ChangeRow))]
    for _ in range(2):
        judge(line)
        told.append(len(rows(line.stores, ChangeRow)))
    assert not any(one.because == "Once" for one in listed(line, "missed-slot"))
    assert [after - told[0] for after in told] == [0, 1, 1]


def test_a_judgement_reads_nothing_that_is_over_and_that_no_rule_says(line):
    line.bring(rf_device(), *PAST)
    judge(line)
    once(line, "fires")
    read: list[str] = []

    def note(row: CourseFindingRow, _context: object) -> None:
        read.append(row.because)

    event.listen(CourseFindingRow, "load", note)
    try:
        judge(line)
    finally:
        event.remove(CourseFindingRow, "load", note)
    assert "Once" not in read
    assert read
