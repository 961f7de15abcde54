"""What the API is made of, handed in whole: no globals, so that two in one process share nothing."""

from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from monitor_api.clock import Clocks
from monitor_api.http.change_feed import ChangeFeed
from monitor_api.http.pace import USUAL, Limits, Pace
from monitor_api.http.passwords import Passwords
from monitor_api.records.database import Database
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.signing import Signatures
from monitor_api.settings import ServerSettings
from monitor_api.telemetry.port import Telemetry

COOKIE: Final = "lumenward"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """What the API needs of its process."""

    database: Database
    telemetry: Telemetry
    clocks: Clocks
    settings: ServerSettings
    key_wrap: KeyWrap
    passwords: Passwords = field(default_factory=Passwords)
    limits: Limits = USUAL

    @property
    def signatures(self) -> Signatures:
        """What signs regimens, and tells whether they are still what was signed."""
        return Signatures(self.settings.signing_keys)

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https."""
        return urlsplit(self.settings.http.public_url).scheme == "https"

    @property
    def origin(self) -> str:
        """The origin that our own pages have."""
        parts = urlsplit(self.settings.http.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def cookie(self) -> str:
        """The name of the login's cookie; a browser takes `__Host-` only by https, from us, for all paths."""
        return f"__Host-{COOKIE}" if self.secure else COOKIE


@dataclass(frozen=True, slots=True)
class Api:
    """A running API: its parts, and what it keeps in memory."""

    parts: ApiParts
    pace: Pace
    feed: ChangeFeed


def api_of(connection: HTTPConnection) -> Api:
    """The API that a request came to."""
    return cast("Api", connection.app.state.api)
