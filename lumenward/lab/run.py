"""Run a scenario: bring its world up, do what is to be done to it, wait until nothing moves, and judge."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic, sleep
from typing import Any, Final

from firmware_bridge.virtual.journal import BeginLine
from lumenward.demo.run import running
from lumenward.demo.verdict import Verdict, weigh
from lumenward.demo.world import Plan, free_port
from lumenward.errors import Interrupted
from lumenward.lab.faults import Bench, Fault
from lumenward.lab.musts import Outcome, placed_where_they_were
from lumenward.lab.relay import Relay
from lumenward.lab.scenarios import Scenario
from lumenward.lab.small_disk import small_disk

RATE: Final = 25.0
"""How much faster than life the laboratory runs."""

LEAD: Final = timedelta(hours=2)
"""How far in the past a scenario starts: it never meets the present, where time would slow down."""

LOOK_S: Final = 0.2
"""Between two looks at the line."""

PATIENCE_S: Final = 60.0
"""How long after the last fault a line may take until all is where it must be."""

STEADY_S: Final = 2.0
"""How long all must have been well: what is double may still be under way."""

EXPECTED_S: Final = 50.0
"""How long a scenario usually takes, for the progress bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of a scenario: the faults as they were done, the figures, and everything that is not as it must be."""

    scenario: str
    seed: int
    faults: tuple[tuple[float, str], ...]
    verdict: Verdict
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether all is as it must be."""
        return not self.problems

    def figures(self) -> dict[str, Any]:
        """As values for JSON."""
        figures = self.verdict.figures()
        del figures["problems"], figures["alerts"]
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "holds": self.holds,
            "problems": list(self.problems),
            "faults": [{"at_s": round(at_s, 1), "what": words} for at_s, words in self.faults],
            "figures": figures,
        }


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Who waits for a run: hears how far it is, as a fraction, and may have it stopped."""

    told: Callable[[float], None]
    stop: Event


def run_scenario(scenario: Scenario, seed: int, onlooker: Onlooker) -> Finding:
    """Run a scenario. Raises ChildFailed when a part does not come up, Interrupted."""
    port = free_port()
    plan = Plan(
        homes=scenario.homes,
        seed=seed,
        http_port=free_port(),
        roles=scenario.roles,
        rate=RATE,
        lead=LEAD,
        uplink_port=port,
        clocks_off=scenario.clocks_off,
    )
    with (
        TemporaryDirectory(prefix="lumenward-lab-") as directory,
        small_disk(Path(directory) / scenario.small_disk) if scenario.small_disk else nullcontext(),
        Relay(port, plan.broker_port) as relay,
        running(Path(directory), plan, onlooker.stop) as demo,
    ):
        return _Run(scenario, seed, Bench(demo, relay), onlooker).to_the_end()


class _Run:
    """One run of a scenario on a bench."""

    def __init__(self, scenario: Scenario, seed: int, bench: Bench, onlooker: Onlooker) -> None:
        self._scenario, self._seed, self._bench, self._onlooker = scenario, seed, bench, onlooker
        self._began = monotonic()
        self._done: list[tuple[float, str]] = []

    def to_the_end(self) -> Finding:
        first = self._first_session()
        if first is not None:
            chance = Random(self._seed)  # noqa: S311 - chance, not a secret
            for fault in sorted(self._scenario.faults(chance), key=lambda fault: fault.at):
                self._do(fault, first)
        return self._settled()

    def _do(self, fault: Fault, first: datetime) -> None:
        demo = self._bench.demo
        while demo.now() < first + fault.at:
            self._look()
        fault.do(self._bench)
        self._done.append(((demo.now() - first).total_seconds(), fault.words))

    def _first_session(self) -> datetime | None:
        """The civil time at which the first session began; None when none does."""
        journals, until = self._bench.demo.journals, monotonic() + PATIENCE_S
        while monotonic() < until:
            found = [line.civil for told in journals.read().values() for line in told if isinstance(line, BeginLine)]
            if found:
                return min(found)
            self._look()
        return None

    def _settled(self) -> Finding:
        until, well_since = monotonic() + PATIENCE_S, 0.0
        while True:
            finding = self._judge()
            now = monotonic()
            well_since = (well_since or now) if finding.holds else 0.0
            if now > until or (well_since and now - well_since >= STEADY_S):
                return finding
            self._look()

    def _judge(self) -> Finding:
        bench = self._bench
        stored = bench.demo.watch.look(bench.demo.world)
        told = bench.demo.journals.read()
        verdict, outcome = weigh(bench.demo.world, told, stored), Outcome(bench=bench, told=told, stored=stored)
        wrong = [problem.words for problem in verdict.problems if problem.kind not in self._scenario.allowed]
        missed = [words for must in (placed_where_they_were, *self._scenario.musts) for words in must(outcome)]
        return Finding(
            scenario=self._scenario.name,
            seed=self._seed,
            faults=tuple(self._done),
            verdict=verdict,
            problems=(*wrong, *missed),
        )

    def _look(self) -> None:
        if self._onlooker.stop.is_set():
            raise Interrupted
        self._onlooker.told(min(1.0, (monotonic() - self._began) / EXPECTED_S))
        self._bench.demo.watch.glance()
        self._bench.demo.supervisor.look()
        sleep(LOOK_S)
