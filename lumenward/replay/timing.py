"""How long a replay takes: from a snapshot on disk to its figures, on all cores of this machine."""

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter

from firmware_bridge.virtual.cohort.span import Cohort
from lumenward.replay.cases import cohort_cases
from lumenward.replay.run import Replay, SnapshotSource, last_days, processes_here, run_replay
from monitor_api.cohorts.snapshot import write_snapshot


def replay_core_s(people: int, days: int, stop: Event) -> float:
    """Seconds for so many people; making them is not counted, starting processes is. Raises Interrupted."""
    cohort = Cohort(seed=1, days=days)
    with TemporaryDirectory(prefix="lumenward-") as directory:
        path = Path(directory) / "cohort.parquet"
        write_snapshot(path, cohort_cases(cohort, range(people)))
        asked = Replay(source=SnapshotSource(path=path), window=last_days(cohort.until_at, days), candidate=None)
        began = perf_counter()
        run_replay(asked, processes_here(), lambda _part: None, stop)
        return perf_counter() - began
