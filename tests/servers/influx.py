"""A real InfluxDB for tests: one process, a bucket for each that asks, killed and started again over the same files."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from time import monotonic, sleep

from influxdb_client import InfluxDBClient, OnboardingRequest, SetupService

from monitor_api.settings import InfluxSettings
from tests.servers import free_port, require

CACHE = Path(os.environ.get("LUMENWARD_CACHE") or Path.home() / ".cache" / "lumenward")
BUILT = CACHE / "influxd" / "influxd-2.7.12"
TOKEN = "the operator's token of a test's server"
ORG = "tests"


class Influx:
    """An InfluxDB server on a free port, with its files in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port, self._numbers = directory, free_port(), count(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        files = {"bolt": "influxd.bolt", "sqlite": "influxd.sqlite", "engine": "engine"}
        with (self.directory / "influxd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    require("influxd", built=BUILT),
                    *(f"--{name}-path={self.directory / file}" for name, file in files.items()),
                    f"--http-bind-address=127.0.0.1:{self.port}",
                    "--reporting-disabled",
                ],
                stdout=log,
                stderr=log,
            )
        until = monotonic() + 60
        while not self.client.ping():
            assert monotonic() < until, (self.directory / "influxd.log").read_text()
            sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def set_up(self) -> None:
        """Make the organisation and its operator, as a person does once."""
        wanted = OnboardingRequest(username="op", password="tests-only", org=ORG, bucket="first", token=TOKEN)
        SetupService(self.client.api_client).post_setup(onboarding_request=wanted)

    @cached_property
    def client(self) -> InfluxDBClient:
        return InfluxDBClient(self.url, TOKEN, org=ORG)

    def bucket(self, **changes: object) -> InfluxSettings:
        """The settings of a store on a new bucket."""
        name = f"bucket-{next(self._numbers)}"
        self.client.buckets_api().create_bucket(bucket_name=name, org=ORG)
        return self.settings(bucket=name, **changes)

    def settings(self, **changes: object) -> InfluxSettings:
        return InfluxSettings.model_validate({"url": self.url, "org": ORG, "token": TOKEN} | changes)


@contextmanager
def running_influx(directory: Path) -> Iterator[Influx]:
    influx = Influx(directory)
    influx.start()
    try:
        influx.set_up()
        yield influx
        influx.client.close()
    finally:
        influx.kill()
