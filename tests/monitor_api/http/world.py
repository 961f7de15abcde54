"""Two clinics with one of everything, an API over them, and clients of every role."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr

from monitor_api.clock import Clocks
from monitor_api.http.app import make_api
from monitor_api.http.callers import hash_of
from monitor_api.http.pace import USUAL, Limits, Pace
from monitor_api.http.parts import ApiParts
from monitor_api.http.passwords import Passwords
from monitor_api.http.policy import Role
from monitor_api.records.database import Database
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.people import LoginRow
from monitor_api.settings import HttpSettings, ServerSettings
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.monitor_api.http.clients import ORIGIN, Client
from tests.monitor_api.http.tenants import CHEAP, NOW, SECRET, Tenant, fill, samples
from vocabulary.settings import BrokerSettings

SECRET_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@dataclass
class Hands:
    """The clocks' hands: a test moves them."""

    civil: datetime = NOW
    wall: datetime = NOW + timedelta(days=200)

    @property
    def clocks(self) -> Clocks:
        return Clocks(civil=lambda: self.civil, wall=lambda: self.wall)


class World:
    """An API over two clinics, and the ways to call it."""

    def __init__(
        self,
        database: Database,
        telemetry: SqliteTelemetry,
        folder: Path,
        *,
        limits: Limits = USUAL,
        url: str = ORIGIN,
    ):
        self.runner = asyncio.Runner()
        self.database, self.telemetry, self.hands = database, telemetry, Hands()
        self.a, self.b = Tenant("a"), Tenant("b")
        self.parts = ApiParts(
            database=database,
            telemetry=telemetry,
            clocks=self.hands.clocks,
            settings=ServerSettings(
                data=folder,
                secret=SecretStr(SECRET_TEXT),
                signing_keys=folder / "keys",
                broker=BrokerSettings(host="localhost", username="u", password=SecretStr("p")),
                http=HttpSettings(public_url=url),
            ),
            key_wrap=KeyWrap(SECRET),
            passwords=Passwords(CHEAP),
            limits=limits,
        )
        self.app = self._first_app = make_api(self.parts)

    def begin_anew(self) -> None:
        """Clocks and app as at the start, nothing counted yet."""
        start, self.app = Hands(), self._first_app
        self.hands.civil, self.hands.wall = start.civil, start.wall
        self.app.state.api = replace(self.app.state.api, pace=Pace(self.parts.limits))

    def fill(self) -> None:
        fill(self.database, [self.a, self.b])
        self.telemetry.append([samples(self.a), samples(self.b)])

    def close(self) -> None:
        self.runner.close()
        self.telemetry.close()
        self.database.close()

    def nobody(self, **headers: str) -> Client:
        return Client(self.runner, self.app, headers)

    def machine(self, secret: str) -> Client:
        return self.nobody(authorization=f"Bearer {secret}")

    def browser(self, role: Role, tenant: Tenant | None = None) -> Client:
        """A browser in which somebody has logged in."""
        user, secret = (tenant or self.a).users[role], str(uuid4())
        row = LoginRow(
            token_hash=hash_of(secret),
            user_id=user,
            csrf_token=f"csrf of {secret}",
            created_at=self.hands.wall,
            expires_at=self.hands.wall + timedelta(hours=12),
        )
        with self.database.write() as session:
            session.add(row)
        return self.nobody(cookie=f"lumenward={secret}", **{"x-csrf-token": f"csrf of {secret}"})


def problem(response: httpx.Response) -> dict[str, Any]:
    """What a problem says, less what differs from request to request."""
    assert response.headers["content-type"] == "application/problem+json"
    return {
        name: value for name, value in json.loads(response.content).items() if name not in {"instance", "request_id"}
    }
