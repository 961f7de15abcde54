"""How long a replay takes: from a snapshot on disk to its figures, on all cores of this machine."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter

from firmware_bridge.virtual.cohort.span import Cohort
from lumenward.replay.cases import cohort_cases
from lumenward.replay.run import Replay, SnapshotSource, last_days, processes_here, run_replay
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.snapshot import write_snapshot


def replay_core_s(people: int, days: int, progress: Callable[[float], None], stop: Event) -> float:
    """Seconds for so many people; making them is not counted, starting processes is. Raises Interrupted."""
    cohort = Cohort(seed=1, days=days)
    with TemporaryDirectory(prefix="lumenward-") as directory:
        path = Path(directory) / "cohort.parquet"
        write_snapshot(path, _told(cohort_cases(cohort, range(people)), people, progress))
        asked = Replay(source=SnapshotSource(path=path), window=last_days(cohort.until_at, days), candidate=None)
        began = perf_counter()
        run_replay(asked, processes_here(), lambda part: progress((1 + part) / 2), stop)
        return perf_counter() - began


def _told(cases: Iterable[Case], people: int, progress: Callable[[float], None]) -> Iterator[Case]:
    """The cases as they are made, which is half of the work that is told."""
    for place, case in enumerate(cases):
        progress(place / people / 2)
        yield case
