"""The directory of one machine's service: what is where, who may read it, and who runs on it."""

import fcntl
import json
import os
import pwd
import secrets
from base64 import b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lumenward.errors import AlreadyUp
from lumenward.up.accounts import Accounts, replace, write_once
from lumenward.up.settings import TEMPLATE, UpSettings
from vocabulary.errors import SettingsError
from vocabulary.wire.keys import KEY_BYTES

COMPOSED: Final = ("records", "influx-password", "influx-operator-token")
"""The secrets of the servers beside ours: PostgreSQL's password, InfluxDB's first user's and their token."""

_MOSQUITTO: Final = """\
{user}per_listener_settings false
allow_anonymous false
password_file {directory}/passwords
acl_file {directory}/acl

listener {port} 127.0.0.1
{homes}
persistence true
persistence_location {directory}/data/
autosave_interval 30
persistent_client_expiration 1d
max_inflight_messages 1000
max_queued_messages 1000000
max_packet_size 300000
memory_limit 1073741824
set_tcp_nodelay true

log_dest stderr
log_type error
log_type warning
log_type notice
"""

_HOMES: Final = """
listener {port} {host}
certfile {certificate}
keyfile {key}
"""

_SERVER: Final = """\
data = {data}
signing_keys = {keys}

[http]
host = {host}
port = {port}
public_url = {url}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The directory and what is in it. Only its owner may look in."""

    directory: Path

    @property
    def settings(self) -> Path:
        """The settings of `up`."""
        return self.directory / "up.toml"

    @property
    def server(self) -> Path:
        """The settings of the roles, made of those of `up` at each start."""
        return self.directory / "server.toml"

    @property
    def secret(self) -> Path:
        """The service's secret."""
        return self.directory / "secrets" / "server"

    @property
    def first_login(self) -> Path:
        """The password of the first operator, until it has been shown."""
        return self.directory / "secrets" / "first-login"

    @property
    def keys(self) -> Path:
        """The keys that clinics sign regimens with."""
        return self.directory / "keys"

    @property
    def logs(self) -> Path:
        """The logs of the processes."""
        return self.directory / "logs"

    @property
    def mosquitto(self) -> Path:
        """The broker's configuration."""
        return self.directory / "mosquitto" / "mosquitto.conf"

    @property
    def accounts(self) -> Accounts:
        """The broker's accounts."""
        return Accounts(self.directory)

    def make(self) -> None:
        """Make what is missing: the directory, the secrets, the accounts. Raises SettingsError."""
        try:
            self.directory.mkdir(parents=True, mode=0o700, exist_ok=True)
            if any(self.directory.iterdir()) and not self.settings.exists():
                problem = {"directory": f"{self.directory} holds something else"}
                raise SettingsError("up", problem, "Name an empty directory, or one that does not exist.")
            self.directory.chmod(0o700)
            write_once(self.settings, TEMPLATE)
            write_once(self.secret, _key())
            for inner in (self.logs, self.directory / "data", self.mosquitto.parent / "data"):
                inner.mkdir(parents=True, mode=0o700, exist_ok=True)
            self.accounts.make()
        except OSError as error:
            problem = {"directory": f"{self.directory}: {error.strerror or error}"}
            raise SettingsError("up", problem, "Name a directory that you may write to.") from error

    def configure(self, told: UpSettings) -> None:
        """Write the settings of the roles and of Mosquitto."""
        page = told.http
        words = {"data": self.directory / "data", "keys": self.keys, "host": page.host, "url": page.url}
        server = _SERVER.format(port=page.port, **{name: json.dumps(str(word)) for name, word in words.items()})
        replace(self.server, server)
        replace(self.mosquitto, self._mosquitto(told))

    def _mosquitto(self, told: UpSettings) -> str:
        # Started by root, Mosquitto would turn into a user that may not read its own files here.
        user = f"user {pwd.getpwuid(0).pw_name}\n" if os.geteuid() == 0 else ""
        homes = "" if told.homes is None else _HOMES.format(**told.homes.model_dump())
        return _MOSQUITTO.format(user=user, directory=self.mosquitto.parent, homes=homes, port=told.broker.port)

    @contextmanager
    def taken(self) -> Generator[None]:
        """Hold the directory: nobody else runs on it meanwhile. Raises AlreadyUp."""
        with self._lock.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyUp(self.directory, self.status().get("pid")) from None
            try:
                yield
            finally:
                self._status.unlink(missing_ok=True)

    def is_taken(self) -> bool:
        """Whether somebody runs on it."""
        if not self._lock.exists():
            return False
        with self._lock.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def write_status(self, status: Mapping[str, Any]) -> None:
        """Say what runs."""
        replace(self._status, json.dumps(status, indent=2))

    def status(self) -> dict[str, Any]:
        """What runs, as it was said last; nothing when nothing does."""
        try:
            found: dict[str, Any] = json.loads(self._status.read_text())
        except FileNotFoundError:
            return {}
        return found

    @property
    def _lock(self) -> Path:
        return self.directory / "up.lock"

    @property
    def _status(self) -> Path:
        return self.directory / "status.json"


def make_secrets(directory: Path) -> None:
    """Make the secrets of a composition that are missing, and its broker's accounts. Raises SettingsError."""
    try:
        write_once(directory / "secrets" / "server", _key())
        for name in COMPOSED:
            write_once(directory / "secrets" / name, secrets.token_urlsafe(32))
        Accounts(directory).make()
        for inner in ("mosquitto/data", "influx", "keys", "snapshot"):
            (directory / inner).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        problem = {"directory": f"{directory}: {error.strerror or error}"}
        raise SettingsError("secrets", problem, "Name a directory that you may write to.") from error


def _key() -> str:
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def directory_of(told: Path | None) -> Path:
    """Where `up` keeps its data: in the user's data directory unless it is told."""
    return (told or Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "lumenward").absolute()
