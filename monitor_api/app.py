"""The composition root of this side: each role from its settings, in the order in which data flows."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

from monitor_api.check.checker import Checker
from monitor_api.clock import Clocks, clocks
from monitor_api.ingest.intake import Intake
from monitor_api.ingest.keyring import StoredKeyring
from monitor_api.ingest.opening import Opener
from monitor_api.ingest.subscriber import Subscriber
from monitor_api.ingest.worker import Worker
from monitor_api.records.database import Database
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.settings import ServerSettings
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.sqlite import SqliteTelemetry

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What every role works on."""

    database: Database
    telemetry: Telemetry
    clocks: Clocks

    def close(self) -> None:
        """Release the stores."""
        self.telemetry.close()
        self.database.close()


def open_stores(settings: ServerSettings, environ: Mapping[str, str]) -> Stores:
    """Open both stores and bring their schemas to this version. Raises StoreTooNew, StoreUnavailable."""
    settings.data.mkdir(parents=True, exist_ok=True)
    database = Database(settings.records)
    database.migrate()
    return Stores(database=database, telemetry=SqliteTelemetry(settings.telemetry), clocks=clocks(environ))


def make_worker(settings: ServerSettings, stores: Stores) -> Worker:
    """An ingest worker without its broker."""
    keyring = StoredKeyring(stores.database, KeyWrap(settings.secret_bytes), time.monotonic)
    opener = Opener(keyring, stores.clocks.civil)
    intake = Intake(stores.database, stores.telemetry, stores.clocks.civil)
    return Worker(opener, intake, stores.database, stores.clocks.civil)


def run_ingest(settings: ServerSettings, environ: Mapping[str, str], stop: Event) -> None:
    """The role `ingest`, until `stop` is set."""
    stores = open_stores(settings, environ)
    worker = make_worker(settings, stores)
    subscriber = Subscriber(settings.broker, settings.worker, worker.arrivals)
    subscriber.start()
    try:
        worker.run(subscriber, stop)
    finally:
        subscriber.stop()
        stores.close()


def run_check(settings: ServerSettings, environ: Mapping[str, str], stop: Event) -> None:
    """The role `check`, until `stop` is set."""
    stores = open_stores(settings, environ)
    try:
        Checker(stores.database, stores.telemetry, stores.clocks, f"check-{settings.worker}").run(stop)
    finally:
        stores.close()
