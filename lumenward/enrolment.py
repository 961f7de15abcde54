"""Enrolment: a gateway's key, known to the gateway and to its clinic's service and to nobody else."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from lumenward.errors import ServerRefused
from vocabulary.errors import SettingsError
from vocabulary.identity import GatewayId

TIMEOUT_S: Final = 20
_SETTINGS: Final = """\
id = "{gateway}"
data = "{data}"
key_id = {key_id}
key = "{key}"

[uplink]
host = "{host}"
port = {port}
username = "{gateway}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What is registered; `key` is base64 and never shown."""

    gateway: GatewayId
    key_id: int
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the uplink broker is."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "BrokerAddress":
        """HOST or HOST:PORT. Raises SettingsError."""
        try:
            parts = urlsplit(f"//{text}")
            host, port = parts.hostname, parts.port or 8883
        except ValueError as error:
            raise SettingsError("--broker", {"port": str(error)}, "Write HOST or HOST:PORT.") from error
        if not host:
            raise SettingsError("--broker", {"host": "missing"}, "Write HOST or HOST:PORT.")
        return cls(host, port)


def write_settings(path: Path, enrolment: Enrolment, broker: BrokerAddress) -> None:
    """Write a new settings file that only its owner may read. Raises SettingsError when there is one."""
    text = _SETTINGS.format(
        **asdict(enrolment), data=path.parent.resolve() / "data", host=broker.host, port=broker.port
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    except OSError as error:
        raise SettingsError(
            str(path), {"file": error.strerror or str(error)}, "Name a file that is not there yet."
        ) from error


def register(server: str, token: str, enrolment: Enrolment) -> None:
    """Register a gateway and its key with the clinic of the token. Raises ServerRefused."""
    url = f"{server.rstrip('/')}/api/v1/gateways"
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ServerRefused(url, "expected an address that begins with https:// (or http:// on this machine)")
    body = {"id": enrolment.gateway, "name": enrolment.gateway, "key_id": enrolment.key_id, "key": enrolment.key}
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"enrol-{enrolment.gateway}-{enrolment.key_id}",
    }
    request = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - http(s) only, see above
    try:
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - http(s) only, see above
            answer.read()
    except HTTPError as error:
        raise ServerRefused(url, _problem(error)) from error
    except URLError as error:
        raise ServerRefused(url, f"{error.reason}. Is the address right, and the service up?") from error


def _problem(error: HTTPError) -> str:
    try:
        problem = json.loads(error.read())
        return f"{error.code} {problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
