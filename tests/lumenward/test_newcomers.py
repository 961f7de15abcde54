"""How a clinic and a gateway come to be: by the command line, against a service that runs."""

import tomllib
from base64 import b64encode
from contextlib import contextmanager
from threading import Event, Thread

import httpx
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from gateway.settings import GatewaySettings
from lumenward.cli.main import app
from lumenward.enrolment import BrokerAddress, prepare, register
from lumenward.environment import load
from lumenward.errors import ServerRefused
from monitor_api.app import run_api
from monitor_api.records.attention import AuditRow
from monitor_api.records.database import Database
from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.people import ClinicRow, UserRow
from monitor_api.settings import ServerSettings
from tests.servers import free_port
from vocabulary.errors import SettingsError
from vocabulary.identity import GatewayId

HOME = GatewayId("home-1")
BROKER = BrokerAddress("broker.example.org", 8883, tls=True)
PASSWORD = "correct horse battery"


@pytest.fixture
def service(tmp_path):
    """A settings file of a service, and a file with a password."""
    port = free_port()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    file = tmp_path / "server.toml"
    file.write_text(
        f'data = "{tmp_path / "data"}"\nsecret = "{b64encode(bytes(32)).decode()}"\n'
        f'[broker]\nhost = "localhost"\nusername = "ingest"\npassword = "p"\n'
        f'[http]\nport = {port}\npublic_url = "http://127.0.0.1:{port}"\n'
    )
    return file


def add_clinic(service, **changed):
    told = {"zone": "Europe/Zurich", "login": "Sam", "password-file": service.parent / "password"} | changed
    options = [part for name, value in told.items() for part in (f"--{name}", str(value))]
    return CliRunner().invoke(app, ["clinic", "add", "Clinic on the Quay", "--settings", str(service), *options])


def stored(service, *columns):
    database = Database(f"sqlite:///{service.parent / 'data' / 'records.sqlite'}")
    with database.read() as session:
        found = [tuple(row) for row in session.execute(select(*columns))]
    database.close()
    return found


@contextmanager
def running(service):
    settings, stop, ready = load(ServerSettings, service), Event(), Event()
    thread = Thread(target=run_api, args=(settings, {}, stop, ready.set))
    thread.start()
    assert ready.wait(20)
    try:
        yield settings.http.public_url
    finally:
        stop.set()
        thread.join()


def token_of(url):
    with httpx.Client(base_url=f"{url}/api/v1") as http:
        login = http.post("/login", json={"login": "sam", "password": PASSWORD}).raise_for_status().json()
        headers = {"X-CSRF-Token": login["csrf_token"], "Idempotency-Key": "a"}
        wanted = {"name": "enrol", "role": "operator", "lasts_days": 1}
        return http.post("/tokens", json=wanted, headers=headers).raise_for_status().json()["secret"]


def test_a_clinic_is_added_with_an_operator_and_leaves_a_trail(service):
    assert add_clinic(service).exit_code == 0
    assert stored(service, ClinicRow.name, ClinicRow.zone) == [("Clinic on the Quay", "Europe/Zurich")]
    assert stored(service, UserRow.login, UserRow.role) == [("sam", "operator")]
    assert stored(service, AuditRow.action) == [("clinic founded",)]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [({"zone": "Europe/Nowhere"}, "zone: expected an IANA time zone"), ({"login": " "}, "login:")],
)
def test_a_clinic_that_cannot_be_is_refused_with_the_reason(service, changed, problem):
    result = add_clinic(service, **changed)
    assert isinstance(result.exception, SettingsError)
    assert problem in str(result.exception)
    assert not (service.parent / "data").exists()


def test_a_short_password_is_refused_and_not_shown(service):
    (service.parent / "password").write_text("hunter2")
    refusal = str(add_clinic(service).exception)
    assert "password" in refusal
    assert "hunter2" not in refusal


def test_a_login_that_somebody_has_adds_no_second_clinic(service):
    add_clinic(service)
    result = add_clinic(service, login="SAM")
    assert "login: This login is taken" in str(result.exception)
    assert len(stored(service, ClinicRow.name)) == 1


def test_enrolment_given_twice_registers_one_key_that_the_service_knows(service, tmp_path):
    add_clinic(service)
    file = tmp_path / "gateway.toml"
    with running(service) as url:
        token = token_of(url)
        for _ in range(2):
            register(url, token, prepare(file, HOME, BROKER))
    assert stored(service, GatewayRow.id) == [(HOME,)]
    assert stored(service, GatewayKeyRow.gateway_id, GatewayKeyRow.key_id) == [(HOME, 1)]


def test_an_id_that_is_taken_and_a_token_nobody_made_are_refused_in_words(service, tmp_path):
    add_clinic(service)
    with running(service) as url:
        token = token_of(url)
        register(url, token, prepare(tmp_path / "one.toml", HOME, BROKER))
        with pytest.raises(ServerRefused, match=r"409 .*This id is taken"):
            register(url, token, prepare(tmp_path / "another.toml", HOME, BROKER))
        with pytest.raises(ServerRefused, match="401"):
            register(url, "lw_nobody", prepare(tmp_path / "one.toml", HOME, BROKER))


def test_a_service_that_is_not_there_leaves_the_settings_for_the_next_try(tmp_path):
    file = tmp_path / "gateway.toml"
    with pytest.raises(ServerRefused, match="Is the address right"):
        register(f"http://127.0.0.1:{free_port()}", "lw_token", prepare(file, HOME, BROKER))
    assert prepare(file, HOME, BROKER).key == tomllib.loads(file.read_text())["key"]


def test_what_enrolment_writes_is_what_a_gateway_reads_and_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setenv("LUMENWARD_GATEWAY_UPLINK__PASSWORD", "p")
    file = tmp_path / 'a "quoted" home' / "gateway.toml"
    file.parent.mkdir()
    prepare(file, HOME, BrokerAddress.parse("mqtt://10.0.0.9"))
    settings = load(GatewaySettings, file)
    assert (settings.id, settings.data, settings.uplink.tls) == (HOME, file.parent / "data", False)
    assert (settings.uplink.host, settings.uplink.port, settings.uplink.username) == ("10.0.0.9", 1883, HOME)
    assert file.stat().st_mode & 0o077 == 0


def test_settings_of_another_gateway_are_not_touched(tmp_path):
    file = tmp_path / "gateway.toml"
    prepare(file, HOME, BROKER)
    before = file.read_text()
    with pytest.raises(SettingsError, match="the settings of home-1"):
        prepare(file, GatewayId("home-2"), BROKER)
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("broker.example.org", BrokerAddress("broker.example.org", 8883, tls=True)),
        ("mqtts://broker.example.org:443", BrokerAddress("broker.example.org", 443, tls=True)),
        ("mqtt://[::1]:1884", BrokerAddress("::1", 1884, tls=False)),
    ],
)
def test_a_broker_is_named_by_a_url_and_speaks_tls_unless_said(text, address):
    assert BrokerAddress.parse(text) == address


@pytest.mark.parametrize("text", ["", "mqtts://", "http://broker", "mqtts://broker:99999", "mqtts://broker:x"])
def test_what_names_no_broker_is_refused(text):
    with pytest.raises(SettingsError, match="--broker"):
        BrokerAddress.parse(text)
