"""Run a bench in a directory of its own, and say of which code and on what machine its figures are."""

import os
import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Final

from lumenward.bench.context import Bench, Result, Work

PARTS: Final = (0.1, 0.3, 1.0)
"""The parts of its load at which a bench runs to show how its figures grow."""


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Who waits for a bench: hears how far it is, as a fraction, and what it lacks, and may have it stopped."""

    told: Callable[[float], None]
    warn: Callable[[str], None]
    stop: Event


def run(bench: Bench, size: int, onlooker: Onlooker, *, thorough: bool = False) -> Result:
    """Run a bench once. Raises Interrupted, ChildFailed, NotHere."""
    with TemporaryDirectory(prefix="lumenward-bench-") as directory:
        work = Work(
            size=size,
            directory=Path(directory),
            stop=onlooker.stop,
            told=onlooker.told,
            warn=onlooker.warn,
            thorough=thorough,
        )
        figures = bench.run(work)
        return Result(size=size, figures=figures, profile=tuple(work.profile))


def run_growing(bench: Bench, onlooker: Onlooker) -> list[Result]:
    """Run a bench at growing loads, the last the usual one, with a profile."""
    if bench.load is None:
        return [run(bench, 1, onlooker, thorough=True)]
    sizes = [max(1, round(bench.load.usual * part)) for part in PARTS]
    return [run(bench, size, onlooker, thorough=size == sizes[-1]) for size in sizes]


def values(bench: Bench, result: Result) -> dict[str, Any]:
    """A result as values for JSON, with where it comes from."""
    return {"bench": bench.name, "commit": commit(), "machine": machine(), "figures": dict(result.figures)}


def commit() -> str:
    """The commit of the checkout that runs, marked when it was changed since; elsewhere the version."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    except OSError:
        return version("lumenward")
    return found.stdout.strip() or version("lumenward")


def machine() -> str:
    """The processor, how many of it, the system and the Python."""
    system, python = f"{platform.system()} {platform.release()}", f"Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} CPUs, {system}, {python}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
