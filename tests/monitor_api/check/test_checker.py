"""The checker: what is stored is held against what was prescribed, again whenever anything it rests on changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from sqlalchemy import delete, update

from alerts.life import State
from clinical.plan import Cem43Levels, Level
from clinical.regimen import Programme
from monitor_api.check.checker import Checker
from monitor_api.errors import ClaimLost, StoreUnavailable, StoreUnusable
from monitor_api.records.attention import AlertRow, AuditRow, FindingRow
from monitor_api.records.devices import DeviceRow
from monitor_api.records.sessions import DueRow, RecordRow, RegimenVersionRow
from monitor_api.sessions.due import LEASE, claim_due
from tests.monitor_api.check.line import (
    ALL_SAMPLES_LOST,
    HOUR,
    OTHER_PATIENT,
    SECOND_DEVICE,
    ago,
    recorded,
    seen,
    stored,
    ticked_record,
)
from tests.records import rf_record
from tests.service import (
    PATIENT,
    RF_REGIMEN,
    UID,
    checker_of,
    key_of,
    rf_device,
    rf_samples,
    rows,
)
from vocabulary.devices import Feature, Zone
from vocabulary.identity import DeviceUid, session_id
from vocabulary.instants import Known
from vocabulary.quantities import Quantity, Unit
from vocabulary.wire.batches import SeenAnchor

TOO_MUCH_J = 3000
"""Over the regimen's 2400 J."""


def anchor(tick_s, at, timeline=1, uncertainty_s=1.0):
    return SeenAnchor(device=UID, timeline=timeline, tick_s=float(tick_s), at=at, uncertainty_s=uncertainty_s)


def test_a_session_as_prescribed_calls_nobody(line):
    line.know(rf_samples(0, 240), recorded(start=ago(1)))
    assert line.alerts() == {}
    assert (line.session().recorded, line.session().patient_id, line.due()) == (True, PATIENT, set())


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({}, {"too-hot": "fires", "over-dose": "fires"}),
        ({"skin_uncertainty_celsius": 1.0}, {"too-hot": "undetermined", "over-dose": "fires"}),
        ({"dose_uncertainty_fraction": 0.25}, {"too-hot": "fires", "over-dose": "undetermined"}),
    ],
)
def test_what_a_devices_calibration_leaves_open_is_undetermined(line, measured, expected):
    line.know(rf_samples(0, 240, skin=43.0), recorded(start=ago(1), energy_j=2600, skin=43.0))
    with line.stores.database.write() as session:
        session.execute(update(DeviceRow).values(**measured, calibration_source="a laboratory"))
    line.mark()
    line.check()
    assert {rule: line.finding(rule).outcome for rule in expected} == expected


def test_a_high_danger_that_cannot_be_ruled_out_is_a_medium_alert(line):
    line.know(recorded(start=ago(0.5), skin=44.0), ALL_SAMPLES_LOST)
    assert line.finding("too-hot").outcome == "undetermined"
    assert line.alert("too-hot").severity == "medium"
    assert "not known" in line.alert("too-hot").because


def test_a_mild_rule_that_cannot_tell_is_shown_and_calls_nobody(line):
    line.know(recorded(start=ago(0.5)), ALL_SAMPLES_LOST)
    assert line.finding("contact-lost").outcome == "undetermined"
    assert line.alerts() == {}


def test_samples_that_come_after_the_record_turn_cannot_rule_out_into_high_and_call_anew(line):
    line.know(recorded(start=ago(0.5), skin=44.0))
    line.know(rf_samples(0, 240, skin=44.0))
    assert (line.alert("too-hot").severity, line.alert("too-hot").state) == ("high", State.FIRING)
    assert len(line.alerts()) == 1


@pytest.mark.parametrize(("hours", "late"), [(0.9, False), (1.1, True)])
def test_an_event_of_over_an_hour_ago_is_marked_as_found_late(hours, late, line):
    line.know(recorded(start=ago(hours), energy_j=TOO_MUCH_J))
    assert line.alert("over-dose").found_late is late
    assert line.alert("over-dose").event_at == pytest.approx(ago(hours), abs=HOUR / 360)


def test_an_earlier_session_that_arrives_late_has_the_one_after_it_judged_again(line):
    line.know(recorded(2, start=ago(2)))
    assert line.alerts() == {}
    line.know(recorded(1, start=ago(10)))
    assert line.alert("too-soon", counter=2).severity == "medium"
    assert line.alert("too-soon", counter=1) is None


