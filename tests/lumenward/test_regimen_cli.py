"""`lumenward regimen` and `lumenward clinic key`: every reason at once, and keys that nobody else may read."""

import json
from uuid import UUID

import pytest
from typer.testing import CliRunner

from clinical.errors import RegimenRefused
from lumenward.cli import clinic, regimen
from tests.monitor_api.http.tenants import BODY
from vocabulary.errors import SettingsError

CLINIC = UUID(int=1)


@pytest.fixture
def file(tmp_path):
    def write(name="regimen.json", **changed):
        made = tmp_path / name
        made.write_text(json.dumps({"modality": "rf"} | BODY | changed))
        return str(made)

    return write


def run(*arguments):
    return CliRunner().invoke(regimen.app, list(arguments))


def test_a_regimen_that_agrees_with_itself_is_said_to(file):
    assert run("check", file()).exit_code == 0
    assert json.loads(run("check", file(), "--json").stdout) == {"sound": True, "reasons": {}}


def test_every_reason_of_a_regimen_that_does_not_is_given(file):
    wrong = file(most_per_day=0, most_per_week=1)
    assert isinstance(run("check", wrong).exception, RegimenRefused)
    told = run("check", wrong, "--json")
    assert (told.exit_code, json.loads(told.stdout)["reasons"].keys()) == (1, {"most_per_day", "most_per_week"})


@pytest.mark.parametrize(
    ("changed", "keys"),
    [
        ({"modality": "laser"}, {"modality"}),
        ({"phases": [{}], "zones": ["tail"]}, {"phases.0.timing", "phases.0.duration_s", "phases.0.dose", "zones.0"}),
        ({"surprise": 1}, {"surprise"}),
    ],
)
def test_what_is_no_regimen_is_refused_by_its_fields(file, changed, keys):
    error = run("check", file(**changed)).exception
    assert isinstance(error, SettingsError)
    assert all(key in str(error) for key in keys)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"modality": 3}'])
def test_a_file_that_is_no_regimen_is_refused_by_its_name(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    error = run("check", str(tmp_path / "x.json")).exception
    assert isinstance(error, SettingsError)
    assert "x.json" in str(error)


def test_a_regimen_is_shown_in_words_and_in_fhir(file):
    assert run("show", file()).stdout == "Phase 1: 3 times a week, until further notice: 10 min, 4000 J\n"
    assert json.loads(run("show", file(), "--json").stdout)["fhir"][0]["repeat"]["frequency"] == 3


TIMING = {"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk", "duration": 10, "durationUnit": "min"}}


def fhir(tmp_path, text):
    made = tmp_path / "timing.json"
    made.write_text(text)
    return str(made)


def test_a_timing_of_fhir_is_read_in_words_and_as_a_phase_of_a_regimen_has_it(tmp_path, file):
    bounded = {"repeat": TIMING["repeat"] | {"boundsDuration": {"value": 4, "code": "wk"}}}
    made = fhir(tmp_path, json.dumps(bounded))
    assert run("from-fhir", made).stdout == "3 times a week, for 4 weeks: 10 min\n"
    told = json.loads(run("from-fhir", made, "--json").stdout)
    phase = told | {"dose": {"value": 4000, "unit": "J"}}
    assert json.loads(run("show", file(phases=[phase]), "--json").stdout)["phases"][0]["timing"]["frequency"] == 3
    assert (told["weeks"], told["duration_s"]) == (4, 600)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (json.dumps({"repeat": TIMING["repeat"] | {"duration": -5, "frequency": 0.5}}), ["duration", "frequency"]),
        ("[]", ["repeat"]),
        ("{", ["file"]),
        ("[" * 100_000, ["file"]),
    ],
)
def test_what_is_no_timing_of_a_phase_is_refused_by_its_parts(tmp_path, text, keys):
    error = run("from-fhir", fhir(tmp_path, text)).exception
    assert isinstance(error, SettingsError)
    assert all(key in str(error) for key in keys)


def test_two_files_are_compared(file):
    other = file("other.json", most_per_day=2)
    assert run("diff", file(), other).stdout == "Sessions at most in 24 hours: 1 → 2\n"
    assert json.loads(run("diff", file(), other, "--json").stdout)["most_per_day"]["new"] == 2
    assert run("diff", file(), file()).stdout == "They say the same.\n"


def test_templates_are_listed_with_their_sources():
    assert "rf-three-then-two" in run("templates").stdout
    told = json.loads(run("templates", "--json").stdout)["rf-three-then-two"]
    assert {one["weak"] for one in told["figures"]} == {True, False}


@pytest.fixture
def settings(tmp_path):
    made = tmp_path / "server.toml"
    made.write_text(
        f'data = "{tmp_path}"\nsecret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="\n'
        f'signing_keys = "{tmp_path / "keys"}"\n[http]\npublic_url = "http://localhost"\n'
        '[broker]\nhost = "localhost"\nusername = "u"\npassword = "p"\n'
    )
    return made


def key(settings, *more):
    return CliRunner().invoke(clinic.app, ["key", str(CLINIC), "--settings", str(settings), *more])


def test_a_clinics_key_is_made_once_and_nobody_else_may_read_it(settings, tmp_path):
    assert key(settings).exit_code == 0
    made = tmp_path / "keys" / f"{CLINIC}.key"
    first = made.read_bytes()
    assert made.stat().st_mode & 0o777 == 0o600
    assert isinstance(key(settings).exception, SettingsError)
    assert made.read_bytes() == first
    assert key(settings, "--replace").exit_code == 0
    assert made.read_bytes() != first
    assert len(list((tmp_path / "keys").glob(f"{CLINIC}.*.pub"))) == 1


def test_without_a_directory_for_keys_none_is_made(settings):
    settings.write_text("\n".join(one for one in settings.read_text().splitlines() if "signing_keys" not in one))
    assert "signing_keys" in str(key(settings).exception)
