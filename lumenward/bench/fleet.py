"""`bench fleet`: the evening of very many homes through broker, ingest and check, and how soon a burn is stored.

Rules, kept here:
- Every home has one session of ten minutes a day, all within three hours: so many batches a second, and so many homes
  at once. That rate is sent for a bounded time; homes that are not at it are registered, and silent.
- An alert counts from the moment its batch is published until another process can read it.
- The cost is all that an evening's batches cost, what was put off to after the peak as well.
"""

import secrets
from base64 import b64encode
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from sqlalchemy import select

from lumenward.bench.context import Bench, Figure, Figures, Load, Share, Work
from lumenward.bench.homes import SAMPLES, SESSION_SAMPLES, Home, SealedBatch, batches, burn, make_homes, register
from lumenward.bench.line import SETTINGS
from lumenward.bench.load import Load as BrokerLoad
from lumenward.bench.load import wait_until_taken
from lumenward.bench.measuring import cpu_s, quantile
from lumenward.bench.mosquitto import find_mosquitto, running_mosquitto
from lumenward.bench.settled import settle
from lumenward.supervisor import Child, Supervisor
from monitor_api.records.attention import AlertRow
from monitor_api.records.courses import CourseDueRow
from monitor_api.records.database import Database
from monitor_api.records.sessions import DueRow
from monitor_api.settings import ServerSettings
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid
from vocabulary.severity import Severity

STEPS: Final = (1000, 2000, 5000, 7500, 10_000, 20_000)
"""Homes, one step after the other, as far as the load allows."""

EVENING: Final = timedelta(hours=3)
PEAK_S: Final = 20.0
"""How long the peak is held."""

BURN_EVERY_S: Final = 1.0
GRACE_S: Final = 10.0
"""How long alerts may still come; one that does not counts as this late."""

GLANCE_S: Final = 0.02
LOOK_S: Final = 0.2
BOUND_S: Final = 2.0
PATIENCE_S: Final = 120.0
ROLES: Final = ("ingest", "check", "check")
"""As many checkers as this machine has cores for, beside ingest."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one number of homes: how late each alert was, and the CPU time of a home and second, µs."""

    homes: int
    late_s: tuple[float, ...]
    cpu_us: float

    @property
    def p99_s(self) -> float:
        """How late alerts are, the 99th percentile."""
        return quantile(self.late_s, 0.99)


def run(work: Work, peak_s: float = PEAK_S) -> Figures:
    """Measure. Raises ChildFailed, Interrupted."""
    if find_mosquitto() is None:
        return work.lacking(tuple(figure.name for figure in FIGURES), "Mosquitto is not installed")
    sizes = [size for size in STEPS if size <= work.size] or [work.size]
    done: list[Step] = []
    for size in sizes:
        done.append(_step(size, peak_s, work))
        work.progress(len(done) / len(sizes))
    carried = list(takewhile(lambda one: one.p99_s <= BOUND_S, done))
    cost = {one.homes: one.cpu_us for one in done}
    return {
        "homes_carried": float(carried[-1].homes if carried else 0),
        "high_alert_p99_ms": (carried or done)[-1].p99_s * 1e3,
        **{f"cpu_us_per_home_{size}": cost.get(size) for size in STEPS},
    }


@dataclass(slots=True)
class _Alerts:
    """When each burn was published, and which of them are alerts that can be read."""

    database: Database
    published: dict[DeviceUid, float] = field(default_factory=dict[DeviceUid, float])
    late_s: dict[DeviceUid, float] = field(default_factory=dict[DeviceUid, float])
    looked_at: float = 0.0

    def glance(self) -> None:
        """Look, if the last look is a while ago."""
        now = monotonic()
        if now - self.looked_at < GLANCE_S or len(self.late_s) == len(self.published):
            return
        self.looked_at = now
        with self.database.read() as session:
            high = select(AlertRow.device_uid).where(AlertRow.severity == Severity.HIGH)
            found = {DeviceUid(uid) for uid in session.scalars(high) if uid is not None}
        now = monotonic()
        for uid in found & self.published.keys() - self.late_s.keys():
            self.late_s[uid] = now - self.published[uid]

    def all(self) -> tuple[float, ...]:
        """How late each is."""
        return tuple(self.late_s.get(uid, GRACE_S) for uid in self.published)


