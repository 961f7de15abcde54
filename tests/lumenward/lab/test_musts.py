"""What must be so after a scenario: each must is silent when it is, and says so when it is not."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

from firmware_bridge.virtual.journal import BeginLine, RecordLine
from lumenward.demo.people import patient_id
from lumenward.demo.stored import Stored, StoredSession
from lumenward.lab.musts import (
    Outcome,
    both_accounts_are_kept,
    placed_where_they_were,
    quarantined_and_taken_again,
    whose_is_whose,
)
from lumenward.lab.scenarios import SCENARIOS
from vocabulary.instants import Known, Placed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOMES = SCENARIOS["two-people"].homes
ADA, CLEO = (home.people[0] for home in HOMES)
BEGAN = BeginLine(real=NOON, civil=NOON, counter=1, program=0, planned=timedelta(minutes=10))
RECORDS = bytes(56), bytes([1] * 56)


def placed(off=timedelta(0)):
    at = NOON + off
    return Placed(earliest=at - timedelta(seconds=1), latest=at + timedelta(seconds=1), known=Known.ANCHOR)


def session(**changed):
    values = {
        "records": RECORDS[:1],
        "samples": 600,
        "missing": 0,
        "conflict": None,
        "started": placed(),
        "patient": patient_id(ADA),
    }
    return StoredSession(**{**values, **changed})


def outcome(sessions, told=None, quarantined=0):
    """An outcome of the scenario about two people, as if it had been run."""
    return Outcome(
        bench=SimpleNamespace(demo=SimpleNamespace(world=SimpleNamespace(homes=HOMES))),
        told=told or {ADA.uid: [BEGAN], CLEO.uid: []},
        stored=Stored(sessions=sessions, alerts=(), quarantined=quarantined, waiting=()),
    )


def told(record):
    return RecordLine(real=NOON, civil=NOON, counter=1, record=record)


@pytest.mark.parametrize(
    ("started", "said"),
    [
        (placed(), []),
        (placed(timedelta(seconds=3)), []),
        (placed(timedelta(seconds=4)), ["said to be between"]),
        (placed(-timedelta(days=400)), ["said to be between"]),
        (None, ["nothing places it"]),
    ],
)
def test_a_session_began_within_what_is_said_of_it(started, said):
    problems = list(placed_where_they_were(outcome({(ADA.uid, 1): session(started=started)})))
    assert [word in problem for word, problem in zip(said, problems, strict=True)] == [True] * len(said)


def test_two_accounts_are_both_kept_and_their_conflict_is_said():
    both = {ADA.uid: [told(RECORDS[0])], CLEO.uid: [told(RECORDS[1])]}

    def problems(**changed):
        return list(both_accounts_are_kept(outcome({(ADA.uid, 1): session(**changed)}, both)))

    assert problems(records=RECORDS, conflict="they differ") == []
    assert problems(records=RECORDS) == ["the conflict is not said"]
    assert problems(conflict="they differ") == ["2 records were told, 1 of them are kept"]


def test_each_session_is_of_whoever_had_the_device():
    first, second = session(), session(patient=patient_id(CLEO))
    assert list(whose_is_whose(outcome({(ADA.uid, 1): first, (ADA.uid, 2): second}))) == []
    wrong = {(ADA.uid, 1): session(patient=uuid4()), (ADA.uid, 2): first}
    assert len(list(whose_is_whose(outcome(wrong)))) == 2


def test_what_was_damaged_is_in_quarantine():
    assert list(quarantined_and_taken_again(outcome({}, quarantined=1))) == []
    assert len(list(quarantined_and_taken_again(outcome({})))) == 1
