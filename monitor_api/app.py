"""The composition root of this side: each role from its settings, in the order in which data flows."""

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

from monitor_api.check.checker import Checker
from monitor_api.check.courses import CourseChecker
from monitor_api.check.rounds import keep_checking
from monitor_api.clock import Clocks, clocks
from monitor_api.collecting import keep_what_is_loaded
from monitor_api.errors import AddressTaken, StoreUnusable
from monitor_api.ingest.intake import Intake
from monitor_api.ingest.keyring import StoredKeyring
from monitor_api.ingest.opening import Opener
from monitor_api.ingest.presence import Presence
from monitor_api.ingest.subscriber import Subscriber
from monitor_api.ingest.worker import Worker
from monitor_api.orders.dispatcher import Dispatcher
from monitor_api.orders.line import BrokerLine
from monitor_api.orders.sending import Seals
from monitor_api.records.database import Database
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.signing import Signatures
from monitor_api.settings import ServerSettings
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.sqlite import SqliteTelemetry
from monitor_api.watch.chores import Prepare, all_chores
from monitor_api.watch.turn import Turn

Ready = Callable[[], None]


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


def open_records(settings: ServerSettings) -> Database:
    """The records store, as it is. Raises StoreUnusable."""
    return Database(settings.records, settings.records_connections)


def open_stores(settings: ServerSettings, environ: Mapping[str, str]) -> Stores:
    """Open both stores and bring their schemas to this version. Raises StoreTooNew, StoreUnusable, StoreUnavailable."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnusable("data", str(error)) from error
    database = open_records(settings)
    database.migrate()
    return Stores(database=database, telemetry=open_telemetry(settings), clocks=clocks(environ))


def open_telemetry(settings: ServerSettings) -> Telemetry:
    """The telemetry store that the settings name, or else the embedded one. Raises StoreTooNew, StoreUnusable."""
    if settings.telemetry is None:
        return SqliteTelemetry(settings.telemetry_file)
    # The library takes longer to import than most roles take to start.
    from monitor_api.telemetry.influx import InfluxTelemetry  # noqa: PLC0415

    return InfluxTelemetry(settings.telemetry)


def make_worker(settings: ServerSettings, stores: Stores) -> Worker:
    """An ingest worker without its broker."""
    keyring = StoredKeyring(stores.database, KeyWrap(settings.secret_bytes), time.monotonic)
    opener = Opener(keyring)
    intake = Intake(stores.database, stores.telemetry, stores.clocks)
    presence = Presence(stores.database, settings.worker, stores.clocks.wall)
    return Worker(opener, intake, stores.database, stores.clocks.civil, presence=presence)


def run_ingest(settings: ServerSettings, environ: Mapping[str, str], stop: Event, ready: Ready) -> None:
    """The role `ingest`, until `stop` is set; `ready` is called when the broker lets it listen."""
    stores = open_stores(settings, environ)
    worker = make_worker(settings, stores)
    subscriber = Subscriber(settings.uplink, settings.worker, worker.arrivals)
    keep_what_is_loaded()
    subscriber.start(ready)
    try:
        worker.run(subscriber, stop)
    finally:
        subscriber.stop()
        stores.close()


def run_check(settings: ServerSettings, environ: Mapping[str, str], stop: Event, ready: Ready) -> None:
    """The role `check`, until `stop` is set."""
    stores = open_stores(settings, environ)
    name = f"check-{settings.worker}"
    sessions = Checker(stores.database, stores.telemetry, stores.clocks, name)
    courses = CourseChecker(stores.database, stores.clocks, name)
    keep_what_is_loaded()
    ready()
    try:
        keep_checking(sessions.check_due, courses.check_due, stop)
    finally:
        stores.close()


def run_dispatch(settings: ServerSettings, environ: Mapping[str, str], stop: Event, ready: Ready) -> None:
    """The role `dispatch`, until `stop` is set; `ready` is called when it hears of births."""
    stores = open_stores(settings, environ)
    seals = Seals(wrap=KeyWrap(settings.secret_bytes), signatures=Signatures(settings.signing_keys))
    dispatcher = Dispatcher(stores.database, seals, stores.clocks)
    line = BrokerLine(settings.uplink, settings.worker, dispatcher.states)
    line.start(ready)
    try:
        dispatcher.run(line, stop)
    finally:
        line.stop()
        stores.close()


def keeps_snapshot(place: Path, stores: Stores) -> Prepare:
    """What keeps the snapshot of session facts, as a chore of the watch."""

    def keep(turn: Turn, stop: Event) -> AbstractContextManager[Callable[[], None]]:
        # pandas takes longer to import than the role takes to start.
        from monitor_api.cohorts.keeping import SnapshotKeeper  # noqa: PLC0415

        keeper = SnapshotKeeper(place=place, database=stores.database, telemetry=stores.telemetry)
        return keeper.refreshed(turn.civil, stop)

    return keep


def keeps_shadows(stores: Stores) -> Prepare:
    """What the watch keeps the shadows of candidates up with the facts by."""

    def keep(_turn: Turn, stop: Event) -> AbstractContextManager[Callable[[], None]]:
        # Pydantic and the rules: the role is long started when they are needed.
        from monitor_api.cohorts.shadowing import ShadowKeeper  # noqa: PLC0415

        keeper = ShadowKeeper(database=stores.database, telemetry=stores.telemetry, clock=stores.clocks.civil)
        return keeper.kept_up(stop)

    return keep


def run_watch(settings: ServerSettings, environ: Mapping[str, str], stop: Event, ready: Ready) -> None:
    """The role `watch`, until `stop` is set: the leader, or a standby."""
    # The other roles start without what drives it by the clock.
    from monitor_api.watch.watcher import Watcher  # noqa: PLC0415

    stores = open_stores(settings, environ)
    name = f"{socket.gethostname()}-{settings.worker}-{uuid4().hex[:8]}"
    chores = all_chores(
        keep_snapshot=keeps_snapshot(settings.snapshot_file, stores), keep_shadows=keeps_shadows(stores)
    )
    try:
        Watcher(stores.database, stores.clocks, name, chores).run(stop, ready)
    finally:
        stores.close()


def run_api(settings: ServerSettings, environ: Mapping[str, str], stop: Event, ready: Ready) -> None:
    """The role `api`, until `stop` is set; `ready` is called when it listens."""
    # The web's world takes longer to import than the other roles take to start.
    from monitor_api.http.serving import make_server  # noqa: PLC0415
    from monitor_api.screens.rooms import SCREENS  # noqa: PLC0415

    stores = open_stores(settings, environ)
    server = make_server(settings, stores.database, stores.telemetry, stores.clocks, screens=SCREENS)
    keep_what_is_loaded()
    serving = Thread(target=server.run, name="http")
    serving.start()
    try:
        while serving.is_alive() and not (server.started or stop.wait(0.01)):
            pass
        if server.started:
            ready()
        while serving.is_alive() and not stop.wait(0.1):
            pass
        if not stop.is_set():
            raise AddressTaken(settings.http.host, settings.http.port)
    finally:
        server.should_exit = True
        serving.join()
        stores.close()
