"""A full disk: what was put is kept, what comes waits, and it goes on when there is space again."""

import asyncio
import os
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic

import pytest

from gateway.outbox.store import WINDOW, Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.entries import Entry
from tests.gateway.outboxes import GATEWAY, KEY, drained, mark_item, numbers_in, samples
from tests.servers import not_permitted
from vocabulary.wire.batches import IncidentKind


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        not_permitted("a small disk of its own needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        not_permitted(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(path):
    """Leave no byte of the disk."""
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))


def now():
    return datetime.now(UTC)


@pytest.mark.parametrize("held_back", [False, True])
def test_a_full_disk_loses_nothing_and_is_used_again_seconds_after_it_has_space(small_disk, held_back):
    path, ballast, taken_on = small_disk / "outbox.sqlite", small_disk / "ballast", []

    async def put(writer, number):
        await writer.put(Entry(items=samples(number)))
        taken_on.append(number)

    async def scenario():
        outbox = Outbox(path, GATEWAY, KEY, now)
        for _ in range(WINDOW if held_back else 0):
            outbox.put([Entry(items=(mark_item(),))])
            outbox.seal()
        writer = OutboxWriter(outbox, lambda: None)
        writer.start()
        await put(writer, 0)
        fill(ballast)
        putting = asyncio.ensure_future(put_many(writer))
        while len(taken_on) < 1000 and not writer._failing:  # noqa: ASYNC110 - the disk has no event
            await asyncio.sleep(0.01)
        before = len(taken_on)
        ballast.unlink()
        freed = monotonic()
        while len(taken_on) == before:  # noqa: ASYNC110 - nor has what is taken on
            await asyncio.sleep(0.01)
        recovered_s = monotonic() - freed
        putting.cancel()
        await writer.stop()
        return recovered_s

    async def put_many(writer):
        for number in range(1, 100_000):
            await put(writer, number)

    recovered_s = asyncio.run(scenario())
    outbox = Outbox(path, GATEWAY, KEY, now)
    bodies = list(drained(outbox))
    outbox.close()
    stored = sorted(numbers_in(block for body in bodies for block in body.samples))
    incidents = [incident for body in bodies for incident in body.incidents]
    assert recovered_s < 10
    assert stored == list(range(len(stored)))
    assert set(taken_on) <= set(stored)
    assert {incident.kind for incident in incidents} == {IncidentKind.DISK_FAILED}
    assert all(incident.at < incident.until for incident in incidents)
