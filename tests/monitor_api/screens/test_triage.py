"""The order of the list, and what a row says."""

from datetime import timedelta
from uuid import UUID

import pytest

from alerts.life import State
from monitor_api.http.callers import Caller
from monitor_api.http.queries.triage import triage_facts
from monitor_api.screens.histories import wanted
from monitor_api.screens.triage import Show, rows
from tests.monitor_api.screens.clinic import NOW, Clinic
from tests.monitor_api.screens.cohort import Treated, treated
from vocabulary.devices import Modality


def rows_of(clinic: Clinic, physician: Caller):
    with clinic.database.read() as session:
        return rows(triage_facts(session, physician, wanted(NOW, None)), NOW)


@pytest.fixture
def physician(clinic: Clinic, caller_of) -> Caller:
    return caller_of(clinic, "physician")


def alert(one: Treated, severity: str, minutes_ago: int, **said) -> UUID:
    at = one.clinic.now - timedelta(minutes=minutes_ago)
    return one.clinic.alert(one.id, one.uid, one.sessions[-1], severity, raised_at=at, **said)


def taken_by(clinic: Clinic) -> dict:
    who = clinic.user("physician", "Dr Haas")
    return {"state": State.ACKNOWLEDGED, "acknowledged_by": who, "acknowledged_at": NOW - timedelta(minutes=1)}


def test_rows_come_by_severity_then_by_how_long_they_wait_then_what_is_taken_on(clinic, physician):
    named = {name: treated(clinic, name, "5.5") for name in ("calm", "taken", "low", "new", "old", "medium")}
    alert(named["taken"], "high", 90, **taken_by(clinic))
    alert(named["low"], "low", 300)
    alert(named["new"], "high", 5)
    alert(named["old"], "high", 50)
    alert(named["medium"], "medium", 200)
    assert [row.name for row in rows_of(clinic, physician)] == ["old", "new", "medium", "low", "taken", "calm"]


def test_a_patient_of_whom_no_data_came_stands_before_one_of_whom_some_did(clinic, physician):
    treated(clinic, "heard", "....5")
    clinic.patient("silent")
    assert [row.name for row in rows_of(clinic, physician)] == ["silent", "heard"]


def test_an_alert_of_nobodys_device_has_a_row_of_its_own(clinic, physician):
    uid = clinic.device()
    clinic.alert(None, uid, clinic.session(None, uid, 1, NOW), "high")
    (row,) = rows_of(clinic, physician)
    assert (row.name, row.patient) == ("Nobody's device", None)


def test_a_row_tells_of_the_worst_that_nobody_took_on_and_how_many_more(clinic, physician):
    one = treated(clinic, "Anna", "5.5")
    alert(one, "low", 80)
    alert(one, "medium", 3)
    (row,) = rows_of(clinic, physician)
    assert (row.attention.worst.severity, row.attention.more) == ("medium", 1)


def test_an_alert_taken_on_over_a_week_ago_leaves_the_list(clinic, physician):
    one = treated(clinic, "Anna", "5.5")
    alert(one, "high", 90, **taken_by(clinic) | {"acknowledged_at": NOW - timedelta(days=8)})
    assert rows_of(clinic, physician)[0].attention.alerts == ()


def test_filters_let_through_what_they_say(clinic, physician):
    alert(treated(clinic, "hot", "5.5"), "high", 5)
    treated(clinic, "mute", "5??????????????")
    found = rows_of(clinic, physician)
    assert [row.name for row in found if row.is_in(Show.HIGH)] == ["hot"]
    assert [row.name for row in found if row.is_in(Show.SILENT)] == ["mute"]
    assert [row.name for row in found if row.is_named("HO")] == ["hot"]


def test_the_week_counts_the_sessions_of_each_prescribed_device_apart(clinic, physician):
    one = treated(clinic, "Anna", "5555.5.")
    rf = clinic.device(one.id, Modality.RF)
    clinic.regimen(one.id, Modality.RF)
    clinic.session(one.id, rf, 1, NOW - timedelta(days=1), modality=Modality.RF)
    clinic.session(one.id, rf, 2, NOW - timedelta(days=8), modality=Modality.RF)
    (row,) = rows_of(clinic, physician)
    assert {(week.modality, week.done, week.asked) for week in row.weeks} == {("led", 5, 5), ("rf", 1, 3)}


def test_a_row_says_its_days_in_words(clinic, physician):
    treated(clinic, "Anna", "5.o.?.5......5")
    (row,) = rows_of(clinic, physician)
    assert row.summary == "Last 14 days: 4 days with a session, 1 over the limit, 7 without a session, 3 no data"


@pytest.mark.parametrize(("epoch", "proven"), [(None, True), ("a" * 16, False)])
def test_the_numbers_of_a_gateway_prove_no_day_without_a_session(clinic, physician, epoch, proven):
    patient = clinic.patient("Anna")
    uid = clinic.device(patient)
    clinic.session(patient, uid, 1, NOW - timedelta(days=20), epoch=epoch)
    clinic.prove(uid, 1)
    (row,) = rows_of(clinic, physician)
    assert ("without a session" in row.summary) is proven


@pytest.mark.parametrize(
    ("heard_s_ago", "recorded", "running"),
    [(3, False, True), (119, False, True), (121, False, False), (3, True, False)],
)
def test_a_session_is_said_to_run_while_it_is_heard_of_and_has_no_record(
    clinic, physician, heard_s_ago, recorded, running
):
    one = treated(clinic, "Anna", "5.5")
    heard_at = NOW - timedelta(seconds=heard_s_ago)
    one.session(0, recorded=recorded, heard_at=heard_at)
    (row,) = rows_of(clinic, physician)
    assert row.running_until == (heard_at + timedelta(minutes=2) if running else None)
