"""`bench line`: sealed batches queued in Mosquitto, drained by the ingest process that ships and by a bare loop."""

import json
import os
import secrets
import signal
from base64 import b64encode
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from lumenward.bench.context import Bench, Figure, Figures, Load, Work
from lumenward.bench.homes import Home, SealedBatch, batches, make_homes, register
from lumenward.bench.load import Load as BrokerLoad
from lumenward.bench.load import wait_until_taken
from lumenward.bench.measuring import cpu_s, middle, quantile
from lumenward.bench.mosquitto import find_mosquitto, running_mosquitto
from lumenward.supervisor import Child, Supervisor
from monitor_api.records.database import Database

HOMES: Final = 200
ROUNDS: Final = 3
"""Of each drain; the medians count."""

PATIENCE_S: Final = 30.0
"""How long no receipt may come before a drain has failed."""

LIVE_S: Final = 5.0
"""How long batches are sent at half the rate of ingest."""

ALL_CPUS: Final = frozenset(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Drain:
    """What it took to take a queue in: seconds of CPU, of all draining processes together, and of the wall clock."""

    batches: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_us(self) -> float:
        """CPU time of one batch, in µs."""
        return self.cpu_s / self.batches * 1e6

    @property
    def rate(self) -> float:
        """Batches a second."""
        return self.batches / self.wall_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """What is to be drained, and where: homes, what they sealed, and a directory for processes."""

    homes: list[Home]
    sealed: list[SealedBatch]
    directory: Path
    stop: Event

    def place(self) -> Path:
        """A directory of its own for one round."""
        place = self.directory / secrets.token_hex(4)
        place.mkdir()
        return place


Maker = Callable[[Evening, int, Path], list[Child]]
"""Gives what drains a broker's queue: told the evening, the broker's port, and a directory of its own."""


def run(work: Work) -> Figures:
    """Measure. Raises ChildFailed, Interrupted."""
    if find_mosquitto() is None:
        return work.lacking(tuple(figure.name for figure in FIGURES), "Mosquitto is not installed")
    homes = make_homes(HOMES)
    sealed: list[SealedBatch] = []
    for one in batches(homes, work.size):
        sealed.append(one)
        if len(sealed) % 1000 == 0:
            work.progress(0.1 * len(sealed) / work.size)
    evening = Evening(homes=homes, sealed=sealed, directory=work.directory, stop=work.stop)
    floors, ingests, pairs = list[Drain](), list[Drain](), list[Drain]()
    for number in range(ROUNDS):
        floors.append(drain(evening, work, floor_children))
        work.progress(0.1 + 0.25 * (number + 0.3))
        ingests.append(drain(evening, work, ingest_children))
        work.progress(0.1 + 0.25 * (number + 0.6))
        pairs.append(drain(evening, work, two_ingest_children))
        work.progress(0.1 + 0.25 * (number + 1))
    rate = middle(one.rate for one in ingests)
    waits = live(evening, work, rate / 2)
    influx = work.lacking(("influx_ingest_ratio",), "this version has no InfluxDB telemetry store")
    return {**_compared(floors, ingests, pairs), **_latency(waits), **influx}


def _compared(floors: Sequence[Drain], ingests: Sequence[Drain], pairs: Sequence[Drain]) -> Figures:
    floor_us, ingest_us = (middle(one.cpu_us for one in drains) for drains in (floors, ingests))
    floor_rate, ingest_rate, pair_rate = (middle(one.rate for one in drains) for drains in (floors, ingests, pairs))
    return {
        "ingest_ratio": middle(floor.cpu_us / one.cpu_us for floor, one in zip(floors, ingests, strict=True)),
        "ingest_rate_ratio": middle(one.rate / floor.rate for floor, one in zip(floors, ingests, strict=True)),
        "floor_cpu_us": floor_us,
        "ingest_cpu_us": ingest_us,
        "floor_rate": floor_rate,
        "ingest_rate": ingest_rate,
        "ingest_processes_2_ratio": pair_rate / ingest_rate,
    }


def _latency(waits: Sequence[float]) -> Figures:
    return {"latency_p50_ms": quantile(waits, 0.5) * 1e3, "latency_p99_ms": quantile(waits, 0.99) * 1e3}


def floor_children(evening: Evening, port: int, place: Path) -> list[Child]:
    """The bare loop."""
    keys = place / "keys.json"
    keys.write_text(json.dumps({home.gateway: (home.key.id, home.key.secret.hex()) for home in evening.homes}))
    arguments = ("-m", "lumenward.bench.floor", str(port), str(keys), str(place / "floor.sqlite"))
    return [Child(name="floor", arguments=arguments)]


def ingest_children(evening: Evening, port: int, place: Path) -> list[Child]:
    """One ingest process that ships."""
    return _ingest(evening, port, place, 1)


def two_ingest_children(evening: Evening, port: int, place: Path) -> list[Child]:
    """Two of them, on the same stores."""
    return _ingest(evening, port, place, 2)


def _ingest(evening: Evening, port: int, place: Path, count: int) -> list[Child]:
    secret = secrets.token_bytes(32)
    database = Database(f"sqlite:///{place / 'records.sqlite'}")
    try:
        database.migrate()
        register(database, evening.homes, secret)
    finally:
        database.close()
    told = place / "server.toml"
    told.write_text(_SETTINGS.format(data=place, secret=b64encode(secret).decode(), port=port))
    arguments = ("-m", "lumenward", "server", "--role", "ingest", "--settings", str(told))
    return [
        Child(name=f"ingest-{number}", arguments=arguments, environment={"LUMENWARD_SERVER_WORKER": str(number)})
        for number in range(1, count + 1)
    ]


_SETTINGS: Final = """\
data = "{data}"
secret = "{secret}"
[broker]
host = "127.0.0.1"
port = {port}
tls = false
username = "ingest"
password = "-"
[http]
public_url = "http://127.0.0.1"
"""


@contextmanager
def _drainers(evening: Evening, made: Maker) -> Generator[tuple[BrokerLoad, list[int]]]:
    """A broker, what drains it, ready, and the load's connection: gives that and the process ids."""
    place = evening.place()
    supervisor = Supervisor(place, stop=evening.stop)
    with running_mosquitto(place) as broker:
        children = made(evening, broker.port, place)
        load = BrokerLoad(broker.port)
        try:
            supervisor.start(children)
            supervisor.wait_until_ready()
            yield load, [pid for child in children if (pid := supervisor.pid(child.name)) is not None]
        finally:
            load.close()
            supervisor.stop()


def drain(evening: Evening, work: Work, made: Maker) -> Drain:
    """Queue the evening while the drainers stand still, let them go, and wait for the last receipt."""
    with _drainers(evening, made) as (load, pids), _standing_still(pids) as let_go:
        count = load.publish(evening.sealed)
        before, began = _cpu(pids), monotonic()
        let_go()
        wait_until_taken(load, count, lambda _: work.progress(0), PATIENCE_S)
        return Drain(count, _cpu(pids) - before, monotonic() - began)


@contextmanager
def _standing_still(pids: Sequence[int]) -> Generator[Callable[[], None]]:
    def let_go() -> None:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield let_go
    finally:
        let_go()


def _cpu(pids: Iterable[int]) -> float:
    return sum(cpu_s(pid) for pid in pids)


def live(evening: Evening, work: Work, rate: float) -> list[float]:
    """Send batches at a steady rate; how long each took from there to its receipt, in seconds."""
    sent_at: dict[tuple[str, int], float] = {}
    waits: list[float] = []

    def taken(topic: str, numbers: list[int]) -> None:
        now, batch_topic = monotonic(), topic.removesuffix("receipt") + "batch"
        waits.extend(now - sent_at.pop((batch_topic, number)) for number in numbers)

    some = evening.sealed[: max(1, int(rate * LIVE_S))]
    with _drainers(evening, ingest_children) as (load, _):
        load.on_taken = taken
        began, at = monotonic(), 0
        while load.taken < len(some):
            due = min(len(some), int((monotonic() - began) * rate) + 1)
            for one in some[at:due]:
                sent_at[one.topic, one.number] = monotonic()
            load.send(some[at:due])
            at = due
            load.read(0.001)
            work.progress(0.9 + 0.1 * load.taken / len(some))
    return waits


FIGURES: Final = (
    Figure(name="ingest_ratio", means="CPU time of a batch: the floor's over ingest's", bound="≥ 0.6"),
    Figure(name="ingest_rate_ratio", means="batches a second: ingest's over the floor's", bound="≥ 0.6"),
    Figure(name="floor_cpu_us", means="CPU time of a batch in the floor, µs"),
    Figure(name="ingest_cpu_us", means="CPU time of a batch in the ingest process, µs"),
    Figure(name="floor_rate", means="batches a second of the floor"),
    Figure(name="ingest_rate", means="batches a second of one ingest process"),
    Figure(name="ingest_processes_2_ratio", means="batches a second: two ingest processes over one"),
    Figure(name="latency_p50_ms", means="from publish to receipt at half that rate, median, ms"),
    Figure(name="latency_p99_ms", means="the same, 99th percentile, ms"),
    Figure(name="influx_ingest_ratio", means="CPU time of a batch into InfluxDB: a bare client's over ingest's"),
)

BENCH: Final = Bench(
    name="line",
    sentence="Ten-sample batches queued in Mosquitto, drained by ingest and by a bare loop; live at half that rate.",
    figures=FIGURES,
    load=Load(word="batches", usual=100_000),
    run=run,
)
