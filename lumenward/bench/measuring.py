"""Measure other processes: their CPU time and memory, and the middle of what several rounds gave."""

import gc
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from monitor_api.collecting import keep_what_is_loaded

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, all its threads together; in steps of a clock tick."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def rss_mb(pid: int) -> float:
    """Megabytes of memory that a process holds now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


@contextmanager
def collecting_as_the_service() -> Generator[None]:
    """Have garbage collected as seldom as a role of the service does, while something of it is measured here."""
    before = gc.get_threshold()
    keep_what_is_loaded()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def middle(values: Iterable[float]) -> float:
    """The median."""
    return float(median(values))


def quantile(values: Iterable[float], part: float) -> float:
    """The value that a part of them is not above; one at least."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def children_of(pid: int) -> tuple[int, ...]:
    """The processes that a process has started and that are still there."""
    return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def arguments_of(pid: int) -> list[str]:
    """What a process was started with."""
    return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
