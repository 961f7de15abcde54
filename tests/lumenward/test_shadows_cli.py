"""`lumenward shadows`: what candidates in the shadow of a service would have called."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from typer.testing import CliRunner

from lumenward.cli.main import app
from monitor_api.records.shadows import ShadowPatientRow, ShadowRow
from tests.service import CLINIC, PATIENT, found, open_service

SETTINGS = """\
data = "{data}"
secret = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
[http]
public_url = "http://127.0.0.1"
"""
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def service(tmp_path):
    """The settings of a service, and what adds rows to its store."""
    stores = open_service(tmp_path)
    found(stores)
    (tmp_path / "server.toml").write_text(SETTINGS.format(data=tmp_path))

    def add(*rows):
        with stores.database.write() as session:
            session.add_all(rows)

    yield tmp_path / "server.toml", add
    stores.close()


def run(settings, *options):
    answer = CliRunner().invoke(app, ["shadows", "--settings", str(settings), *options])
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def shadow(**about):
    row = {"because": "Fewer calls?", "candidate": {"without": ["too-soon"]}, "started_by": UUID(int=7)} | about
    return ShadowRow(id=UUID(int=70), clinic_id=CLINIC, from_at=NOW, until_at=NOW + timedelta(days=90), **row)


def test_a_service_without_any_says_so(service):
    settings, _ = service
    assert json.loads(run(settings, "--json")) == {"shadows": []}
    assert "No candidate is in the shadow" in run(settings)


def test_what_a_candidate_would_have_called_is_told_and_of_nobody_by_name(service):
    settings, add = service
    add(shadow())
    rules = [{"rule": "too-soon", "severity": "medium", "starts": 0, "stops": 3, "stays": 1}]
    calls = {"rules": rules, "starts": [], "stops": []}
    judged = {"mark": "1", "judged_at": NOW, "sessions": 5, "calls": calls}
    add(ShadowPatientRow(shadow_id=UUID(int=70), patient_id=PATIENT, **judged))
    (told,) = json.loads(run(settings, "--json"))["shadows"]
    assert (told["shadow"]["because"], told["patients"], told["sessions"]) == ("Fewer calls?", 1, 5)
    assert datetime.fromisoformat(told["oldest_judged_at"]) == NOW
    assert [(one["rule"], one["would_start"], one["would_stop"], one["would_stay"]) for one in told["rules"]] == [
        ("too-soon", 0, 3, 1)
    ]
    page = run(settings)
    assert "5 sessions of 1 patients, 0 wait" in page
    assert "too-soon" in page


def test_what_the_clinic_decided_against_meanwhile_is_said(service):
    settings, add = service
    add(shadow(candidate={"figures": {"silence_floor_h": 1}}))
    assert "nobody can be judged by it: figures.silence_floor_h: expected a number from 6 to 336" in " ".join(
        run(settings).split()
    )
