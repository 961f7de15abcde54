"""Run a demo: bring its world up, and judge what came of it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic, sleep
from typing import Final, Protocol

from lumenward.demo.journals import Journals
from lumenward.demo.people import settle
from lumenward.demo.scenario import SCENARIO
from lumenward.demo.stored import Watch
from lumenward.demo.verdict import Verdict, weigh
from lumenward.demo.world import Plan, World, free_port, make_world
from lumenward.errors import Interrupted
from lumenward.supervisor import Supervisor
from monitor_api.records.database import Database
from monitor_api.telemetry.sqlite import SqliteTelemetry

GLANCE_S: Final = 0.02
"""Between two looks for new alerts: as late as this a stored one may be noticed."""

WEIGH_S: Final = 1.0
"""Between two weighings of everything."""

DEADLINE_S: Final = 50.0
"""How long a headless demo waits for all to be well before it says what is not."""

STEADY_S: Final = 1.5
"""How long all must have been well: an alert that nobody planted may still be under way."""

EXPECTED_S: Final = 40.0
"""How long it usually takes, for the progress bar."""

PAGE: Final = "api"
"""The role that people wait for: it starts before the others."""

ROLES: Final = ("ingest", "check", "dispatch", "watch")
"""The roles that a demo without a page runs."""

Told = Callable[[float], None]
"""Hears how far a headless demo is, as a fraction."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs: its world, its processes, its journals, its stores from outside, the password of its logins."""

    world: World
    supervisor: Supervisor
    journals: Journals
    watch: Watch
    password: str

    def now(self) -> datetime:
        """The civil time in this demo."""
        return self.world.clock.civil(datetime.now(UTC))

    def weigh(self) -> Verdict:
        """What its service has stored, against what its devices did until now."""
        stored = self.watch.look(self.world)
        return weigh(self.world, self.journals.read(), stored)


class Greeting(Protocol):
    """Told once people can log in, while the rest still starts."""

    def __call__(self, world: World, password: str) -> None:
        """The password is that of all logins."""


def no_greeting(world: World, password: str) -> None:
    """For a demo without people."""


@contextmanager
def running(
    directory: Path, plan: Plan, stop: Event | None = None, greeting: Greeting = no_greeting
) -> Generator[Demo]:
    """Bring a demo up in an empty directory, its page first, and down again.

    Raises SettingsError when it cannot be there, ChildFailed, Interrupted.
    """
    world = make_world(directory, plan)
    supervisor = Supervisor(directory, stop=stop)
    database = Database(f"sqlite:///{directory / 'records.sqlite'}")
    telemetry = SqliteTelemetry(directory / "telemetry.sqlite")
    try:
        supervisor.start(world.radio())
        database.migrate()
        password = settle(database, world)
        supervisor.start(world.service(role for role in plan.roles if role == PAGE))
        supervisor.wait_until_ready()
        greeting(world, password)
        supervisor.start((*world.gateways(), *world.service(role for role in plan.roles if role != PAGE)))
        supervisor.wait_until_ready()
        yield Demo(world, supervisor, Journals(world), Watch(database, telemetry), password)
    finally:
        supervisor.stop()
        telemetry.close()
        database.close()


def run_headless(seed: int, told: Told, stop: Event) -> Verdict:
    """Run the line without a page, and judge it. Raises ChildFailed when a part does not come up, Interrupted."""
    plan = Plan(homes=SCENARIO, seed=seed, http_port=free_port(), roles=ROLES)
    with TemporaryDirectory(prefix="lumenward-") as directory, running(Path(directory), plan, stop) as demo:
        return _judge(demo, told, stop)


def _judge(demo: Demo, told: Told, stop: Event) -> Verdict:
    """The verdict once all has been well for a while, or at the deadline."""
    began = monotonic()
    well_since: float | None = None
    while True:
        verdict = demo.weigh()
        now = monotonic()
        well_since = None if verdict.problems else (well_since or now)
        if now - began > DEADLINE_S or (well_since and now - well_since >= STEADY_S):
            return verdict
        told(min(1.0, (now - began) / EXPECTED_S))
        _glance(demo, until=now + WEIGH_S)
        if stop.is_set():
            raise Interrupted


def _glance(demo: Demo, until: float) -> None:
    while monotonic() < until:
        demo.watch.glance()
        demo.supervisor.look()
        sleep(GLANCE_S)
