"""What goes into an outbox in tests, and what comes out of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.outbox.store import WINDOW
from gateway.sessions.tracker import on_reading
from gateway.uplink import Receivers
from tests.gateway.devices import NOON, UID, followed, reading
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import LinkStatus, ReportedMark, SampleBlock, decode_body
from vocabulary.wire.envelope import read_header, tag_of, unseal
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.receipts import Receipt

GATEWAY = GatewayId("gw-01")
KEY = GatewayKey(1, bytes(range(32)))
TOPIC = "het/v1/gw/gw-01/batch"
DEAF = Receivers(clock=lambda: NOON, compare=lambda *_: None, take_order=lambda _: None)
"""For an uplink that only sends."""


def samples(*numbers, counter=1, **measured):
    return tuple(
        item
        for number in numbers
        for item in on_reading(followed(newest=counter - 1), reading(number, counter, **measured), NOON)[1]
        if isinstance(item, SampleBlock)
    )


def links(count):
    return tuple(LinkStatus(device=UID, connected=True, heard_at=NOON) for _ in range(count))


def mark_item(newest=0):
    return ReportedMark(device=UID, at=NOON, state="ready", newest=newest, timeline=1)


_cipher = lru_cache(KEY.batch_cipher)


def body_of(sealed):
    header = read_header(sealed.sealed)
    return decode_body(unseal(sealed.sealed, header, _cipher(header.epoch), TOPIC))


def receipt(*batches, refused=()):
    (epoch,) = {batch.epoch for batch in (*batches, *refused)}
    return Receipt(
        epoch=f"{epoch:016x}",
        taken=[(batch.number, tag_of(batch.sealed)) for batch in batches],
        refused=[(batch.number, tag_of(batch.sealed), "body.kind: unknown") for batch in refused],
    )


def take(outbox, batches):
    """The service has stored these."""
    for epoch in {batch.epoch for batch in batches}:
        outbox.settle(receipt(*(batch for batch in batches if batch.epoch == epoch)))


def drained(outbox):
    """The bodies that the service gets when it takes all, in the order that they are sent."""
    outbox.seal()
    while batches := outbox.waiting(WINDOW):
        yield from map(body_of, batches)
        take(outbox, batches)
        outbox.seal()


def numbers_in(blocks):
    """The numbers of all samples."""
    return [n for block in blocks for n in range(block.first, block.first + block.count)]


@contextmanager
def memory_disk() -> Iterator[Path]:
    """A directory in memory where there is one, for what does not depend on a disk."""
    shared = Path("/dev/shm")  # noqa: S108 - of the kernel
    with TemporaryDirectory(dir=shared if shared.is_dir() else None) as directory:
        yield Path(directory)
