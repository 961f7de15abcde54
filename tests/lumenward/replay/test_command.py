"""`lumenward replay` on the snapshot that a service keeps."""

import json
import signal
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from firmware_bridge.virtual.cohort.span import Cohort
from lumenward.cli.cohort import weekly
from lumenward.cli.replay import _check_concerned, replay
from lumenward.replay.cases import cohort_cases
from lumenward.replay.tally import Tally
from monitor_api.cohorts.candidate import Candidate
from monitor_api.cohorts.replay import OtherLimits
from monitor_api.cohorts.snapshot import write_snapshot
from monitor_api.errors import SnapshotMissing, SnapshotUnreadable
from tests.service import settings
from vocabulary.devices import Modality
from vocabulary.errors import SettingsError
from vocabulary.identity import PatientId

SETTINGS = """\
data = "{data}"
secret = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
[http]
public_url = "http://127.0.0.1"
"""


@contextmanager
def signals_as_before():
    """A command listens to signals; a test must not go on doing so."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.fixture
def service(tmp_path):
    (tmp_path / "server.toml").write_text(SETTINGS.format(data=tmp_path))
    return tmp_path / "server.toml"


def weeks_of_file(file):
    weekly(snapshot=file, as_json=True)


def test_a_service_without_a_snapshot_is_told_who_makes_it(service):
    with pytest.raises(SnapshotMissing, match="watch"):
        replay(snapshot=service, days=90, as_json=True)


def test_a_services_own_snapshot_is_replayed_with_its_age(service, capsys):
    as_of = datetime.now(UTC) - timedelta(hours=30)
    write_snapshot(settings(service.parent).snapshot_file, (), as_of)
    with signals_as_before():
        replay(snapshot=service, days=90, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert datetime.fromisoformat(told["as_of"]) == as_of.replace(microsecond=0)
    assert 29.9 < told["age_h"] < 31
    assert told["people"] == 0


def test_limits_of_somebody_who_is_not_there_are_refused():
    ada = PatientId(UUID(int=7))
    candidate = Candidate(
        without=frozenset(), limits=((Modality.RF, OtherLimits(skin_celsius=40.0)),), only=((Modality.RF, ada),)
    )
    with pytest.raises(SettingsError, match=r"limits\.rf\.patient: nobody"):
        _check_concerned(candidate, Tally(), Path("candidate.toml"))
    found = Tally()
    found.concerned["rf"] = 1
    _check_concerned(candidate, found, Path("candidate.toml"))


def test_the_weeks_of_a_services_own_snapshot_are_told_with_its_age_and_by_which_definition(service, capsys):
    as_of = datetime.now(UTC) - timedelta(hours=30)
    cohort = Cohort(seed=3, days=28)
    kept = settings(service.parent).snapshot_file
    write_snapshot(kept, cohort_cases(cohort, range(20)), cohort.until_at)
    weekly(snapshot=kept, as_json=True)
    of_file = json.loads(capsys.readouterr().out)
    assert datetime.fromisoformat(of_file["as_of"]) == cohort.until_at
    assert (of_file["people"], "age_h" in of_file, len(of_file["weeks"])) == (20, False, 4)
    write_snapshot(kept, cohort_cases(cohort, range(20)), as_of)
    weekly(snapshot=service, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert 29.9 < told["age_h"] < 31
    assert (told["definition"]["id"], told["definition"]["version"]) == ("adherence-weekly", 1)
    first = told["weeks"][0]
    assert (first["week"], first["share_low"]) == (1, round(first["taken_low"] / first["due"], 4))


def test_weeks_of_people_who_are_made_up_are_those_of_their_snapshot(tmp_path, capsys):
    cohort = Cohort(seed=5, days=21)
    write_snapshot(tmp_path / "c.parquet", cohort_cases(cohort, range(60)), cohort.until_at)
    told = []
    for of_whom in ({"snapshot": tmp_path / "c.parquet"}, {"people": 60, "days": 21, "seed": 5}):
        weekly(**of_whom, as_json=True)
        told.append(json.loads(capsys.readouterr().out))
    assert told[0] == told[1]
    weekly(people=5, days=21, as_json=False)
    assert "Reached" in capsys.readouterr().out


@pytest.mark.parametrize("command", [lambda file: replay(snapshot=file, days=90, as_json=True), weeks_of_file])
def test_a_snapshot_of_another_version_is_refused_in_words_that_name_the_file(command, tmp_path):
    mine, other = tmp_path / "c.parquet", tmp_path / "other.parquet"
    write_snapshot(mine, cohort_cases(Cohort(seed=5, days=7), range(8)))
    with duckdb.connect() as store:
        told = "SELECT * REPLACE (replace(person, '\"missing\":', '\"lost\":') AS person)"
        store.execute(f"COPY ({told} FROM read_parquet('{mine}')) TO '{other}' (FORMAT parquet)")
    with pytest.raises(SnapshotUnreadable) as refused:
        command(other)
    assert str(refused.value).startswith(f"{other} is not a snapshot of session facts: another version of Lumenward")


def test_a_file_that_is_no_snapshot_is_named_and_nothing_else_is(tmp_path):
    (tmp_path / "s.parquet").write_text("hello")
    with pytest.raises(SnapshotUnreadable) as refused:
        weeks_of_file(tmp_path / "s.parquet")
    assert str(refused.value).startswith(f"{tmp_path / 's.parquet'} is not a snapshot")
    assert "/proc/" not in str(refused.value)
