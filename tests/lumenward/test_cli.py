"""The command line as a person meets it: exit codes, output that parses, errors in words, and nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import pytest

from tests.servers import free_port

KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
SERVER = """\
data = "{data}"
secret = "{key}"
[broker]
host = "127.0.0.1"
port = {port}
tls = false
username = "ingest"
password = "hunter2"
[http]
public_url = "http://127.0.0.1"
port = {http_port}
"""


def environment(directory: Path, **more: str) -> dict[str, str]:
    """One by which every process that a command leaves behind is known, with temporary files in a place of its own."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LUMENWARD_")}
    (directory / "tmp").mkdir(exist_ok=True)
    return {**ours, "TMPDIR": str(directory / "tmp"), **more}


def lumenward(directory, *arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "lumenward", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(directory, **more),
    )


@contextmanager
def started(directory, *arguments):
    """A command that runs on; whatever it leaves is ended afterwards, that one failing test harms no other."""
    with (directory / "out").open("w") as out, (directory / "err").open("w") as err:
        command = [sys.executable, "-m", "lumenward", *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment(directory))
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pid in left_behind(directory):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def left_behind(directory):
    mark = f"TMPDIR={directory / 'tmp'}".encode()
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if mark in environment_of(process)]


def environment_of(process):
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def wait_for(condition, seconds=60.0):
    until = monotonic() + seconds
    while not condition():
        assert monotonic() < until
        sleep(0.05)


def said(directory):
    return (directory / "out").read_text()


def ended(process, by, within=30.0):
    process.send_signal(by)
    return process.wait(within)


@pytest.fixture
def server_settings(tmp_path):
    file = tmp_path / "server.toml"
    file.write_text(SERVER.format(data=tmp_path / "data", key=KEY, port=free_port(), http_port=free_port()))
    return file


WRONG_COMMANDS = {
    "no command": (),
    "unknown role": ("server", "--role", "nonsense"),
    "port out of range": ("demo", "--port", "0"),
    "broker that is no address": ("doctor", "--broker", "mqtt://:x"),
}


@pytest.mark.parametrize("arguments", WRONG_COMMANDS.values(), ids=WRONG_COMMANDS.keys())
def test_a_wrong_command_ends_with_2_and_says_so_on_standard_error(arguments, tmp_path):
    run = lumenward(tmp_path, *arguments)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert run.stderr if arguments else run.stdout + run.stderr


@pytest.mark.parametrize(
    ("command", "text", "key"),
    [
        (("server", "--role", "ingest"), None, "No such file"),
        (("server", "--role", "check"), 'spelling = "hunter2"', "spelling: "),
        (("gateway",), "port = [", "file: "),
    ],
    ids=["no file", "wrong key", "no toml"],
)
def test_wrong_settings_end_with_2_by_file_and_key_and_never_show_a_value(command, text, key, tmp_path):
    file = tmp_path / "settings.toml"
    if text is not None:
        file.write_text(text)
    run = lumenward(tmp_path, *command, "--settings", str(file))
    assert (run.returncode, run.stdout) == (2, "")
    assert f"{file}: " in run.stderr
    assert key in run.stderr
    assert "Traceback" not in run.stderr
    assert "hunter2" not in run.stderr


def test_a_secret_file_that_is_missing_ends_with_2(server_settings, tmp_path):
    told = {"LUMENWARD_SERVER_SECRET_FILE": str(tmp_path / "missing")}
    run = lumenward(tmp_path, "server", "--role", "check", "--settings", str(server_settings), **told)
    assert run.returncode == 2
    assert str(tmp_path / "missing") in run.stderr


def test_help_ends_with_0_and_names_every_command(tmp_path):
    run = lumenward(tmp_path, "--help")
    assert (run.returncode, run.stderr) == (0, "")
    for command in ("demo", "server", "gateway", "devices", "doctor"):
        assert command in run.stdout


