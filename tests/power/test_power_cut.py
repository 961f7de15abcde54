"""The power is cut while an outbox takes things on: what it had taken on is there when the power is back.

An ext4 file system on a loop device is shut down without a flush, which is what a power cut leaves of it.
"""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
from contextlib import contextmanager
from itertools import count
from random import Random
from time import sleep

import pytest

from gateway.outbox.store import WINDOW, Outbox
from gateway.sessions.entries import Entry
from tests.gateway.devices import NOON
from tests.gateway.outboxes import GATEWAY, KEY, body_of, mark_item, numbers_in, samples
from tests.servers import not_permitted
from vocabulary.wire.batches import SampleBlock

EXT4_IOC_SHUTDOWN, WITHOUT_FLUSH = 0x8004587D, struct.pack("I", 2)
SOAK = [pytest.mark.soak, pytest.mark.timeout(1800)]


class Plug:
    """A small disk that can be cut off from its power."""

    def __init__(self, directory):
        self.image, self.mounted = directory / "disk.img", directory / "disk"
        self.mounted.mkdir()
        with self.image.open("wb") as file:
            file.truncate(48 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True, capture_output=True)

    @contextmanager
    def powered(self):
        """The disk, until the power is cut or the block ends."""
        subprocess.run(["mount", "-o", "loop", self.image, self.mounted], check=True, capture_output=True)
        try:
            yield self.mounted / "outbox.sqlite"
        finally:
            subprocess.run(["umount", self.mounted], check=True, capture_output=True)

    def cut(self):
        handle = os.open(self.mounted, os.O_RDONLY)
        fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, WITHOUT_FLUSH)
        os.close(handle)


@pytest.fixture
def plug(tmp_path):
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        not_permitted("cutting the power of a loop device needs root and mkfs.ext4")
    made = Plug(tmp_path)
    try:
        with made.powered():
            pass
    except subprocess.CalledProcessError as error:
        not_permitted(f"no loop device can be mounted here: {error.stderr.decode().strip()}")
    return made


def opened(path):
    return Outbox(path, GATEWAY, KEY, lambda: NOON)


def hurried(path):
    """The sabotaged twin: an outbox that does not wait for the disk."""
    outbox = opened(path)
    outbox._file.connection.execute("PRAGMA synchronous = NORMAL")
    return outbox


def take_on(path, open_outbox, told):
    """Put samples one after the other, and tell of each once it is put; ends only by force."""
    outbox = open_outbox(path)
    for _ in range(WINDOW):
        outbox.put([Entry(items=(mark_item(),))])
        outbox.seal()
    for number in count():
        outbox.put([Entry(items=samples(number))])
        os.write(told, struct.pack("<I", number))
        outbox.seal()


def cut_while_taking_on(plug, open_outbox, after_s):
    """The number of the last sample of which was told that it is put, before the power went."""
    reading, telling = os.pipe()
    with plug.powered() as path, os.fdopen(reading, "rb", buffering=0) as told:
        child = os.fork()
        if child == 0:
            try:
                take_on(path, open_outbox, telling)
            finally:
                os._exit(1)
        try:
            numbers = told.read(4)
            sleep(after_s)
            os.set_blocking(reading, False)
            numbers += told.read(1 << 20) or b""
            plug.cut()
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(telling)
    (last,) = struct.unpack("<I", numbers[-4:])
    return last


def kept(plug):
    """The numbers of all samples in the outbox, pending, packed and sealed."""
    with plug.powered() as path:
        outbox = opened(path)
        blocks = [item for item in outbox.pending if isinstance(item, SampleBlock)]
        blocks += [block.open() for block in outbox._backlog._blocks.next()]
        blocks += [block for batch in outbox.waiting(10_000) for block in body_of(batch).samples]
        outbox.close()
        for file in path.parent.glob("outbox*"):
            file.unlink()
        os.sync()
    return sorted(numbers_in(blocks))


@pytest.mark.parametrize("cuts", [6, pytest.param(100, marks=SOAK)])
def test_what_was_put_is_there_once_after_a_power_cut(plug, cuts):
    chance = Random(1)
    for _ in range(cuts):
        last = cut_while_taking_on(plug, opened, chance.uniform(0, 0.3))
        numbers = kept(plug)
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > last


def test_a_twin_that_does_not_wait_for_the_disk_is_caught(plug):
    chance = Random(1)
    for _ in range(30):
        last = cut_while_taking_on(plug, hurried, chance.uniform(0.1, 0.3))
        if len(kept(plug)) <= last:
            return
    pytest.fail("thirty power cuts took nothing from an outbox that does not wait for the disk")