def _step(size: int, peak_s: float, work: Work) -> Step:
    at_once = max(1, round(size * (SESSION_SAMPLES / EVENING.total_seconds())))
    homes = [replace(one, began_at=datetime.now(UTC)) for one in make_homes(size + round(peak_s / BURN_EVERY_S) + 1)]
    busy, burning = homes[:at_once], homes[size:]
    with _service(homes, busy, burning, work) as (load, pids, database):
        alerts = _Alerts(database)
        first = list(islice(batches(busy, len(busy)), len(busy)))
        wait_until_taken(load, load.publish(first), lambda _: work.progress(0), PATIENCE_S)
        _wait_until_checked(database, lambda: work.progress(0))
        rate = at_once / SAMPLES
        sealed = list(islice(batches(busy, len(busy) + round(rate * peak_s)), len(busy), None))
        before, began = {name: cpu_s(pid) for name, pid in pids.items()}, monotonic()
        _peak(load, sealed, burning, alerts, peak_s=peak_s)
        lasted, until = monotonic() - began, monotonic() + GRACE_S
        while len(alerts.late_s) < len(alerts.published) and monotonic() < until:
            load.read(GLANCE_S)
            alerts.glance()
            work.progress(0)
        _wait_until_checked(database, lambda: load.read(GLANCE_S))
        spent = {name: cpu_s(pid) - before[name] for name, pid in pids.items()}
        total = sum(spent.values())
        work.profile[:] = [Share(name, one / total) for name, one in spent.items()]
        return Step(size, alerts.all(), total / lasted / size * 1e6)


def _wait_until_checked(database: Database, told: Callable[[], None]) -> None:
    """Return when nothing is due: homes that all begin at once are no evening."""
    until = monotonic() + PATIENCE_S
    while monotonic() < until:
        course = select(CourseDueRow.patient_id).where(CourseDueRow.due_at <= datetime.now(UTC)).limit(1)
        with database.read() as session:
            if session.scalar(select(DueRow.session_id).limit(1)) is None and session.scalar(course) is None:
                return
        told()
        sleep(LOOK_S)


def _peak(
    load: BrokerLoad, sealed: Sequence[SealedBatch], burning: Sequence[Home], alerts: _Alerts, *, peak_s: float
) -> None:
    """Send batches evenly over the peak, and among them a burn now and then."""
    began, at, burns = monotonic(), 0, iter(burning)
    burn_at = BURN_EVERY_S / 2
    while (passed := monotonic() - began) < peak_s:
        due = int(len(sealed) * passed / peak_s)
        load.send(sealed[at:due])
        at = due
        if passed >= burn_at and (home := next(burns, None)) is not None:
            burn_at += BURN_EVERY_S
            alerts.published[home.device] = monotonic()
            load.send([burn(replace(home, began_at=datetime.now(UTC)))])
        load.read(GLANCE_S / 4)
        alerts.glance()


@contextmanager
def _service(
    homes: list[Home], busy: list[Home], burning: list[Home], work: Work
) -> Generator[tuple[BrokerLoad, dict[str, int], Database]]:
    """A broker, ingest and check over fresh stores with these homes, and a connection of the load."""
    place = work.directory / secrets.token_hex(4)
    place.mkdir()
    secret = secrets.token_bytes(32)
    database = Database(f"sqlite:///{place / 'records.sqlite'}")
    supervisor = Supervisor(place, stop=work.stop)
    try:
        database.migrate()
        register(database, homes, secret)
        settle(database, busy, Modality.LED)
        settle(database, burning, Modality.RF)
        with running_mosquitto(place) as broker:
            children = _children(place, broker.port, secret)
            load = BrokerLoad(broker.port)
            try:
                supervisor.start(children)
                supervisor.wait_until_ready()
                yield load, _pids(supervisor, children), database
            finally:
                load.close()
                supervisor.stop()
    finally:
        database.close()


def _pids(supervisor: Supervisor, children: Sequence[Child]) -> dict[str, int]:
    return {child.name: pid for child in children if (pid := supervisor.pid(child.name)) is not None}


def _children(place: Path, port: int, secret: bytes) -> list[Child]:
    told = place / "server.toml"
    told.write_text(SETTINGS.format(data=place, secret=b64encode(secret).decode(), port=port))
    arguments = ("-m", "lumenward", "server", "--settings", str(told), "--role")
    worker = f"{ServerSettings.PREFIX}WORKER"
    return [
        Child(name=f"{role}-{number}", arguments=(*arguments, role), environment={worker: str(number)})
        for number, role in enumerate(ROLES, start=1)
    ]


FIGURES: Final = (
    Figure(name="homes_carried", means="the most homes whose high alerts are stored in time, p99 ≤ 2 s"),
    Figure(
        name="high_alert_p99_ms", means="from publish until the alert can be read, with so many, ms", bound="≤ 2000"
    ),
    *(
        Figure(name=f"cpu_us_per_home_{size}", means=f"CPU time of ingest and check a home and second of {size:,}, µs")
        for size in STEPS
    ),
)

BENCH: Final = Bench(
    name="fleet",
    sentence="One session a day and home, all within three hours, through broker, ingest and check; a burn a second.",
    figures=FIGURES,
    load=Load(word="homes", usual=20_000),
    run=run,
)
