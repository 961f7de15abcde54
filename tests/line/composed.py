"""docker-compose.yml without containers: the same commands and files as processes of this machine."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.request import urlopen

import yaml
from influxdb_client import OnboardingRequest, SetupService
from psycopg import sql

from lumenward.supervisor import Child
from lumenward.up.place import make_secrets
from lumenward.up.running import find_mosquitto
from tests.servers import free_port, require
from tests.servers.influx import Influx
from tests.servers.postgres import HASTY, Postgres

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
ROLES = ("api", "ingest", "check", "dispatch", "watch")


def composition():
    return yaml.safe_load(FILE.read_text())


@dataclass
class Composed:
    """A composition whose `./run` and whose volumes are in a directory, and whose hosts are ports of loopback."""

    directory: Path
    mosquitto: int
    http: int

    def __post_init__(self):
        self.told = composition()
        self.hosts: dict[str, str] = {}

    @property
    def run(self) -> Path:
        return self.directory / "run"

    def secret(self, name) -> Path:
        return self.here(self.told["secrets"][name]["file"])

    def here(self, path) -> Path:
        """A path of the host, as the composition names it."""
        return self.run / path.removeprefix("./run/") if path.startswith("./run") else ROOT / path

    def mounted(self, service, path) -> Path:
        """A path within a container."""
        for volume in self.told["services"][service].get("volumes", ()):
            source, target, *_ = volume.split(":")
            if path == target or path.startswith(f"{target}/"):
                return Path(str(self.here(source)) + path.removeprefix(target))
        raise AssertionError(f"{service} mounts nothing at {path}")

    def environment(self, role) -> dict[str, str]:
        """What a role is told, with containers' places and hosts made ours; only secrets that it is given."""
        return {name: self._value(value, role) for name, value in self.told["services"][role]["environment"].items()}

    def _value(self, value, service) -> str:
        value = re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
        option, equals, path = value.rpartition("=")
        if path.startswith("/"):
            return f"{option}{equals}{self._path(path, service)}"
        for theirs, ours in self.hosts.items():
            value = value.replace(theirs, ours)
        return value

    def _path(self, path, service) -> Path:
        if path.startswith("/run/secrets/"):
            name = path.removeprefix("/run/secrets/")
            assert name in self.told["services"][service]["secrets"]
            return self.secret(name)
        return self.directory / "data" if path == "/data" else self.mounted(service, path)

    def once(self, service) -> None:
        """Run a service that does something once."""
        program, *arguments = self.told["services"][service]["command"]
        assert program == "lumenward"
        told = [self._value(value, service) for value in arguments]
        run = subprocess.run(
            [sys.executable, "-m", "lumenward", *told], capture_output=True, text=True, check=False, timeout=100
        )
        assert run.returncode == 0, run.stderr

    def child(self, role, **more) -> Child:
        program, *arguments = self.told["services"][role]["command"]
        assert program == "lumenward"
        environment = self.environment(role) | more
        for name, port in (("BROKER__PORT", self.mosquitto), ("HTTP__PORT", self.http)):
            if f"LUMENWARD_SERVER_{name}" in environment:
                environment[f"LUMENWARD_SERVER_{name}"] = str(port)
        return Child(name=role, arguments=("-m", "lumenward", *arguments), environment=environment)

    @contextmanager
    def servers(self):
        """Mosquitto, InfluxDB and PostgreSQL, set up as their images set them up."""
        make_secrets(self.run)
        with ExitStack() as running:
            running.enter_context(self._broker())
            influx = running.enter_context(self._influx())
            postgres = running.enter_context(self._postgres())
            self.hosts = {
                "http://influxdb:8086": influx.url,
                "@postgres/": f"@127.0.0.1:{postgres.port}/",
                "0.0.0.0": "127.0.0.1",  # noqa: S104 - a container's own
                "mosquitto": "127.0.0.1",
            }
            self.once("store-init")
            yield

    @contextmanager
    def _broker(self):
        program, option, path = self.told["services"]["mosquitto"]["command"]
        assert (program, option) == ("mosquitto", "-c")
        conf = self.mounted("mosquitto", path).read_text()
        theirs = "/mosquitto/lumenward"
        conf = conf.replace(theirs, str(self.mounted("mosquitto", theirs)))
        assert conf.count("\nlistener 1883\n") == 1
        user = "user root\n" if os.geteuid() == 0 else ""
        ours = self.directory / "mosquitto.conf"
        ours.write_text(user + conf.replace("listener 1883", f"listener {self.mosquitto} 127.0.0.1"))
        require("mosquitto")
        with (self.directory / "mosquitto.log").open("w") as log:
            process = subprocess.Popen([find_mosquitto(), "-c", str(ours)], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def _influx(self):
        told = self.told["services"]["influxdb"]["environment"]
        directory = self.directory / "influx"
        directory.mkdir()
        influx = Influx(directory)
        influx.start()
        try:
            wanted = OnboardingRequest(
                username=told["DOCKER_INFLUXDB_INIT_USERNAME"],
                password=self._read(told["DOCKER_INFLUXDB_INIT_PASSWORD_FILE"]),
                org=told["DOCKER_INFLUXDB_INIT_ORG"],
                bucket=told["DOCKER_INFLUXDB_INIT_BUCKET"],
                token=self._read(told["DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE"]),
            )
            SetupService(influx.client.api_client).post_setup(onboarding_request=wanted)
            yield influx
            influx.client.close()
        finally:
            influx.kill()

    @contextmanager
    def _postgres(self):
        told = self.told["services"]["postgres"]["environment"]
        postgres = Postgres(HASTY)
        try:
            user, name = sql.Identifier(told["POSTGRES_USER"]), sql.Identifier(told["POSTGRES_DB"])
            password = sql.Literal(self._read(told["POSTGRES_PASSWORD_FILE"]))
            with postgres.connection("postgres") as connection:
                connection.execute(sql.SQL("ALTER USER {} PASSWORD {}").format(user, password))
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, user))
            yield postgres
        finally:
            postgres.remove()

    def _read(self, path) -> str:
        return self.secret(path.removeprefix("/run/secrets/")).read_text().strip()

    def answers(self) -> bool:
        with urlopen(f"http://127.0.0.1:{self.http}/api/v1/health", timeout=20) as answer:
            return answer.status == 200


def compose(directory) -> Composed:
    return Composed(directory, mosquitto=free_port(), http=free_port())


def wait_for(condition, seconds=60):
    until = monotonic() + seconds
    while not condition():
        assert monotonic() < until
        sleep(0.1)
