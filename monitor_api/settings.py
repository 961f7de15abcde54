"""What a server process is told."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

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


Name = Annotated[str, Field(pattern=r"^[\w .@-]+$")]
"""A name that is the same in a query, in a task and in a request."""


class InfluxSettings(Settings):
    """A bucket of InfluxDB 2, and a token that may read and write it."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+/?$")]
    org: Name
    bucket: Name
    token: SecretStr


class ServerSettings(Settings):
    """What every server role needs. `secret` wraps the gateways' keys at rest; `worker` tells ingest workers apart."""

    PREFIX: ClassVar[str] = "LUMENWARD_SERVER_"

    data: Path
    secret: Key
    broker: BrokerSettings
    http: HttpSettings
    records_url: str | None = None
    telemetry: InfluxSettings | None = None
    worker: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,30}$")] = "1"

    @property
    def secret_bytes(self) -> bytes:
        """The secret as bytes."""
        return key_bytes(self.secret)

    @property
    def records(self) -> str:
        """SQLAlchemy's URL of the records store: SQLite in the data directory unless one is set."""
        return self.records_url or f"sqlite:///{self.data / 'records.sqlite'}"

    @property
    def telemetry_file(self) -> Path:
        """The file of the embedded telemetry store, which is used unless `telemetry` names another."""
        return self.data / "telemetry.sqlite"