def test_a_session_long_after_the_one_before_is_not_too_soon(line):
    line.know(recorded(1, start=ago(48)))
    line.know(recorded(2, start=ago(2)))
    assert line.alerts() == {}


def test_a_session_between_two_others_becomes_the_one_before_of_the_last(line):
    line.know(recorded(1, start=ago(60)), recorded(3, start=ago(2)))
    line.know(recorded(2, start=ago(30)))
    assert line.alerts() == {}
    assert line.finding("too-soon", counter=3) is None
    line.know(recorded(4, start=ago(8)))
    assert line.alert("too-soon", counter=3) is not None
    assert line.alert("too-soon", counter=4) is not None


def test_a_later_anchor_places_a_session_that_nothing_placed(line):
    line.know(stored(ticked_record(tick_s=1000, timeline=1)))
    assert (line.session().placed_by, line.alert("clock-unknown").severity) == (None, "low")
    began = ago(3)
    line.know(anchor(1000, began))
    assert line.session().placed_by == Known.ANCHOR
    assert line.session().started_earliest < began < line.session().started_latest
    assert line.finding("clock-unknown").outcome == "clear"


def test_an_anchor_on_another_timeline_places_nothing(line):
    line.know(stored(ticked_record(tick_s=1000, timeline=1)))
    line.know(anchor(1000, ago(3), timeline=2))
    assert line.session().placed_by is None


def test_an_anchor_that_is_nearer_narrows_what_is_known_of_a_start(line):
    line.know(stored(ticked_record(tick_s=1_000_000, timeline=1)), anchor(1, ago(5) - 1_000_000 / 3600 * HOUR))
    wide = line.session().started_latest - line.session().started_earliest
    line.know(anchor(1_000_000, ago(5)))
    assert line.session().started_latest - line.session().started_earliest < wide / 10


def test_a_session_of_a_device_that_was_another_patients_is_held_against_theirs(line):
    line.know(recorded(start=ago(2)))
    line.meet(OTHER_PATIENT)
    line.reassign(UID, OTHER_PATIENT)
    line.check()
    assert (line.session().patient_id, line.session().regimen_id) == (OTHER_PATIENT, None)
    assert line.alert("no-regimen").patient_id == OTHER_PATIENT


def test_programme_zone_and_thermal_dose_are_held_against_what_the_regimen_names(line):
    line.prescribe(
        programmes=(Programme(number=1, light=()),),
        zones=(Zone.CHIN,),
        cem43=Cem43Levels(info_min=1.0, warn_min=2.0, alert_min=5.0, stop_min=15.0),
    )
    line.bring(structs.replace(rf_device(), features=[*rf_device().features, Feature.SKIN_TEMPERATURE]))
    line.bring(rf_samples(0, 240, skin=42.2), recorded(start=ago(1), skin=42.2))
    line.check()
    assert line.alert("wrong-programme").because == "Programme 0 instead of 1"
    assert line.alert("wrong-zone").because == "Treated cheek left; prescribed chin"
    assert line.finding("thermal-dose-noted").because == "Heat on cheek left worth 1.3 min at 43 °C, the level is 1"
    assert line.alert("thermal-dose-noted") is None  # info calls nobody


def test_a_session_is_held_against_the_phase_that_ran_when_it_began(line):
    weekly = RF_REGIMEN.phases[0]
    gentle = replace(weekly, lasts=timedelta(weeks=1), dose=Quantity(500.0, Unit.JOULE))
    line.prescribe(phases=(gentle, weekly))
    line.know(rf_samples(0, 240), recorded(start=ago(1), energy_j=1000))
    assert line.finding("under-dose").because == "Dose 1000.0 J, at least 1440.0 were to be given"


def test_a_session_after_the_last_phase_has_no_regimen_and_is_told_when_that_ended(line):
    line.prescribe(phases=(replace(RF_REGIMEN.phases[0], lasts=timedelta(weeks=1)),))
    with line.stores.database.write() as session:
        session.execute(update(RegimenVersionRow).values(from_at=datetime(2026, 3, 2, 3, 59, tzinfo=UTC)))
    line.know(recorded(start=ago(1), energy_j=TOO_MUCH_J))
    assert line.alert("no-regimen").because == "The regimen's last phase ended on 7 March 2026"
    assert (line.session().regimen_id, line.finding("over-dose")) == (None, None)


