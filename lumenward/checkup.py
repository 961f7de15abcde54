"""The checks of `lumenward doctor`: each looks at one thing and says what it found."""

import asyncio
import ctypes
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from lumenward.enrolment import BrokerAddress
from lumenward.environment import load
from vocabulary.identity import ClinicId, SessionId

if TYPE_CHECKING:
    from monitor_api.settings import InfluxSettings

ENOUGH_BYTES: Final = 1024**3
TIME_ERROR: Final = 5
"""What adjtimex(2) returns when nothing keeps the kernel's clock in step."""

RELEASED: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows an earlier time than this."""


class State(StrEnum):
    """How a thing is. What is missing is needed by some roles only."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what to do about it (empty when nothing)."""

    what: str
    state: State
    found: str
    remedy: str = ""


def check_up(data: Path, broker: str, port: int, settings: Path | None = None) -> list[Finding]:
    """All checks, in the order in which a newcomer needs them; `settings`: the service's.

    Raises SettingsError.
    """
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        _virtual_parts,
        _bus,
        _adapter,
        _mosquitto,
        lambda: _broker(broker),
        lambda: _port(port),
        lambda: _records(data, settings),
        _clock,
        lambda: _disk(data),
    )
    findings = [check() for check in checks]
    return findings if settings is None else [*findings, *_of_service(settings)]


def _of_service(settings: Path) -> Iterator[Finding]:
    from monitor_api.settings import ServerSettings  # noqa: PLC0415 - as below

    told = load(ServerSettings, settings)
    yield _snapshot(told.snapshot_file)
    if told.telemetry is not None:
        yield _telemetry(told.telemetry)


def _snapshot(file: Path) -> Finding:
    from monitor_api.clock import clocks  # noqa: PLC0415 - as below
    from monitor_api.cohorts.age import STALE, as_of  # noqa: PLC0415

    made, now = as_of(file), clocks(os.environ).civil()
    if made is None:
        remedy = "The role watch makes one five minutes after it began to lead; on another machine, look there."
        return Finding("Snapshot", State.MISSING, f"no {file}", remedy)
    found = f"{file}, as of {made:%Y-%m-%d %H:%M} UTC, {(now - made) / timedelta(hours=1):.0f} h old"
    if now - made > STALE:
        return Finding(
            "Snapshot", State.WRONG, found, "The role watch missed nights: see whether it runs, and its log."
        )
    return Finding("Snapshot", State.OK, found)


def _python() -> Finding:
    return Finding("Python", State.OK, sys.version.split()[0])


def _virtual_parts() -> Finding:
    missing = [name for name in ("bumble", "iotcore") if find_spec(name) is None]
    if missing:
        remedy = "For the demo and virtual devices: pip install 'lumenward[virtual]'"
        return Finding("Virtual devices", State.MISSING, f"no {', '.join(missing)}", remedy)
    return Finding("Virtual devices", State.OK, "installed")


def _bus() -> Finding:
    address = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket")
    path = Path(address.removeprefix("unix:path=").partition(",")[0])
    if path.is_socket():
        return Finding("D-Bus", State.OK, str(path))
    return Finding("D-Bus", State.MISSING, f"no socket at {path}", "A gateway needs it: apt install dbus bluez")


def _adapter() -> Finding:
    from gateway.ble.air import Air  # noqa: PLC0415 - bleak's world, only for this check
    from gateway.errors import RadioUnavailable  # noqa: PLC0415

    async def listen() -> None:
        async with Air(None, lambda: datetime.now(UTC)):
            pass

    try:
        asyncio.run(listen())
    except RadioUnavailable as failure:
        remedy = (
            "A gateway needs one: plug in a Bluetooth adapter, start bluetoothd, unblock it (rfkill unblock bluetooth)"
        )
        return Finding("Bluetooth", State.MISSING, failure.problem, remedy)
    return Finding("Bluetooth", State.OK, "an adapter listens")


def _mosquitto() -> Finding:
    from lumenward.errors import NotHere  # noqa: PLC0415 - as above
    from lumenward.up.running import find_mosquitto  # noqa: PLC0415

    try:
        return Finding("Mosquitto", State.OK, find_mosquitto())
    except NotHere:
        return Finding("Mosquitto", State.MISSING, "not installed", "`lumenward up` needs it: apt install mosquitto")


