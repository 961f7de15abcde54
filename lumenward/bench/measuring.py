"""Measure other processes: their CPU time, and the middle of what several rounds gave."""

import os
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, all its threads together; in steps of a clock tick."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def middle(values: Iterable[float]) -> float:
    """The median."""
    return float(median(values))


def quantile(values: Iterable[float], part: float) -> float:
    """The value that a part of them is not above; one at least."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
