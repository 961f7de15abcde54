"""The service with its screens over a clinic, on a real port."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import uvicorn
from fastapi import FastAPI
from limits import RateLimitItemPerMinute
from pydantic import SecretStr

from monitor_api.clock import Clocks
from monitor_api.http.pace import Limits
from monitor_api.http.parts import ApiParts
from monitor_api.http.passwords import Passwords
from monitor_api.http.serving import make_app
from monitor_api.records.database import Database
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.screens.rooms import SCREENS
from monitor_api.settings import HttpSettings, ServerSettings
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.monitor_api.http.tenants import CHEAP, SECRET
from tests.monitor_api.http.world import SECRET_TEXT
from tests.monitor_api.screens.clinic import NOW
from tests.servers import free_port
from vocabulary.settings import BrokerSettings

MANY = RateLimitItemPerMinute(1_000_000)


def running_clock(civil: datetime = NOW) -> Callable[[], datetime]:
    """A civil clock that showed `civil` when it was made."""
    began = datetime.now(UTC)
    return lambda: civil + (datetime.now(UTC) - began)


@dataclass
class House:
    """Stores in a folder, and the app over them."""

    folder: Path
    database: Database
    telemetry: SqliteTelemetry
    port: int

    @classmethod
    def build(cls, folder: Path) -> "House":
        database = Database(f"sqlite:///{folder / 'records.sqlite'}")
        database.migrate()
        return cls(folder, database, SqliteTelemetry(folder / "telemetry.sqlite"), free_port())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def app(self, civil: Callable[[], datetime] | None = None, notice: str | None = None) -> FastAPI:
        parts = ApiParts(
            database=self.database,
            telemetry=self.telemetry,
            clocks=Clocks(civil=civil or running_clock(), wall=lambda: datetime.now(UTC)),
            settings=ServerSettings(
                data=self.folder,
                secret=SecretStr(SECRET_TEXT),
                signing_keys=self.folder / "keys",
                broker=BrokerSettings(host="localhost", username="u", password=SecretStr("p")),
                http=HttpSettings(public_url=self.url, notice=notice, login_lasts=timedelta(hours=12)),
            ),
            key_wrap=KeyWrap(SECRET),
            passwords=Passwords(CHEAP),
            limits=Limits(tries_of_login=MANY, tries_of_address=MANY, requests=MANY),
        )
        return make_app(parts, SCREENS)

    def close(self) -> None:
        self.telemetry.close()
        self.database.close()


@contextmanager
def serving(app: FastAPI, port: int) -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join()