def test_doctor_in_json_is_one_list_of_findings(tmp_path):
    run = lumenward(tmp_path, "doctor", "--json", "--data", str(tmp_path), "--port", str(free_port()))
    findings = json.loads(run.stdout)
    assert all(finding.keys() == {"what", "state", "found", "remedy"} for finding in findings)
    assert {finding["state"] for finding in findings} <= {"ok", "missing"}
    assert (run.returncode, run.stderr) == (0, "")


def test_doctor_ends_with_1_when_something_is_wrong(tmp_path):
    run = lumenward(tmp_path, "doctor", "--json", "--data", "/proc/lumenward", "--port", str(free_port()))
    assert run.returncode == 1
    assert [finding["what"] for finding in json.loads(run.stdout) if finding["state"] == "wrong"] == ["Disk"]


def test_a_records_file_that_is_none_ends_with_an_error_in_words(server_settings, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "records.sqlite").write_bytes(b"not a database, and long enough to be seen as none" * 99)
    run = lumenward(tmp_path, "server", "--role", "check", "--settings", str(server_settings))
    assert run.returncode == 1
    assert "Traceback" not in run.stderr


def test_a_server_whose_port_is_taken_ends_with_1_and_is_never_ready(server_settings, tmp_path):
    taken = tomllib.loads(server_settings.read_text())["http"]["port"]
    with socket.create_server(("127.0.0.1", taken)):
        run = lumenward(tmp_path, "server", "--role", "api", "--settings", str(server_settings))
    assert (run.returncode, run.stdout) == (1, "")
    assert str(taken) in run.stderr


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_checker_that_is_asked_to_stop_ends_with_0(by, server_settings, tmp_path):
    with started(tmp_path, "server", "--role", "check", "--settings", str(server_settings)) as process:
        wait_for(lambda: said(tmp_path) == "ready\n")
        assert ended(process, by) == 0
    assert "Traceback" not in (tmp_path / "err").read_text()


def test_ingest_stops_at_ctrl_c_also_while_its_broker_does_not_answer(server_settings, tmp_path):
    with started(tmp_path, "server", "--role", "ingest", "--settings", str(server_settings)) as process:
        wait_for((tmp_path / "data" / "telemetry.sqlite").exists)
        sleep(0.5)
        assert ended(process, signal.SIGINT) == 0
        assert left_behind(tmp_path) == []
    assert said(tmp_path) == ""
    assert "Traceback" not in (tmp_path / "err").read_text()


@pytest.fixture
def near_path():
    """A directory in which the name of a socket stays as short as it has to be."""
    with TemporaryDirectory() as made:
        yield Path(made)


@pytest.mark.parametrize("processes", [3, 8], ids=["while it starts", "when it runs"])
def test_ctrl_c_ends_the_demo_and_leaves_no_process_and_no_file(near_path, processes):
    with started(near_path, "demo", "--port", str(free_port())) as process:
        wait_for(lambda: "Ctrl-C ends it" in said(near_path) and len(left_behind(near_path)) >= processes)
        assert ended(process, signal.SIGINT) == 0
        assert left_behind(near_path) == []
    assert list((near_path / "tmp").iterdir()) == []
    assert (near_path / "err").read_text() == ""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_headless_demo_that_is_interrupted_leaves_no_process_and_no_file(by, near_path):
    with started(near_path, "demo", "--headless", "--json") as process:
        wait_for(lambda: len(left_behind(near_path)) >= 5)
        assert ended(process, by) == 130
        assert left_behind(near_path) == []
    assert list((near_path / "tmp").iterdir()) == []
    assert said(near_path) == ""


def test_no_command_waits_for_the_world_that_only_others_need():
    heavy = {"sqlalchemy", "fastapi", "pandas", "duckdb", "influxdb_client", "bleak", "bumble", "apscheduler"}
    code = f"import sys, lumenward.cli.main; print(sorted({heavy} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
