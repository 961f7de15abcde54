"""A supervisor: starts processes in order, starts again what ends, and stops all of them in the opposite order."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from lumenward.errors import ChildFailed
from lumenward.processes import READY

START_S: Final = 30.0
"""How long a child may take to say that it is ready."""

GRACE_S: Final = 5.0
"""How long a child may take to stop before it is killed."""

BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0)
"""How long to wait before a child that ended is started again, the first time and on."""

STEADY_S: Final = 60.0
"""A child that ran this long starts its back-off anew."""

LOG_TAIL: Final = 2000
"""Characters of a log that an error shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process to supervise: `arguments` for this Python, more for its environment."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class _Running:
    child: Child
    process: "subprocess.Popen[bytes]"
    since: float
    failures: int = 0
    start_again_at: float | None = None


class Supervisor:
    """Runs children whose logs are files in one directory.

    Promises: `stop` leaves no child behind; a child that ends by itself is started again, later each time.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: list[_Running] = []

    def start(self, children: Sequence[Child]) -> None:
        """Start children together."""
        self._running += [_Running(child, self._spawn(child), monotonic()) for child in children]

    def wait_until_ready(self) -> None:
        """Return when all children have said that they are ready. Raises ChildFailed."""
        until = monotonic() + START_S
        for running in self._running:
            self._wait_until_ready(running, until)

    def look(self) -> None:
        """Start again what has ended and waited long enough; call a few times a second."""
        now = monotonic()
        for running in self._running:
            if running.process.poll() is None:
                continue
            if running.start_again_at is None:
                running.failures = 0 if now - running.since > STEADY_S else running.failures + 1
                running.start_again_at = now + BACK_OFF_S[min(running.failures, len(BACK_OFF_S)) - 1]
            elif now >= running.start_again_at:
                running.process, running.since, running.start_again_at = self._spawn(running.child), now, None

    def stop(self) -> None:
        """Stop all children, the last started first."""
        for running in reversed(self._running):
            self._stop(running)
        self._running.clear()

    def pid(self, name: str) -> int | None:
        """The process id of a child, None while it does not run."""
        process = next(running.process for running in self._running if running.child.name == name)
        return process.pid if process.poll() is None else None

    def _spawn(self, child: Child) -> "subprocess.Popen[bytes]":
        with self._log(child).open("ab") as log, self._output(child).open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, *child.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env={**os.environ, **child.environment},
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops its children in order
            )

    def _wait_until_ready(self, running: _Running, until: float) -> None:
        child = running.child
        while READY not in self._output(child).read_text():
            if running.process.poll() is not None:
                raise ChildFailed(child.name, f"ended with {running.process.returncode}", self._tail(child))
            if monotonic() > until:
                raise ChildFailed(child.name, f"not ready after {START_S:.0f} s", self._tail(child))
            sleep(0.02)

    def _stop(self, running: _Running) -> None:
        process = running.process
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _log(self, child: Child) -> Path:
        return self._directory / f"{child.name}.log"

    def _output(self, child: Child) -> Path:
        return self._directory / f"{child.name}.out"

    def _tail(self, child: Child) -> str:
        return self._log(child).read_text(errors="replace")[-LOG_TAIL:]
