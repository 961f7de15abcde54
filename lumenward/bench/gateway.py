"""`bench gateway`: the gateway process that ships, alone, while virtual devices give it a sample a second each."""

from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final

from firmware_bridge.virtual.journal import SampleLine, read_journal
from firmware_bridge.virtual.people import Begin
from lumenward.bench.context import Bench, Figure, Figures, Load, Work
from lumenward.bench.measuring import cpu_s, rss_mb
from lumenward.demo.run import Demo, running
from lumenward.demo.scenario import LED, DemoHome, Person, once_followed, steps
from lumenward.demo.world import Plan, free_port
from lumenward.errors import ChildFailed
from vocabulary.identity import DeviceUid

EMITTING_S: Final = 40.0
"""How long is measured, with all devices emitting; a session lasts ten minutes."""

SETTLING_S: Final = 5.0
"""How long all must have emitted before."""

PATIENCE_S: Final = 90.0
"""How long all devices may take to be met and to begin."""

GATEWAY: Final = "gw-bench"
LOOK_S: Final = 0.2

_TEN_MINUTES: Final = Begin(0)


def run(work: Work, emitting_s: float = EMITTING_S) -> Figures:
    """Measure. Raises ChildFailed, Interrupted."""
    home = DemoHome(gateway=GATEWAY, name="Bench", people=tuple(map(_person, range(work.size))))
    plan = Plan(homes=(home,), seed=1, http_port=free_port(), roles=("ingest",), rate=1.0, lead=timedelta(0))
    with running(work.directory, plan, work.stop) as demo:
        _wait_until_all_emit(demo, home, work)
        return _measured(demo, work, emitting_s)


def _person(number: int) -> Person:
    return Person(
        name=f"Person {number + 1}",
        born=1970,
        product="mask",
        uid=DeviceUid(f"4c57000000000d{number + 1:02x}"),
        prescription=LED,
        script=once_followed() + steps(timedelta(seconds=10), (5, _TEN_MINUTES)),
    )


def _wait_until_all_emit(demo: Demo, home: DemoHome, work: Work) -> None:
    began = monotonic()
    waiting: set[Path] = {demo.world.journal(person) for person in home.people}
    while waiting:
        if monotonic() - began > PATIENCE_S:
            raise ChildFailed("devices", f"{len(waiting)} of {work.size} do not emit", "")
        waiting = {path for path in waiting if not _emits(path)}
        work.progress(0.3 * (1 - len(waiting) / work.size))
        work.stop.wait(LOOK_S)


def _emits(journal: Path) -> bool:
    return journal.exists() and any(isinstance(line, SampleLine) for line in read_journal(journal))


def _measured(demo: Demo, work: Work, emitting_s: float) -> Figures:
    pid = demo.supervisor.pid(GATEWAY)
    if pid is None:
        raise ChildFailed(GATEWAY, "it has ended", "")
    work.stop.wait(SETTLING_S)
    cpu, began, highest = cpu_s(pid), monotonic(), 0.0
    while (passed := monotonic() - began) < emitting_s:
        highest = max(highest, rss_mb(pid))
        work.progress(0.3 + 0.7 * passed / emitting_s)
        work.stop.wait(LOOK_S)
    return {"cpu_fraction": (cpu_s(pid) - cpu) / (monotonic() - began), "rss_mb": highest}


FIGURES: Final = (
    Figure(name="cpu_fraction", means="CPU time of the gateway process, of one core", bound="≤ 0.05 with 10 devices"),
    Figure(name="rss_mb", means="the most memory that it held, MB", bound="≤ 120"),
)

BENCH: Final = Bench(
    name="gateway",
    sentence="Virtual masks over Bluetooth, a sample a second each, through one gateway to broker and ingest.",
    figures=FIGURES,
    load=Load(word="devices", usual=10),
    run=run,
)
