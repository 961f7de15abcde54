"""`lumenward replay` on the snapshot that a service keeps."""

import json
import signal
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from lumenward.cli.replay import _check_concerned, replay
from lumenward.replay.candidates import Candidate
from lumenward.replay.tally import Tally
from monitor_api.cohorts.replay import OtherLimits
from monitor_api.cohorts.snapshot import write_snapshot
from monitor_api.errors import SnapshotMissing
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
