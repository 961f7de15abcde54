"""What `doctor` finds on a machine that is made so."""

import socket
from pathlib import Path

import pytest

from lumenward import checkup
from lumenward.checkup import State, check_up
from tests.servers import free_port
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
    assert names == ["Python", "Virtual devices", "D-Bus", "Bluetooth", "Broker", "Port", "Clock", "Disk"]
    assert [finding.what for finding in findings if finding.state is not State.OK and not finding.remedy] == []


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