def later_on_a_second_device(line):
    """The patient's session on another device, eight hours after that on the first; gives its finding of too-soon."""
    line.know(seen(SECOND_DEVICE), stored(rf_record(1, start=ago(2)), device=SECOND_DEVICE))
    return session_id(SECOND_DEVICE, 1)


def outcome(line, rule, session):
    return {row.rule: row.outcome for row in rows(line.stores, FindingRow) if row.session_id == session}.get(rule)


def test_the_rest_between_two_devices_of_one_patient_counts(line):
    line.add_device(SECOND_DEVICE)
    line.know(recorded(start=ago(10)))
    session = later_on_a_second_device(line)
    assert outcome(line, "too-soon", session) == "fires"


def test_a_session_that_turns_out_to_be_anothers_no_longer_shortens_the_rest_after_it(line):
    line.add_device(SECOND_DEVICE)
    line.meet(OTHER_PATIENT)
    line.know(recorded(start=ago(10)))
    session = later_on_a_second_device(line)
    line.reassign(UID, OTHER_PATIENT)
    line.check()
    assert outcome(line, "too-soon", session) == "clear"


def test_a_session_that_turns_out_to_be_the_patients_shortens_the_rest_after_it(line):
    line.add_device(SECOND_DEVICE)
    line.meet(OTHER_PATIENT)
    line.reassign(UID, OTHER_PATIENT)
    line.know(recorded(start=ago(10)))
    session = later_on_a_second_device(line)
    assert outcome(line, "too-soon", session) is None
    line.reassign(UID, PATIENT)
    line.check()
    assert outcome(line, "too-soon", session) == "fires"


def test_checking_again_changes_nothing_and_leaves_no_trail_of_an_alert(line):
    line.know(recorded(start=ago(2), energy_j=TOO_MUCH_J))
    before = [(row.id, row.raised_at, row.state) for row in rows(line.stores, AlertRow)]
    line.mark()
    line.check()
    assert [(row.id, row.raised_at, row.state) for row in rows(line.stores, AlertRow)] == before
    assert [row.action for row in rows(line.stores, AuditRow) if row.subject_kind == "alert"] == ["alert raised"]


def test_a_rule_of_a_newer_version_raises_the_same_alert_and_wakes_nobody_again(line):
    line.know(recorded(start=ago(2), energy_j=TOO_MUCH_J))
    with line.stores.database.write() as session:
        session.execute(update(FindingRow).values(rule_version=0))
        session.execute(update(AlertRow).values(rule_version=0, state=State.ACKNOWLEDGED, raised_at=ago(1)))
    before = line.alert("over-dose")
    line.mark()
    line.check()
    after = line.alert("over-dose")
    assert (after.id, after.raised_at, after.state) == (before.id, before.raised_at, State.ACKNOWLEDGED)
    assert (after.rule_version, line.finding("over-dose").rule_version, len(line.alerts())) == (2, 2, 1)


def test_a_finding_that_no_longer_holds_is_clear_and_its_alert_stays_for_a_person(line):
    line.know(recorded(start=ago(2), energy_j=TOO_MUCH_J))
    with line.stores.database.write() as session:
        session.execute(delete(RecordRow))
    line.know(recorded(start=ago(2), energy_j=1800))
    assert line.finding("over-dose").outcome == "clear"
    assert line.alert("over-dose").state == State.FIRING


def test_two_records_of_one_session_are_a_conflict_in_words_and_both_are_kept(line):
    first, second = rf_record(start=ago(2), energy_j=1800), rf_record(start=ago(2), energy_j=1801)
    line.know(stored(first))
    assert line.session().conflict is None
    line.know(stored(second))
    assert "2 records" in line.session().conflict
    assert {row.data for row in rows(line.stores, RecordRow)} == {first, second}


def test_the_record_that_came_first_stays_the_account_of_a_session_in_conflict(line):
    line.know(recorded(start=ago(2), energy_j=1800))
    line.know(recorded(start=ago(2), energy_j=1500))
    assert line.session().dose_value == 1800


def test_a_session_that_is_claimed_waits_until_its_lease_has_run_out(line):
    line.bring(rf_device(), recorded(start=ago(2)))
    with line.stores.database.write() as session:
        now = line.stores.clocks.wall()
        assert len(claim_due(session, "check-9", now, 5)) == 1
        assert claim_due(session, "check-8", now + LEASE / 2, 5) == []
        assert len(claim_due(session, "check-8", now + 2 * LEASE, 5)) == 1


