"""`bench start`: from the start of `lumenward demo` until its page answers."""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from lumenward.bench.context import Bench, Figure, Figures, Share, Work
from lumenward.bench.measuring import arguments_of, children_of, cpu_s, middle
from lumenward.demo.world import free_port
from lumenward.errors import ChildFailed

ROUNDS: Final = 3
PATIENCE_S: Final = 60.0
STOP_S: Final = 60.0
LOOK_S: Final = 0.05
OK: Final = 200


def run(work: Work, rounds: int = ROUNDS) -> Figures:
    """Measure. Raises ChildFailed, Interrupted."""
    took: list[float] = []
    for number in range(rounds):
        took.append(_first_page_s(work, number))
        work.progress((number + 1) / rounds)
    return {"demo_first_page_s": middle(took)}


def _first_page_s(work: Work, number: int) -> float:
    port, log, began = free_port(), work.directory / f"demo-{number}.log", monotonic()
    with _demo(port, log) as process:
        while not _answers(port):
            if process.poll() is not None or monotonic() - began > PATIENCE_S:
                raise ChildFailed("demo", "its page does not answer", log.read_text(errors="replace"))
            work.progress(0)
            work.stop.wait(LOOK_S)
        took = monotonic() - began
        work.profile[:] = _shares(process.pid)
        return took


def _shares(demo: int) -> list[Share]:
    """The parts of the processes in the CPU time until the page."""
    spent = {"demo": cpu_s(demo)} | {_part(arguments_of(pid)): cpu_s(pid) for pid in children_of(demo)}
    total = sum(spent.values())
    return [Share(part, one / total) for part, one in spent.items()]


def _part(arguments: list[str]) -> str:
    """What a process of the demo is called: the role of a server, a command of ours, or a module."""
    if "--role" in arguments:
        return arguments[-1]
    module, command = arguments[2:4]
    return command if module == "lumenward" else module.rpartition(".")[2]


@contextmanager
def _demo(port: int, log: Path) -> Generator["subprocess.Popen[bytes]"]:
    """A demo until the block ends; it stops its own processes, which takes it a while."""
    command = [sys.executable, "-m", "lumenward", "demo", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)  # noqa: S603 - our own program
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE_S) as answer:
            return bool(answer.status == OK)
    except (URLError, HTTPException, OSError):
        return False


BENCH: Final = Bench(
    name="start",
    sentence="The demo, from the start of its process until its first page answers; no browser.",
    figures=(Figure(name="demo_first_page_s", means="seconds until the page answers, median of 3", bound="≤ 10"),),
    load=None,
    run=run,
)
