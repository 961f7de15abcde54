"""`lumenward up` as an operator meets it: the first run, the next, a killed role, a second one, the end."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import pytest
from httpx import Client
from rich.console import Console

from lumenward.cli.main import end
from lumenward.errors import NotHere
from lumenward.up.running import find_mosquitto
from tests.monitor_api.http.calls import version
from tests.servers import free_port, require


def environment(directory, **more):
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LUMENWARD_")}
    (directory / "tmp").mkdir(exist_ok=True)
    return {**ours, "TMPDIR": str(directory / "tmp"), **more}


def lumenward(directory, *arguments, **more):
    command = [sys.executable, "-m", "lumenward", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=environment(directory, **more)
    )


def left_behind(directory):
    mark = f"TMPDIR={directory / 'tmp'}".encode()
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if mark in environment_of(process)]


def environment_of(process):
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def wait_for(condition, seconds=130):
    until = monotonic() + seconds
    while not (found := condition()):
        assert monotonic() < until
        sleep(0.05)
    return found


class Machine:
    """A machine with a directory for `up`; whatever it leaves is ended."""

    def __init__(self, directory):
        self.directory, self.place = directory, directory / "service"
        self.http, self.broker = free_port(), free_port()
        self.ports = {
            "LUMENWARD_UP_HTTP__PORT": str(self.http),
            "LUMENWARD_UP_BROKER__PORT": str(self.broker),
        }

    @contextmanager
    def up(self, *options):
        command = [sys.executable, "-m", "lumenward", "up", str(self.place), *options]
        with (self.directory / "out").open("w") as out:
            env = environment(self.directory, **self.ports)
            process = subprocess.Popen(command, stdout=out, stderr=out, env=env)
        try:
            wait_for(lambda: process.poll() is not None or "Ctrl-C stops" in self.said())
            yield process
        finally:
            process.kill()
            process.wait()
            for pid in left_behind(self.directory):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def said(self):
        return (self.directory / "out").read_text()

    def status(self):
        run = lumenward(self.directory, "status", str(self.place), "--json")
        return run.returncode, json.loads(run.stdout)

    def pids(self):
        return {one["name"]: one["pid"] for one in json.loads((self.place / "status.json").read_text())["processes"]}

    @contextmanager
    def logged_in(self, login, password):
        with Client(base_url=f"http://127.0.0.1:{self.http}/api/v1/", timeout=60) as client:
            answer = client.post("login", json={"login": login, "password": password})
            assert answer.status_code == 200
            client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
            yield client

    def prescribes(self, operators_password):
        """Whether a physician and a patient whom the first operator adds come to a regimen."""
        with self.logged_in("operator", operators_password) as operator:
            doctor = {"login": "doctor", "name": "Dr Example", "role": "physician", "password": DOCTORS}
            assert operator.post("users", json=doctor).status_code == 201
            patient = operator.post("patients", json={"name": "Ada Example", "reference": "1", "zone": "UTC"}).json()
        with self.logged_in("doctor", DOCTORS) as physician:
            wanted = version(9, "J/cm2") | {"patient_id": patient["id"], "modality": "led"}
            return physician.post("regimens", json=wanted).status_code == 201

    def prescribed(self):
        """For whom the physician finds regimens."""
        with self.logged_in("doctor", DOCTORS) as physician:
            names = {one["id"]: one["name"] for one in physician.get("patients").json()["items"]}
            return [names[one["patient_id"]] for one in physician.get("regimens").json()["items"]]

    def kept(self):
        """Secrets and keys, as they are on disk."""
        files = [file for part in ("secrets", "keys") for file in (self.place / part).rglob("*") if file.is_file()]
        return {file.relative_to(self.place): file.read_bytes() for file in files}


DOCTORS = "a dozen and more"
PROCESSES = {"broker", "watch", "ingest", "check", "dispatch", "api"}


@pytest.mark.timeout(300)
def test_a_life_of_up_its_first_run_a_second_that_finds_all_as_it_was_and_one_on_the_embedded_broker(tmp_path):
    require("mosquitto")
    machine = Machine(tmp_path)
    with machine.up() as process:
        secret = machine.place / "secrets"
        assert stat.S_IMODE(machine.place.stat().st_mode) == 0o700
        files = [file for file in machine.place.rglob("*") if file.is_file() and {"secrets", "keys"} & {*file.parts}]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert len(files) == 5

        password = (secret / "first-login").read_text().strip()
        assert machine.prescribes(password)
        logged = machine.said() + "".join(log.read_text() for log in (machine.place / "logs").iterdir())
        assert password not in logged
        assert all((secret / "broker" / role).read_text().strip() not in logged for role in ("ingest", "dispatch"))

        code, status = machine.status()
        assert (code, {one["name"] for one in status["processes"]}) == (0, PROCESSES)
        assert status["embedded_broker"] is False

        second = lumenward(tmp_path, "up", str(machine.place), **machine.ports)
        assert second.returncode == 1
        assert str(machine.place) in second.stderr
        assert str(process.pid) in second.stderr

        before = machine.pids()
        os.kill(before["check"], signal.SIGKILL)
        after = wait_for(lambda: (now := machine.pids())["check"] not in (before["check"], None) and now)
        assert {name for name in PROCESSES if after[name] != before[name]} == {"check"}

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert left_behind(tmp_path) == []
    assert machine.status() == (1, {"pid": None, "processes": []})
    (secret / "first-login").unlink()
    kept = machine.kept()
    with machine.up() as process:
        assert machine.kept() == kept
        assert "password" not in machine.said()
        assert machine.prescribed() == ["Ada Example"]
        code, status = machine.status()
        assert (code, {one["started_again"] for one in status["processes"]}) == (0, {0})
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    with machine.up("--embedded-broker") as process:
        assert "any gateway's account may read and write every topic" in " ".join(machine.said().split())
        assert machine.pids().keys() == PROCESSES
        assert machine.kept() == kept
        with machine.logged_in("operator", password):
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert left_behind(tmp_path) == []


def test_without_mosquitto_it_says_what_to_install_and_ends_with_3():
    with pytest.raises(NotHere) as refusal:
        find_mosquitto("/nowhere")
    said = Console(file=StringIO())
    assert end(refusal.value, said) == 3
    assert "apt install mosquitto" in str(refusal.value)
    assert "--embedded-broker" in str(refusal.value)


def test_a_directory_that_holds_something_else_is_refused(tmp_path):
    require("mosquitto")
    place = tmp_path / "service"
    place.mkdir()
    (place / "photos").touch()
    run = lumenward(tmp_path, "up", str(place))
    assert run.returncode == 2
    assert str(place) in run.stderr
    shutil.rmtree(place)
