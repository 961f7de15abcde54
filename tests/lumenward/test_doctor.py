"""What `doctor` finds on a machine that is made so."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lumenward import checkup
from lumenward.checkup import State, check_up
from monitor_api.cohorts.age import note_as_of
from monitor_api.records.database import Database
from tests.servers import free_port, postgres, require
from vocabulary.errors import SettingsError


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_taken_is_wrong_and_told_by_its_number(listener):
    finding = checkup._port(listener)
    assert finding.state is State.WRONG
    assert str(listener) in finding.found
    assert "--port" in finding.remedy


def test_a_port_that_nobody_listens_on_is_free():
    port = free_port()
    finding = checkup._port(port)
    assert (finding.state, finding.remedy) == (State.OK, "")
    assert str(port) in finding.found


def test_mosquitto_is_found_where_it_is_installed():
    require("mosquitto")
    finding = checkup._mosquitto()
    assert finding.state is State.OK
    assert finding.found.endswith("/mosquitto")


def test_a_broker_that_answers_is_ok(listener):
    assert checkup._broker(f"mqtt://127.0.0.1:{listener}").state is State.OK


def test_a_broker_that_does_not_answer_is_missing_and_not_wrong():
    finding = checkup._broker(f"mqtt://127.0.0.1:{free_port()}")
    assert finding.state is State.MISSING
    assert "refused" in finding.found
    assert "--broker" in finding.remedy


def test_a_broker_that_no_name_server_knows_is_missing():
    assert checkup._broker("mqtt://no-such-broker.invalid:1883").state is State.MISSING


@pytest.mark.parametrize("address", ["mqtt://127.0.0.1:x", "mqtt://127.0.0.1:70000", "mqtt://:1883", ""])
def test_a_broker_that_is_no_address_is_a_wrong_command(address):
    with pytest.raises(SettingsError):
        checkup._broker(address)


def test_records_that_are_not_made_yet_are_missing_and_nothing_is_made(tmp_path):
    assert checkup._records(tmp_path, None).state is State.MISSING
    assert list(tmp_path.iterdir()) == []


def test_records_say_which_schema_they_have(tmp_path):
    made = Database(f"sqlite:///{tmp_path / 'records.sqlite'}")
    made.migrate()
    _, known = made.revisions()
    made.close()
    finding = checkup._records(tmp_path, None)
    assert finding.state is State.OK
    assert f"schema {known}" in finding.found


def test_records_on_postgresql_are_looked_at_by_the_services_settings_and_no_password_is_shown(tmp_path, monkeypatch):
    server = postgres.server()
    file = tmp_path / "server.toml"
    told = (
        f'data = "{tmp_path}"\nsecret = "{"A" * 43}="\nrecords_url = "{server.tcp(server.migrated)}"\n'
        '[broker]\nhost = "h"\nusername = "u"\npassword = "p"\n[http]\npublic_url = "http://h"\n'
    )
    file.write_text(told)
    monkeypatch.setenv("LUMENWARD_SERVER_RECORDS_PASSWORD", server.password)
    assert checkup._records(tmp_path, file).state is State.OK
    monkeypatch.setenv("LUMENWARD_SERVER_RECORDS_PASSWORD", "hunter2")
    finding = checkup._records(tmp_path, file)
    assert finding.state is State.WRONG
    assert "password authentication failed" in finding.found
    assert "hunter2" not in finding.found


def test_a_directory_that_can_be_written_is_ok_also_before_it_is_made(tmp_path):
    finding = checkup._disk(tmp_path / "not" / "yet" / "there")
    assert finding.state is State.OK
    assert finding.found.endswith(f"GiB free at {tmp_path}")
    assert not (tmp_path / "not").exists()


def test_a_disk_that_cannot_be_written_is_wrong_for_everybody():
    finding = checkup._disk(Path("/proc/lumenward"))
    assert finding.state is State.WRONG


def test_a_file_where_data_should_be_is_wrong(tmp_path):
    (tmp_path / "data").write_text("")
    assert checkup._disk(tmp_path / "data").state is State.WRONG
    assert checkup._disk(tmp_path / "data" / "inside").state is State.WRONG


def test_everything_is_looked_at_and_what_is_not_ok_says_what_to_do(tmp_path):
    findings = check_up(tmp_path, f"mqtt://127.0.0.1:{free_port()}", free_port())
    names = [finding.what for finding in findings]
    assert names == [
        "Python",
        "Virtual devices",
        "D-Bus",
        "Bluetooth",
        "Mosquitto",
        "Broker",
        "Port",
        "Records",
        "Clock",
        "Disk",
    ]
    assert [finding.what for finding in findings if finding.state is not State.OK and not finding.remedy] == []


@pytest.mark.parametrize(("hours", "state"), [(None, State.MISSING), (5, State.OK), (50, State.WRONG)])
def test_a_snapshot_has_an_age_and_one_that_is_days_old_is_wrong(tmp_path, hours, state):
    file = tmp_path / "sessions.parquet"
    if hours is not None:
        file.write_bytes(b"")
        note_as_of(file, datetime.now(UTC) - timedelta(hours=hours))
    finding = checkup._snapshot(file)
    assert finding.state is state
    assert (f"{hours} h old" in finding.found) is (hours is not None)
    assert ("watch" in finding.remedy) is (state is not State.OK)


def test_a_telemetry_store_that_the_settings_name_is_tried(influx):
    finding = checkup._telemetry(influx.settings(bucket="first"))
    assert (finding.state, finding.remedy) == (State.OK, "")
    assert "first" in finding.found


def test_a_telemetry_store_that_turns_the_token_away_is_wrong_with_what_to_do(influx):
    finding = checkup._telemetry(influx.settings(bucket="first", token="stale"))
    assert finding.state is State.WRONG
    assert "stale" not in finding.found
    assert "lumenward store init" in finding.remedy


def test_a_telemetry_store_that_is_away_is_wrong(influx):
    finding = checkup._telemetry(influx.settings(bucket="first", url=f"http://127.0.0.1:{free_port()}"))
    assert finding.state is State.WRONG
    assert "telemetry.url" in finding.remedy
