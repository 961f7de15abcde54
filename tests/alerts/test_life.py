"""An alert is raised once, grows worse but never milder by itself, and is taken on by somebody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from alerts.desk import acknowledge, report
from alerts.errors import AlertUnknown, MoveRefused
from alerts.life import Acknowledgement, Event, Report, State, Subject
from clinical.verdicts import NOTHING, Finding, Outcome, Verdict
from vocabulary.identity import AlertId, ClinicId, DeviceUid, PatientId, RuleId, SessionId, UserId
from vocabulary.severity import Severity

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLINIC, SOMEBODY = ClinicId(UUID(int=1)), UserId(UUID(int=6))
SESSION = SessionId(UUID(int=9))


class FakeStore:
    """Alerts in memory, how often one was saved, and what happened to them."""

    def __init__(self):
        self.alerts, self.saves, self.events = {}, 0, []

    def alert(self, clinic, alert):
        return self.alerts.get((clinic, alert))

    def save(self, alert, event):
        self.alerts[alert.subject.clinic, alert.id] = alert
        self.saves += 1
        self.events += [event] if event else []


def news(severity=Severity.HIGH, because="Skin at 43.5 °C", event_at=NOON, version=1):
    finding = Finding(
        rule=RuleId("too-hot"),
        rule_version=version,
        severity=Severity.HIGH,
        session=SESSION,
        episode=str(SESSION),
        verdict=Verdict(outcome=Outcome.FIRES, because=because, evidence=NOTHING),
    )
    subject = Subject(clinic=CLINIC, patient=PatientId(UUID(int=2)), device=DeviceUid("0" * 16), session=SESSION)
    return Report(subject=subject, finding=finding, severity=severity, event_at=event_at)


@pytest.fixture
def store():
    return FakeStore()


def test_a_finding_raises_one_alert_however_often_it_is_reported(store):
    for _ in range(3):
        report(store, news(), NOON)
    (alert,) = store.alerts.values()
    assert (alert.state, alert.severity, alert.raised_at, store.saves) == (State.FIRING, Severity.HIGH, NOON, 1)


def test_an_upgraded_rule_raises_nothing_twice(store):
    report(store, news(version=1), NOON)
    report(store, news(version=2), NOON)
    assert len(store.alerts) == 1


def test_what_is_newly_known_is_told_without_calling_again(store):
    first = report(store, news(), NOON)
    second = report(store, news(because="Skin at 44.0 °C"), NOON + timedelta(minutes=1))
    assert second == replace(first, because="Skin at 44.0 °C")


def test_an_alert_that_grows_worse_asks_for_attention_anew(store):
    mild = report(store, news(Severity.MEDIUM), NOON)
    acknowledge(store, (CLINIC, mild.id), SOMEBODY, NOON)
    later = NOON + timedelta(minutes=1)
    worse = report(store, news(Severity.HIGH), later)
    assert (worse.id, worse.state, worse.severity) == (mild.id, State.FIRING, Severity.HIGH)
    assert (worse.raised_at, worse.acknowledgement) == (later, None)


def test_an_alert_never_grows_milder_by_itself_and_keeps_the_sentence_of_its_severity(store):
    report(store, news(Severity.HIGH), NOON)
    after = report(store, news(Severity.MEDIUM, because="It cannot be ruled out"), NOON)
    assert (after.severity, after.because) == (Severity.HIGH, "Skin at 43.5 °C")


def test_an_alert_follows_its_session_to_another_patient_and_stays_one(store):
    first = news()
    report(store, first, NOON)
    after = report(store, replace(first, subject=replace(first.subject, patient=PatientId(UUID(int=77)))), NOON)
    assert len(store.alerts) == 1
    assert after.subject.patient == UUID(int=77)


def test_the_trail_is_told_what_happened_and_not_every_new_wording(store):
    alert = report(store, news(Severity.MEDIUM), NOON)
    report(store, news(Severity.MEDIUM, because="Skin at 44.0 °C"), NOON)
    acknowledge(store, (CLINIC, alert.id), SOMEBODY, NOON)
    report(store, news(Severity.HIGH), NOON)
    assert store.events == [Event.RAISED, Event.ACKNOWLEDGED, Event.WORSENED]


def test_whoever_takes_it_on_is_known_and_when(store):
    raised = report(store, news(), NOON)
    later = NOON + timedelta(minutes=3)
    taken = acknowledge(store, (CLINIC, raised.id), SOMEBODY, later)
    assert (taken.state, taken.acknowledgement) == (State.ACKNOWLEDGED, Acknowledgement(by=SOMEBODY, at=later))


def test_an_alert_is_taken_on_once(store):
    raised = report(store, news(), NOON)
    acknowledge(store, (CLINIC, raised.id), SOMEBODY, NOON)
    with pytest.raises(MoveRefused, match="acknowledged cannot be acknowledged"):
        acknowledge(store, (CLINIC, raised.id), UserId(UUID(int=8)), NOON)


def test_an_acknowledged_alert_stays_so_when_its_finding_is_reported_again(store):
    raised = report(store, news(), NOON)
    taken = acknowledge(store, (CLINIC, raised.id), SOMEBODY, NOON)
    assert report(store, news(), NOON) == taken


def test_another_clinics_alert_is_unknown(store):
    raised = report(store, news(), NOON)
    with pytest.raises(AlertUnknown):
        acknowledge(store, (ClinicId(UUID(int=99)), raised.id), SOMEBODY, NOON)
    with pytest.raises(AlertUnknown):
        acknowledge(store, (CLINIC, AlertId(UUID(int=99))), SOMEBODY, NOON)


@pytest.mark.parametrize(
    ("age", "late"), [(timedelta(minutes=60), False), (timedelta(minutes=61), True), (None, False)]
)
def test_a_finding_whose_event_is_over_an_hour_old_is_marked_as_found_late(store, age, late):
    event_at = None if age is None else NOON - age
    assert report(store, news(event_at=event_at), NOON).found_late is late
