"""Run a replay over people in parts, a process a core; a part is a few numbers, and what comes back is a tally."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from typing import Final, Protocol

from clinical.errors import RegimenRefused
from firmware_bridge.virtual.cohort.span import Cohort
from lumenward.errors import Interrupted
from lumenward.replay.cases import cohort_cases
from lumenward.replay.tally import Tally, compare, tally_case
from monitor_api.cohorts.candidate import Candidate
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import AS_THEY_ARE, Judged, Window, replay
from monitor_api.cohorts.snapshot import count_people, newest, read_snapshot
from monitor_api.collecting import keep_what_is_loaded

AT_ONCE: Final = 200
"""People in a part at most: a second or so of work."""

PARTS_EACH: Final = 4
"""Parts for each process at least, so that none waits long for the last one."""

AHEAD: Final = 6
"""Parts under way or waiting for a process."""

LOOK_S: Final = 0.2

Progress = Callable[[float], None]


class Source(Protocol):
    """Where cases come from; it goes to other processes, so it holds names and numbers only."""

    def count(self) -> int:
        """How many people there are."""
        ...

    def cases(self, first: int, end: int) -> Iterable[Case]:
        """Those numbered from `first` to before `end`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortSource:
    """People made as they are needed."""

    cohort: Cohort
    people: int

    def count(self) -> int:
        """How many people there are."""
        return self.people

    def cases(self, first: int, end: int) -> Iterable[Case]:
        """Those numbered from `first` to before `end`."""
        return cohort_cases(self.cohort, range(first, end))


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSource:
    """People of a snapshot."""

    path: Path

    def count(self) -> int:
        """How many people there are."""
        return count_people(self.path)

    def newest(self) -> datetime:
        """As of when it is."""
        return newest(self.path)

    def cases(self, first: int, end: int) -> Iterable[Case]:
        """Those numbered from `first` to before `end`."""
        return read_snapshot(self.path, first, end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is replayed: whom, when, by what holds now; and what would hold instead, if asked."""

    source: Source
    window: Window
    candidate: Candidate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: as things are, and as they would be with the candidate."""

    now: Tally
    candidate: Tally

    def add(self, other: "Outcome") -> None:
        """Add what came of other people."""
        self.now.add(other.now)
        self.candidate.add(other.candidate)


def run_replay(asked: Replay, processes: int, progress: Progress, stop: Event) -> Outcome:
    """Replay everybody. Raises Interrupted when `stop` is set before it is done."""
    total = asked.source.count()
    size = max(1, min(AT_ONCE, total // (processes * PARTS_EACH)))
    parts = [(first, min(first + size, total)) for first in range(0, total, size)]
    results: dict[tuple[int, int], Outcome] = {}
    # spawned, for the parent may have threads: a forked child would inherit their locks
    pool = ProcessPoolExecutor(min(processes, len(parts)) or 1, get_context("spawn"), _begin)
    try:
        for part, outcome in _results(pool, asked, parts, stop):
            results[part] = outcome
            progress(len(results) / len(parts))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    whole = Outcome(now=Tally(), candidate=Tally())
    for part in parts:
        whole.add(results[part])
    return whole


def processes_here() -> int:
    """As many as this process may use cores."""
    return len(os.sched_getaffinity(0))


def _begin() -> None:
    """Begin a process of the pool. Ctrl-C goes to the whole group; the parent hears it and ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_what_is_loaded()


def _results(
    pool: ProcessPoolExecutor, asked: Replay, parts: list[tuple[int, int]], stop: Event
) -> Iterator[tuple[tuple[int, int], Outcome]]:
    """Results as they come, a few parts ahead, so that a stop has little to wait for."""
    waiting: dict[Future[Outcome], tuple[int, int]] = {}
    left = iter(parts)
    while True:
        if stop.is_set():
            raise Interrupted
        for part in islice(left, AHEAD - len(waiting)):
            waiting[pool.submit(replay_part, asked, *part)] = part
        if not waiting:
            return
        done, _ = wait(waiting, LOOK_S, FIRST_COMPLETED)
        for one in done:
            yield waiting.pop(one), one.result()


def replay_part(asked: Replay, first: int, end: int) -> Outcome:
    """Some of the people, in this process."""
    outcome = Outcome(now=Tally(), candidate=Tally())
    for case in asked.source.cases(first, end):
        judged = replay(case, asked.window, AS_THEY_ARE)
        outcome.now.add(tally_case(case, judged, asked.window))
        if asked.candidate is not None:
            outcome.candidate.add(_tried(case, judged, asked.candidate, asked.window))
    return outcome


def _tried(case: Case, judged: Judged, candidate: Candidate, window: Window) -> Tally:
    """One of them by a candidate; as things are where a regimen of theirs cannot have its limits."""
    ruling = candidate.ruling(case.course.patient)
    found = Tally(concerned=Counter(modality.value for modality in ruling.limits))
    try:
        other = replay(case, window, ruling)
    except RegimenRefused as refused:
        found.refused[str(refused)] += 1
        other = judged
    found.add(tally_case(case, other, window))
    found.add(compare(judged, other))
    return found


def last_days(now: datetime, days: int) -> Window:
    """The window that ends now."""
    return Window(from_at=now - timedelta(days=days), until_at=now)
