"""What can be done to a line that runs: each fault begins, and most of them end."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import sleep
from typing import Final

from lumenward.demo.people import hand_over
from lumenward.demo.run import Demo
from lumenward.demo.scenario import Person
from lumenward.lab.packets import Honesty, Mischief
from lumenward.lab.relay import Relay, Wire

_BALLAST: Final = "ballast"
_CHUNK: Final = 65536
_LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Bench:
    """A line on the bench: the demo that runs, and the wire between its homes and their broker."""

    demo: Demo
    relay: Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is done to the line, `at` so long after the first session began (civil time)."""

    at: timedelta
    words: str
    do: Callable[[Bench], None]


def broker_wiped(at: timedelta) -> Iterator[Fault]:
    """The broker dies with all it holds, and comes back empty."""
    yield Fault(at=at, words="the broker is killed, and what it held is gone", do=partial(_signal, "broker"))


def killed(name: str, at: timedelta) -> Iterator[Fault]:
    """A process dies at once."""
    yield Fault(at=at, words=f"{name} is killed", do=partial(_signal, name))


def frozen(name: str, at: timedelta, lasting: timedelta) -> Iterator[Fault]:
    """A process stands still for a while, and what reached it comes late."""
    yield Fault(at=at, words=f"{name} stands still", do=partial(_signal, name, by=signal.SIGSTOP))
    yield Fault(at=at + lasting, words=f"{name} goes on", do=partial(_signal, name, by=signal.SIGCONT))


def wire(state: Wire, at: timedelta, lasting: timedelta) -> Iterator[Fault]:
    """The wire between homes and broker is cut, or falls silent, for a while."""
    yield Fault(at=at, words=f"the wire is {state.value}", do=partial(_set_wire, state))
    yield Fault(at=at + lasting, words="the wire is joined", do=partial(_set_wire, Wire.JOINED))


def mischief(kind: Callable[[Random], Mischief], chance: Random, at: timedelta, lasting: timedelta) -> Iterator[Fault]:
    """Something is done to messages for a while."""
    words = kind.__name__.lower()
    yield Fault(at=at, words=f"{words} messages", do=partial(_meddle, partial(kind, chance)))
    yield Fault(at=at + lasting, words=f"no more {words}", do=partial(_meddle, Honesty))


def handed_over(person: Person, to: Person, at: timedelta) -> Iterator[Fault]:
    """A device becomes another patient's."""
    yield Fault(at=at, words=f"the device of {person.name} is given to {to.name}", do=partial(_hand_over, person, to))


def disk_full(gateway: str, at: timedelta, lasting: timedelta) -> Iterator[Fault]:
    """A gateway's disk has no byte left for a while."""
    yield Fault(at=at, words=f"the disk of {gateway} is full", do=partial(_fill, gateway))
    yield Fault(at=at + lasting, words="the disk has space", do=partial(_free, gateway))


def _signal(name: str, bench: Bench, by: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process, as soon as there is one: it may be between two lives."""
    supervisor = bench.demo.supervisor
    while (pid := supervisor.pid(name)) is None:
        supervisor.look()
        sleep(_LOOK_S)
    os.kill(pid, by)


def _set_wire(state: Wire, bench: Bench) -> None:
    bench.relay.set_wire(state)


def _meddle(kind: Callable[[], Mischief], bench: Bench) -> None:
    bench.relay.mischief = kind


def _hand_over(person: Person, to: Person, bench: Bench) -> None:
    hand_over(bench.demo.watch.database, person.uid, to, bench.demo.now())


def _ballast(bench: Bench, gateway: str) -> Path:
    return bench.demo.world.directory / gateway / _BALLAST


def _free(gateway: str, bench: Bench) -> None:
    _ballast(bench, gateway).unlink()


def _fill(gateway: str, bench: Bench) -> None:
    with _ballast(bench, gateway).open("wb", buffering=0) as ballast:
        for size in (_CHUNK, 512, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                continue