def test_facts_that_come_while_a_check_is_under_way_leave_its_session_due(line):
    line.bring(rf_device(), rf_samples(0))
    with line.stores.database.write() as session:
        (claim,) = claim_due(session, "check-1", line.stores.clocks.wall(), 5)
    line.bring(rf_samples(10, skin=43.5))
    line.checker.check(claim)
    assert line.due() == {key_of().session}
    line.check()
    assert line.alert("too-hot").severity == "high"


def test_a_session_of_a_device_that_is_nobodys_is_judged_by_what_always_holds(line):
    nobodys = DeviceUid("00112233445566ee")
    record = stored(rf_record(1, start=ago(0.5), skin=44.0), device=nobodys)
    line.know(seen(nobodys), structs.replace(ALL_SAMPLES_LOST, device=nobodys), record)
    session = session_id(nobodys, 1)
    assert outcome(line, "too-hot", session) == "undetermined"
    assert outcome(line, "no-regimen", session) == "fires"
    assert {row.patient_id for row in rows(line.stores, AlertRow)} == {None}


def test_samples_that_came_before_their_device_said_what_it_is_are_judged_as_what_they_are(line):
    line.bring(rf_samples(0, 30, skin=45.0))
    line.check()
    assert line.alert("too-hot").severity == "high"
    assert line.session().modality == "rf"


def test_what_a_device_says_of_itself_has_its_latest_sessions_judged_again(line):
    line.bring(recorded(start=ago(0.5)), ALL_SAMPLES_LOST)
    line.check()
    assert line.finding("contact-lost") is None
    line.know()
    assert line.finding("contact-lost").outcome == "undetermined"


def test_a_record_that_is_longer_than_what_came_of_its_samples_cannot_rule_heat_out(line):
    line.know(recorded(start=ago(0.5), skin=60.0), rf_samples(0, 100))
    assert line.session().samples_missing == 140
    assert line.alert("too-hot").severity == "medium"


def test_a_device_whose_clock_is_ahead_is_not_believed_and_said_to_differ(line):
    line.know(recorded(start=ago(-24 * 365)))
    assert line.session().placed_by is None
    assert "after its record was here" in line.session().conflict


def test_a_session_that_cannot_be_judged_keeps_no_other_from_it(line):
    line.know(recorded(1, start=ago(100)))
    line.bring(rf_device(), recorded(2, start=ago(2), energy_j=TOO_MUCH_J))
    with line.stores.database.write() as session:
        session.execute(update(RecordRow).where(RecordRow.session_id == key_of(1).session).values(data=b"spoilt"))
    line.mark(1)
    line.check()
    assert line.alert("over-dose", counter=2).severity == "medium"
    assert line.due() == {key_of(1).session}


def test_a_checker_that_was_overtaken_writes_nothing(line):
    line.bring(rf_device(), rf_samples(0, 10))
    slow = checker_of(line.stores, "slow")
    (claim,) = slow._claim()
    with line.stores.database.write() as session:
        session.execute(update(DueRow).values(claimed_by="quick"))
    with pytest.raises(ClaimLost):
        slow.check(claim)
    assert line.session().checked_at is None


@pytest.mark.parametrize("failure", [StoreUnavailable("telemetry", "locked"), StoreUnusable("telemetry", "no token")])
def test_when_a_store_fails_the_other_checks_are_given_back_at_once(line, failure):
    class Failing:
        def series(self, _key):
            raise failure

    line.bring(rf_device(), rf_samples(0, counter=1), rf_samples(0, counter=2))
    checker = Checker(line.stores.database, Failing(), line.stores.clocks, "check-9")
    with pytest.raises(type(failure)):
        checker.check_due()
    assert [row.claimed_by for row in rows(line.stores, DueRow)] == [None, None]


@pytest.mark.parametrize(
    ("level", "outcome"),
    [
        (Level(lowest=5, highest=7.9), "fires"),
        (Level(lowest=8.1, highest=9), "fires"),
        (Level(lowest=8, highest=8), None),
        (None, None),
    ],
)
def test_a_session_is_held_against_the_level_that_the_regimen_names(level, outcome, line):
    line.prescribe(level=level)
    line.know(rf_samples(0, 240), recorded(start=ago(1)))  # at 8 W
    found = line.finding("wrong-level")
    assert (found and found.outcome) == outcome
