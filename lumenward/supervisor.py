"""A supervisor: starts processes in order, starts again what ends, and stops all of them in the opposite order."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import Pipe
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from lumenward.errors import ChildFailed, Interrupted
from lumenward.processes import READY, SUPERVISED

LOG_TAIL: Final = 2000
"""Characters of a log that an error shows."""

LOG_BYTES: Final = 10 * 1024**2
"""How long a log grows before it begins anew; the one before is kept as `NAME.log.1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a supervisor waits, in seconds.

    `start_s` for a child to say that it is ready; `grace_s` for one to stop before it is killed; `back_off_s` before
    one that ended is started again, the first time and on; one that ran for `steady_s` starts its back-off anew.
    """

    start_s: float = 30.0
    grace_s: float = 5.0
    back_off_s: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0)
    steady_s: float = 60.0


USUAL: Final = Patience()


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process to supervise: `arguments` for this Python or another `program`, more for its environment.

    It is ready when it says so, or, for a program that is not ours, when it `listens_at` a port of this machine.
    """

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    program: str = sys.executable
    listens_at: int | None = None


@dataclass(slots=True)
class _Running:
    child: Child
    process: "subprocess.Popen[bytes]"
    since: float
    heard_from: int
    starts: int = 1
    failures: int = 0
    start_again_at: float | None = None


class Supervisor:
    """Runs children whose logs are files in one directory; `stop` ends its waiting for them.

    Promises: `stop` leaves no child behind; a process of ours does not outlive a supervisor that was killed; a child
    that ends by itself is started again, later each time; logs take twice `log_bytes` each at most, and what is written
    between two looks.
    """

    def __init__(
        self, directory: Path, patience: Patience = USUAL, stop: Event | None = None, *, log_bytes: int = LOG_BYTES
    ) -> None:
        self._directory, self._patience, self._stop_asked = directory, patience, stop or Event()
        self._log_bytes = log_bytes
        self._running: list[_Running] = []
        self._input, self._held = Pipe(duplex=False)  # nothing comes by it but its end, when we are gone

    def start(self, children: Sequence[Child]) -> None:
        """Start children together."""
        for child in children:
            output = self._output(child)
            heard_from = output.stat().st_size if output.exists() else 0  # what an earlier run said is no news
            self._running.append(_Running(child, self._spawn(child), monotonic(), heard_from))

    def wait_until_ready(self) -> None:
        """Return when all children have said that they are ready. Raises ChildFailed, Interrupted."""
        until = monotonic() + self._patience.start_s
        for running in self._running:
            self._wait_until_ready(running, until)

    def look(self) -> None:
        """Start again what has ended and waited long enough, and turn long logs; call a few times a second."""
        now = monotonic()
        for running in self._running:
            self._turn(self._log(running.child))
            if running.process.poll() is None:
                continue
            if running.start_again_at is None:
                running.start_again_at = now + self._pause(running, now)
            elif now >= running.start_again_at:
                running.process, running.since, running.start_again_at = self._spawn(running.child), now, None
                running.starts += 1

    def stop(self) -> None:
        """Stop all children, the last started first."""
        for running in reversed(self._running):
            self._stop(running)
        self._running.clear()

    def pid(self, name: str) -> int | None:
        """The process id of a child, None while it does not run."""
        process = next(running.process for running in self._running if running.child.name == name)
        return process.pid if process.poll() is None else None

    def states(self) -> list[dict[str, str | int | None]]:
        """Each child: its process id, None while it does not run, and how often it was started again."""
        return [
            {"name": one.child.name, "pid": self.pid(one.child.name), "started_again": one.starts - 1}
            for one in self._running
        ]

    def _pause(self, running: _Running, now: float) -> float:
        """How long to wait with a child that was just found ended."""
        steady = now - running.since > self._patience.steady_s
        running.failures = 1 if steady else running.failures + 1
        pauses = self._patience.back_off_s
        return pauses[min(running.failures, len(pauses)) - 1]

    def _spawn(self, child: Child) -> "subprocess.Popen[bytes]":
        with self._log(child).open("ab") as log, self._output(child).open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own program
                [child.program, *child.arguments],
                stdin=self._input.fileno(),
                stdout=output,
                stderr=log,
                env={**os.environ, **child.environment, SUPERVISED: "1"},
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops its children in order
            )

    def _wait_until_ready(self, running: _Running, until: float) -> None:
        child = running.child
        while not self._is_ready(child, running.heard_from):
            if running.process.poll() is not None:
                raise ChildFailed(child.name, f"ended with {running.process.returncode}", self._tail(child))
            if monotonic() > until:
                raise ChildFailed(child.name, f"not ready after {self._patience.start_s:.0f} s", self._tail(child))
            if self._stop_asked.wait(0.02):
                raise Interrupted

    def _is_ready(self, child: Child, heard_from: int) -> bool:
        if child.listens_at is None:
            return READY.encode() in self._output(child).read_bytes()[heard_from:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", child.listens_at)) == 0

    def _stop(self, running: _Running) -> None:
        process = running.process
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(self._patience.grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _turn(self, log: Path) -> None:
        """Begin a log anew when it is long: its process, which appends, goes on in the same file."""
        if log.stat().st_size > self._log_bytes:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)

    def _log(self, child: Child) -> Path:
        return self._directory / f"{child.name}.log"

    def _output(self, child: Child) -> Path:
        return self._directory / f"{child.name}.out"

    def _tail(self, child: Child) -> str:
        return self._log(child).read_text(errors="replace")[-LOG_TAIL:]
