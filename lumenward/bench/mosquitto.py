"""A private Mosquitto on loopback, that lets queues grow long and sends far ahead; nothing stays of it."""

import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from lumenward.demo.world import free_port
from lumenward.errors import ChildFailed, NotHere

START_S: Final = 10.0

_CONFIG: Final = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_inflight_messages {in_flight}
max_queued_messages 1000000
persistence false
log_type error
"""

IN_FLIGHT: Final = 10_000
"""Messages that a subscriber may have before it acknowledges the first, if it wants as many."""


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """Where a broker listens on loopback, and which process it is."""

    port: int
    pid: int


def find_mosquitto() -> str | None:
    """Where the program is, None when this machine has none; Debian keeps it out of a user's path."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def running_mosquitto(directory: Path) -> Generator[RunningBroker]:
    """Run one until the block ends. Raises NotHere, ChildFailed."""
    program = find_mosquitto()
    if program is None:
        raise NotHere("Mosquitto", "it is not installed. On Debian: apt install mosquitto")
    port, config, log = free_port(), directory / "mosquitto.conf", directory / "mosquitto.log"
    config.write_text(_CONFIG.format(port=port, in_flight=IN_FLIGHT))
    with log.open("ab") as output:
        process = subprocess.Popen([program, "-c", str(config)], stdout=output, stderr=output, start_new_session=True)  # noqa: S603 - found in the path
    try:
        _wait_until_it_listens(port, process, log)
        yield RunningBroker(port, process.pid)
    finally:
        process.kill()
        process.wait()


def _wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = monotonic() + START_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or monotonic() > until:
            raise ChildFailed("mosquitto", "it does not listen", log.read_text(errors="replace"))
        sleep(0.02)