def _broker(address: str) -> Finding:
    where = BrokerAddress.parse(address)
    try:
        with socket.create_connection((where.host, where.port), timeout=2):
            return Finding("Broker", State.OK, f"{address} answers")
    except OSError as error:
        remedy = "Gateways and ingest need one: apt install mosquitto, or name yours with --broker"
        return Finding("Broker", State.MISSING, f"{address}: {error.strerror or error}", remedy)


def _port(port: int) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return Finding("Port", State.WRONG, f"{port}: {error.strerror}", "End what listens there, or use --port.")
    return Finding("Port", State.OK, f"{port} is free")


def _records(data: Path, settings: Path | None) -> Finding:
    from monitor_api.app import open_records  # noqa: PLC0415 - the service's world, only for this check
    from monitor_api.errors import MonitorError  # noqa: PLC0415
    from monitor_api.records.database import Database  # noqa: PLC0415
    from monitor_api.settings import ServerSettings  # noqa: PLC0415

    told = None if settings is None else load(ServerSettings, settings)
    file = (told.data if told else data).resolve() / "records.sqlite"
    if (told is None or told.records_url is None) and not file.exists():
        remedy = "The service makes it when it starts. Name its settings with --settings to look at PostgreSQL."
        return Finding("Records", State.MISSING, f"no {file}", remedy)
    try:
        database = open_records(told) if told else Database(f"sqlite:///{file}")
        found, known = database.revisions()
        database.close()
    except MonitorError as failure:
        return Finding("Records", State.WRONG, str(failure), "Start the server; check records_url and its password.")
    return _schema(found, known)


def _schema(found: int, known: int) -> Finding:
    if found > known:
        remedy = "Start the newer version that wrote it."
        return Finding("Records", State.WRONG, f"schema {found}, this version reads up to {known}", remedy)
    behind = f"; the next role that starts makes it {known}" if found < known else ""
    return Finding("Records", State.OK, f"answers, schema {found}{behind}")


def _clock() -> Finding:
    now = datetime.now(UTC)
    if now < RELEASED:
        return Finding("Clock", State.WRONG, f"{now:%Y-%m-%d %H:%M} UTC", "Set it: timedatectl set-ntp true")
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is not None and adjtimex(ctypes.create_string_buffer(512)) == TIME_ERROR:
        remedy = "Sessions are dated by it: timedatectl set-ntp true"
        return Finding("Clock", State.MISSING, f"{now:%Y-%m-%d %H:%M} UTC, kept in step by nothing", remedy)
    return Finding("Clock", State.OK, f"{now:%Y-%m-%d %H:%M} UTC")


def _disk(data: Path) -> Finding:
    place = next(path for path in (data.resolve(), *data.resolve().parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Finding("Disk", State.WRONG, f"{place} cannot be written", "Choose another place with --data.")
    free = shutil.disk_usage(place).free
    found = f"{free / 1024**3:.1f} GiB free at {place}"
    if free < ENOUGH_BYTES:
        return Finding("Disk", State.WRONG, found, "Make room: an outbox and the stores need a GiB to begin with.")
    return Finding("Disk", State.OK, found)


def _telemetry(settings: "InfluxSettings") -> Finding:
    # The service's world is imported here, only for this check.
    from monitor_api.errors import StoreUnavailable, StoreUnusable  # noqa: PLC0415
    from monitor_api.telemetry.influx import InfluxTelemetry  # noqa: PLC0415
    from monitor_api.telemetry.series import SeriesKey  # noqa: PLC0415

    what = f"{settings.url}, bucket {settings.bucket}"
    with closing(InfluxTelemetry(settings)) as store:
        try:
            store.series(SeriesKey(clinic=ClinicId(UUID(int=0)), session=SessionId(UUID(int=0))))
        except StoreUnusable as error:
            return Finding("Telemetry", State.WRONG, f"{what}: {error.problem}", error.remedy)
        except StoreUnavailable as error:
            remedy = "Start InfluxDB, or correct telemetry.url in the settings; ingest waits for it."
            return Finding("Telemetry", State.WRONG, f"{what}: {error.problem}", remedy)
    return Finding("Telemetry", State.OK, f"{what} can be read")
