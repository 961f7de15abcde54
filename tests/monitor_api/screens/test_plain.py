"""What patients are told, in plain words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from clinical.adherence.days import TherapyDays
from clinical.adherence.slots import SlotState
from clinical.adherence.states import Engagement
from clinical.practice import PRACTICE
from clinical.regimen import Limits, Regimen
from monitor_api.http.queries.courses import SeenSlot, SeenStrand
from monitor_api.http.queries.sessions import HeldAgainst, SessionSummary, Started
from monitor_api.http.queries.triage import Prescribed
from monitor_api.screens.plain import plain_regimen, plain_session, plain_strand
from tests.regimens import weekly
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, PatientId, RegimenId, SessionId
from vocabulary.instants import Known
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason

NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)
REGIMEN = Regimen(
    id=RegimenId(UUID(int=1)),
    version=2,
    modality=Modality.LED,
    phases=(weekly(5, timedelta(minutes=10), Quantity(18.0, Unit.JOULE_PER_CM2)),),
    limits=Limits(
        duration=None,
        dose=None,
        skin_celsius=41.0,
        skin_grace=timedelta(seconds=10),
        rest=timedelta(hours=12),
        contact_grace=timedelta(seconds=30),
    ),
)
ZURICH = TherapyDays(ZoneInfo("Europe/Zurich"), PRACTICE.day_starts)
VERSIONS = [Prescribed(patient_id=PatientId(UUID(int=2)), regimen=REGIMEN, from_at=NOW, ended_at=None, days=ZURICH)]
SESSION = SessionSummary(
    id=SessionId(UUID(int=3)),
    device_uid=DeviceUid("0000000000000001"),
    counter=1,
    modality=Modality.LED,
    patient_id=PatientId(UUID(int=2)),
    regimen=HeldAgainst(regimen_id=REGIMEN.id, version=2),
    started=Started(earliest=NOW, latest=NOW, known_by=Known.LIVE),
    first_heard_at=NOW,
    heard_at=NOW - timedelta(hours=1),
    recorded=True,
    planned_s=600,
    active_s=600,
    elapsed_s=600,
    dose=Quantity(18.0, Unit.JOULE_PER_CM2),
    highest_skin_celsius=36.0,
    end_reason=EndReason.DONE,
    program=None,
    zones=(),
    samples_stored=600,
    samples_missing=0,
    conflict=None,
    checked_at=NOW,
)


def told(**facts) -> str:
    return " ".join(plain_session(replace(SESSION, **facts), VERSIONS, NOW).sentences)


def test_a_full_session_is_said_to_be_one():
    assert told() == "It lasted 10 min. You received the full dose."


@pytest.mark.parametrize(
    ("dose", "said"),
    [
        (9.0, "You received 50% of the planned dose."),
        (20.7, "You received more than planned: 115% of the dose. Your clinic can see this."),
    ],
)
def test_another_dose_is_said_as_a_part_of_the_planned_one(dose, said):
    assert said in told(dose=Quantity(dose, Unit.JOULE_PER_CM2))


def test_skin_that_got_too_warm_is_said_without_a_verdict():
    assert told(highest_skin_celsius=41.4).endswith("Your skin got warmer than planned. Your clinic can see this.")


def test_a_dose_that_cannot_be_compared_is_not_spoken_of():
    assert "dose" not in told(regimen=None)
    assert "dose" not in told(dose=Quantity(500.0, Unit.JOULE))


def test_what_stopped_a_session_is_said():
    assert "The device stopped it because it got too warm." in told(end_reason=EndReason.OVER_TEMPERATURE)


def test_a_session_without_its_record_is_running_or_waiting_but_never_judged():
    assert told(recorded=False, heard_at=NOW) == "This session is running now."
    waiting = told(recorded=False, dose=Quantity(1.0, Unit.JOULE_PER_CM2))
    assert waiting == "It lasted 10 min. The device still has to send its own record of it."


def test_a_plan_is_two_sentences():
    assert " ".join(plain_regimen(VERSIONS[0], NOW)) == (
        "Use your LED mask for 10 min, 5 times a week. Leave at least 12 h between two sessions."
    )


MONDAY, TODAY, SUNDAY = date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 8)


def slots(*states: SlotState, first: date = MONDAY, days: int = 7) -> tuple[SeenSlot, ...]:
    end = first + timedelta(days=days)
    return tuple(SeenSlot(first=first, end=end, state=one, sessions=(), because="") for one in states)


def planned(every: tuple[SeenSlot, ...]):
    strand = SeenStrand(modality=Modality.LED, engagement=Engagement.ACTIVE, measures=(), horizon=None, slots=every)
    return plain_strand(strand, TODAY)


def test_the_week_that_runs_is_told_as_what_is_planned_done_and_still_to_come():
    before = slots(SlotState.TAKEN, SlotState.MISSED, first=MONDAY - timedelta(days=7))
    week = slots(SlotState.TAKEN, SlotState.TAKEN, SlotState.PARTIAL, SlotState.OPEN, SlotState.EXCUSED)
    assert " ".join(planned(before + week).sentences) == (
        "4 sessions are planned from Monday 2 March to Sunday 8 March. 2 are done. 1 was done in part. "
        "1 is still to come. 1 is excused: you need not make up for it. A rest day never breaks a streak. "
        "So far you have done 3 planned sessions in the last weeks."
    )


def test_where_each_day_has_its_own_slot_the_last_seven_are_told():
    days = [slots(SlotState.TAKEN, first=TODAY - timedelta(days=ago), days=1) for ago in range(9, -1, -1)]
    assert planned(sum(days, ())).sentences[:2] == (
        "7 sessions are planned from Thursday 26 February to Wednesday 4 March.",
        "7 are done.",
    )


@pytest.mark.parametrize("state", [SlotState.MISSED, SlotState.UNKNOWN])
def test_a_patient_is_never_told_of_a_missed_slot_nor_given_a_share(state):
    told = " ".join(planned(slots(state)).sentences)
    assert "miss" not in told
    assert "%" not in told
    assert ("do not know yet" in told) is (state is SlotState.UNKNOWN)
