"""A child process that is killed -9 at one step of its work: before one SQL statement, or at one named moment."""

import gc
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event

from tests.service import ON_POSTGRESQL


class Steps:
    """Counts steps, and ends the process without a word at the one it is told to."""

    def __init__(self, fatal: int | None) -> None:
        self.count, self._fatal = 0, fatal

    def step(self, *_) -> None:
        self.count += 1
        if self.count == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, connection: sqlite3.Connection) -> None:
        """Every statement of a connection is a step, COMMIT among them."""
        connection.set_trace_callback(self.step)

    def watch_engine(self, engine) -> None:
        """Every statement of every connection of an engine is a step, and every commit."""
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: self.watch(connection))
        else:
            event.listen(engine, "before_cursor_execute", self.step)
            event.listen(engine, "commit", self.step)


def in_child(work: Callable[[Steps], None], fatal: int | None) -> int | None:
    """Run work in a forked child that dies at a step; the number of steps it took, None when it was killed."""
    reading, writing = os.pipe()
    gc.collect()  # what a fork would share must not be closed twice,
    gc.freeze()  # and what lives on need not be looked at again before the next one
    child = os.fork()
    if child == 0:
        steps = Steps(fatal)
        try:
            work(steps)
            os.write(writing, str(steps.count).encode())
        except BaseException as error:  # noqa: BLE001 - a child has nobody to raise to
            os.write(writing, f"!{error!r}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    assert not told.startswith("!"), told
    return int(told) if told else None


def steps_to_die_at(directory: Path, total: int) -> range:
    """Each step on SQLite; the statements are the same on PostgreSQL, where some of them do."""
    return range(1, total + 1, 3 if (directory / ON_POSTGRESQL).exists() else 1)


@contextmanager
def noted(path):
    """A file that survives a kill: what is written to it is there for whoever looks after the process is gone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        yield lambda line: os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def lines(path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
