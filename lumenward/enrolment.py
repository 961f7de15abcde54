"""Enrolment: a gateway's key, known to the gateway and to its clinic's service and to nobody else."""

import json
import os
import secrets
import tomllib
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from lumenward.errors import ServerRefused
from vocabulary.errors import SettingsError
from vocabulary.identity import GatewayId, gateway_id
from vocabulary.wire.keys import KEY_BYTES

TIMEOUT_S: Final = 20
ANSWER_BYTES: Final = 65536
_SETTINGS: Final = """\
id = {id}
data = {data}
key_id = {key_id}
key = {key}

[uplink]
host = {host}
port = {port}
username = {id}
tls = {tls}
"""
_PORTS: Final = {"mqtts": 8883, "mqtt": 1883}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What is registered; `key` is base64 and never shown."""

    gateway: GatewayId
    key_id: int
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker is, and whether it speaks TLS."""

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, text: str) -> "BrokerAddress":
        """mqtts://HOST[:PORT] or mqtt://HOST[:PORT]; mqtts unless said. Raises SettingsError."""
        remedy = "Write mqtts://HOST:PORT, or mqtt://HOST:PORT for a broker without TLS."
        try:
            parts = urlsplit(text if "://" in text else f"mqtts://{text}")
            host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
        except ValueError as error:
            raise SettingsError("--broker", {"port": str(error)}, remedy) from error
        except KeyError as error:
            raise SettingsError("--broker", {"scheme": f"{error} is not one of {', '.join(_PORTS)}"}, remedy) from None
        if not host:
            raise SettingsError("--broker", {"host": "missing"}, remedy)
        return cls(host, port, parts.scheme == "mqtts")


def prepare(path: Path, gateway: GatewayId, broker: BrokerAddress) -> Enrolment:
    """The enrolment in a settings file; a new one, written there, when there is no such file.

    So a command that nobody knows the end of is given again, with the same key. Raises SettingsError.
    """
    if path.exists():
        return _read_settings(path, gateway)
    enrolment = Enrolment(gateway=gateway, key_id=1, key=b64encode(secrets.token_bytes(KEY_BYTES)).decode())
    _write_settings(path, enrolment, broker)
    return enrolment


def _read_settings(path: Path, gateway: GatewayId) -> Enrolment:
    remedy = "Name another file with --settings, or remove this one."
    try:
        found = tomllib.loads(path.read_text())
        enrolment = Enrolment(gateway=gateway_id(found["id"]), key_id=int(found["key_id"]), key=str(found["key"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(str(path), {"file": f"holds no gateway's settings ({error})"}, remedy) from error
    if enrolment.gateway != gateway:
        raise SettingsError(str(path), {"id": f"these are the settings of {enrolment.gateway}"}, remedy)
    return enrolment


def _write_settings(path: Path, enrolment: Enrolment, broker: BrokerAddress) -> None:
    """Write a file that only its owner may read."""
    text = _SETTINGS.format(
        id=_quoted(enrolment.gateway),
        data=_quoted(str(path.parent.resolve() / "data")),
        key_id=enrolment.key_id,
        key=_quoted(enrolment.key),
        host=_quoted(broker.host),
        port=broker.port,
        tls=str(broker.tls).lower(),
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    except OSError as error:
        problem = {"file": error.strerror or str(error)}
        raise SettingsError(str(path), problem, "Name a file in a directory that you may write to.") from error


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's."""
    return json.dumps(text)


def register(server: str, token: str, enrolment: Enrolment) -> None:
    """Register a gateway and its key with the clinic of the token. Raises ServerRefused, SettingsError."""
    if not token.isascii():
        remedy = "Copy the token that was shown once into the file, and nothing else."
        raise SettingsError("--token-file", {"token": "holds letters that no token has"}, remedy)
    url = f"{server.rstrip('/')}/api/v1/gateways"
    if not _is_web_address(url):
        raise ServerRefused(url, "expected an address that begins with https:// (or http:// on this machine)")
    body = {"id": enrolment.gateway, "name": enrolment.gateway, "key_id": enrolment.key_id, "key": enrolment.key}
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"enrol-{enrolment.gateway}-{sha256(enrolment.key.encode()).hexdigest()[:16]}",
    }
    request = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - http(s) only, see above
    if _registered(url, request) != enrolment.gateway:
        raise ServerRefused(url, "what answers is no Lumenward service. Is the address right?")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"}


def _registered(url: str, request: Request) -> object:
    """The id of the gateway that the service says it registered; None when it says nothing of the kind."""
    try:
        with _opener().open(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read(ANSWER_BYTES))["id"]
    except HTTPError as error:
        raise ServerRefused(url, _problem(error)) from error
    except (HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise ServerRefused(url, f"{reason}. Is the address right, and the service up?") from error
    except (ValueError, KeyError, TypeError):
        return None


def _opener() -> OpenerDirector:
    """Opens http and https, and follows no redirect: a token is for the service it was given for."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler(), HTTPErrorProcessor(), HTTPDefaultErrorHandler()):
        opener.add_handler(handler)
    return opener


def _problem(error: HTTPError) -> str:
    if elsewhere := error.headers.get("Location"):
        return f"{error.code}: it sends us on to {elsewhere}. If that is the service, name it in --server"
    try:
        problem = json.loads(error.read())
        return f"{error.code} {problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
