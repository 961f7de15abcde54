"""How a process of ours begins and ends: its log, the signals that ask it to stop, and the end of its supervisor."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from threading import Event, Thread
from time import sleep
from types import FrameType
from typing import Any, Final

READY = "ready"
"""The line that a process prints to standard output when it does its work."""

SUPERVISED: Final = "LUMENWARD_SUPERVISED"
"""In the environment of a process whose standard input ends when its supervisor does."""

ORPHAN_S: Final = 10.0
"""How long a process whose supervisor is gone has to stop in order."""

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""How a process is asked to stop: by its supervisor, by Ctrl-C, by a terminal that closes."""


def write_log(level: int = logging.INFO) -> None:
    """Log to standard error, a line an event; never bodies, names or secrets."""
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    for noisy in ("bleak", "bleak_retry_connector", "alembic", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("bumble").setLevel(logging.ERROR)


def say_ready() -> None:
    """Tell a supervisor that this process does its work."""
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


def end_with_supervisor(patience_s: float = ORPHAN_S) -> None:
    """Have this process stop when its supervisor is gone, however that ended; call it once, at the beginning."""
    if SUPERVISED in os.environ:
        Thread(target=_stop_at_the_end_of_input, args=(patience_s,), daemon=True).start()


def _stop_at_the_end_of_input(patience_s: float) -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(patience_s)
    os._exit(1)


def stop_event() -> Event:
    """An event that is set when the process is asked to stop."""
    stop = Event()

    def asked(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in _STOP_SIGNALS:
        signal.signal(name, asked)
    return stop


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on a loop of its own until it ends or the process is asked to stop."""

    async def supervised() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for name in _STOP_SIGNALS:
            loop.add_signal_handler(name, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            logging.getLogger(__name__).info("stopped")

    asyncio.run(supervised())
