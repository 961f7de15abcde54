"""What a server process is told."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from vocabulary.errors import SettingsError
from vocabulary.settings import BrokerSettings, Key, Port, Settings, key_bytes


class HttpSettings(Settings):
    """Where the API listens. `public_url` is what browsers see; cookies are marked secure when it is https.

    `notice` is a sentence that every page shows, None for nothing: that this is a demo, say.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str
    login_lasts: timedelta = timedelta(hours=12)
    notice: str | None = None


def _check_url(url: str) -> str:
    """A URL is shown in errors and in logs, so it holds no secret."""
    try:
        told = make_url(url)
    except ArgumentError:
        raise ValueError("expected a URL such as postgresql://lumenward@db.example.org/lumenward") from None
    if told.password is not None or "password" in told.query:
        raise ValueError("holds a password; leave it out and set records_password")
    return url


Name = Annotated[str, Field(pattern=r"^[\w .@-]+$")]
"""A name that is the same in a query, in a task and in a request."""


class InfluxSettings(Settings):
    """A bucket of InfluxDB 2, and a token that may read and write it."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+/?$")]
    org: Name
    bucket: Name
    token: SecretStr


class ServerSettings(Settings):
    """What the server roles need. `secret` wraps the gateways' keys at rest; `worker` tells ingest workers apart.

    `broker` is for ingest and dispatch only.
    `signing_keys`: the directory of the keys that clinics sign regimens with; None: nothing is signed here.
    `records_connections`: what one process may open to a records store that is a server.
    `snapshot`: the directory in which the watch keeps the snapshot of session facts; None: one in `data`.
    """

    PREFIX: ClassVar[str] = "LUMENWARD_SERVER_"

    data: Path
    secret: Key
    broker: BrokerSettings | None = None
    http: HttpSettings
    records_url: Annotated[str, AfterValidator(_check_url)] | None = None
    records_password: SecretStr | None = None
    records_connections: Annotated[int, Field(ge=2, le=100)] = 15
    signing_keys: Path | None = None
    telemetry: InfluxSettings | None = None
    snapshot: Path | None = None
    worker: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,30}$")] = "1"

    @property
    def uplink(self) -> BrokerSettings:
        """The broker, for a role that needs it. Raises SettingsError."""
        if self.broker is None:
            raise SettingsError("the settings", {"broker": "is missing"}, "This role needs it: see docs/settings.md.")
        return self.broker

    @property
    def secret_bytes(self) -> bytes:
        """The secret as bytes."""
        return key_bytes(self.secret)

    @property
    def records(self) -> URL:
        """Where the records store is: SQLite in the data directory unless a URL is set. Raises ArgumentError."""
        if self.records_url is None:
            return URL.create("sqlite", database=str(self.data / "records.sqlite"))
        url = make_url(self.records_url)
        return url if self.records_password is None else url.set(password=self.records_password.get_secret_value())

    @property
    def telemetry_file(self) -> Path:
        """The file of the embedded telemetry store, which is used unless `telemetry` names another."""
        return self.data / "telemetry.sqlite"

    @property
    def snapshot_file(self) -> Path:
        """The snapshot of session facts; its time is the instant as of which it is."""
        return (self.snapshot or self.data / "snapshot") / "sessions.parquet"
