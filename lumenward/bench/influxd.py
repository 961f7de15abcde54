"""A private InfluxDB 2 on loopback, with a bucket; nothing stays of it."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.onboarding_request import OnboardingRequest
from influxdb_client.service.setup_service import SetupService

from lumenward.demo.world import free_port
from lumenward.errors import ChildFailed, NotHere

START_S: Final = 60.0

ORG, BUCKET = "bench", "line"


@dataclass(frozen=True, slots=True)
class RunningInflux:
    """Where it listens, the token of its operator, and which process it is."""

    url: str
    token: str
    pid: int


def find_influxd() -> str | None:
    """Where the server is: in the path, or built for the tests; None when this machine has none."""
    cache = Path(os.environ.get("LUMENWARD_CACHE") or Path.home() / ".cache" / "lumenward")
    built = sorted((cache / "influxd").glob("influxd-2.*.*"))
    return shutil.which("influxd") or next((str(one) for one in reversed(built) if os.access(one, os.X_OK)), None)


@contextmanager
def running_influx(directory: Path) -> Generator[RunningInflux]:
    """Run one until the block ends. Raises NotHere, ChildFailed."""
    program = find_influxd()
    if program is None:
        raise NotHere("InfluxDB", "influxd 2 is not installed")
    url, token, log = f"http://127.0.0.1:{free_port()}", secrets.token_urlsafe(16), directory / "influxd.log"
    files = {"bolt": "influxd.bolt", "sqlite": "influxd.sqlite", "engine": "engine"}
    command = [
        program,
        *(f"--{name}-path={directory / file}" for name, file in files.items()),
        f"--http-bind-address={url.removeprefix('http://')}",
        "--reporting-disabled",
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)  # noqa: S603 - found in the path
    try:
        _set_up(url, token, process, log)
        yield RunningInflux(url, token, process.pid)
    finally:
        process.kill()
        process.wait()


def _set_up(url: str, token: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = monotonic() + START_S
    client: Any = InfluxDBClient(url, token, org=ORG)
    try:
        while not client.ping():
            if process.poll() is not None or monotonic() > until:
                raise ChildFailed("influxd", "it does not listen", log.read_text(errors="replace"))
            sleep(0.05)
        told = {"username": "bench", "password": secrets.token_urlsafe(16)}
        wanted = OnboardingRequest(**told, org=ORG, bucket=BUCKET, token=token)  # type: ignore[no-untyped-call]
        setup: Any = SetupService(client.api_client)  # type: ignore[no-untyped-call]
        setup.post_setup(onboarding_request=wanted)
    finally:
        client.close()
