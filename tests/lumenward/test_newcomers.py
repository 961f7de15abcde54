"""How a clinic and a gateway come to be: by the command line, against a service that runs."""

import os
import socket
import subprocess
import sys
import tomllib
from base64 import b64encode
from contextlib import contextmanager, suppress
from threading import Event, Thread

import httpx
import pytest
from rich.console import Console
from sqlalchemy import select
from typer.testing import CliRunner

from gateway.errors import OutboxFailed
from gateway.outbox.holding import held
from gateway.settings import GatewaySettings
from lumenward.cli.main import app, end
from lumenward.enrolment import BrokerAddress, Enrolment, prepare, register
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
    assert ready.wait(60)
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


ENROLMENT = Enrolment(gateway=HOME, key_id=1, key="a2V5")


@contextmanager
def answering(*answers):
    """A port that answers one connection after the other with some bytes; what was asked is kept."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            with suppress(OSError):  # nobody came, and the port is closed
                for answer in answers:
                    connection, _ = listening.accept()
                    with connection:
                        asked.append(connection.recv(65536))
                        connection.sendall(answer)

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked


def http(status, *headers, body=b""):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize("status", ["301 Moved Permanently", "303 See Other", "307 Temporary Redirect"])
def test_a_token_is_sent_to_no_other_address_than_the_one_that_was_given(status):
    with (
        answering(http("200 OK", body=b'{"id": "home-1"}')) as (elsewhere, asked),
        answering(http(status, f"Location: {elsewhere}/")) as (url, _),
        pytest.raises(ServerRefused, match=f"on to {elsewhere}.*--server"),
    ):
        register(url, "lw_token", ENROLMENT)
    assert asked == []


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"id": "home-2"}'])
def test_only_a_service_that_names_the_gateway_has_registered_it(body):
    with (
        answering(http("200 OK", body=body)) as (url, _),
        pytest.raises(ServerRefused, match="no Lumenward service"),
    ):
        register(url, "lw_token", ENROLMENT)


def test_a_port_that_does_not_speak_http_is_refused_in_words():
    with answering(b"\x20\x02\x00\x01\r\n") as (url, _), pytest.raises(ServerRefused, match="Is the address right"):
        register(url, "lw_token", ENROLMENT)


@pytest.mark.parametrize("server", ["https://clinic example", "https://clinic.example.org:x", "https://[::1"])
def test_what_is_no_address_is_refused_in_words(server):
    with pytest.raises(ServerRefused, match="address"):
        register(server, "lw_token", ENROLMENT)


def test_a_token_of_letters_that_no_token_has_is_refused_and_not_shown():
    with pytest.raises(SettingsError, match="--token-file") as refusal:
        register("http://127.0.0.1:1", "lw_t\N{EURO SIGN}ken", ENROLMENT)
    assert "ken" not in str(refusal.value).replace("token", "")


def test_what_enrolment_writes_is_what_a_gateway_reads_and_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setenv("LUMENWARD_GATEWAY_UPLINK__PASSWORD", "p")
    file = tmp_path / 'a "quoted" home' / "gateway.toml"
    file.parent.mkdir()
    prepare(file, HOME, BrokerAddress.parse("mqtt://10.0.0.9"))
    settings = load(GatewaySettings, file)
    assert (settings.id, settings.data, settings.uplink.tls) == (HOME, file.parent / "data", False)
    assert (settings.uplink.host, settings.uplink.port, settings.uplink.username) == ("10.0.0.9", 1883, HOME)
    assert file.stat().st_mode & 0o077 == 0


GATEWAY_SETTINGS = """\
id = "home-1"
data = "{data}"
key_id = 1
key = "{key}"
[uplink]
host = "127.0.0.1"
port = 1
username = "home-1"
password = "p"
{more}
"""


def run_gateway(directory, more="tls = false", data=None, **environment):
    """Run a gateway that cannot come to be: how it ended, and what it said."""
    file = directory / "gateway.toml"
    key = b64encode(bytes(32)).decode()
    file.write_text(GATEWAY_SETTINGS.format(data=data or directory / "data", key=key, more=more))
    command = [sys.executable, "-m", "lumenward", "gateway", "--settings", file]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, timeout=60, check=False)
    assert "Traceback" not in run.stderr
    return run.returncode, run.stderr


def test_a_gateway_without_its_authorities_says_which_file_is_missing(tmp_path):
    code, words = run_gateway(tmp_path, 'authorities = "/nowhere.pem"')
    assert code == 2
    assert "uplink.authorities: /nowhere.pem" in words


def test_a_gateway_whose_data_cannot_be_made_says_where(tmp_path):
    (tmp_path / "file").touch()
    code, words = run_gateway(tmp_path, data=tmp_path / "file" / "data")
    assert code == 2
    assert f"data: {tmp_path / 'file' / 'data'} cannot be made" in words


def test_a_clock_that_is_none_is_refused_by_its_variable(tmp_path):
    code, words = run_gateway(tmp_path, LUMENWARD_CLOCK="half past nine")
    assert code == 2
    assert "LUMENWARD_CLOCK: 'half past nine'" in words


def test_a_second_gateway_on_one_outbox_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    with held(tmp_path / "data" / "outbox.sqlite"):
        code, words = run_gateway(tmp_path)
    assert code == 1
    assert "held by another gateway" in words


def test_what_went_wrong_in_parts_that_ran_side_by_side_is_said_in_words(capsys):
    parts = [OutboxFailed("disk I/O error"), ExceptionGroup("inner", [SettingsError("here", {"a": "b"}, "Mend it.")])]
    assert end(ExceptionGroup("outer", parts), Console(stderr=True)) == 2
    said = capsys.readouterr().err
    assert "disk I/O error" in said
    assert "here: a: b" in said


def test_a_fault_of_ours_is_not_hidden_behind_words():
    with pytest.raises(ExceptionGroup, match="outer"):
        end(ExceptionGroup("outer", [OutboxFailed("x"), ZeroDivisionError()]), Console(stderr=True))


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
