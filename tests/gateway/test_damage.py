"""A damaged outbox: what does not hold is noticed and kept aside, the rest goes on, and no wrong value is sent."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from random import Random

import msgspec
import pytest

from gateway.errors import OutboxDamaged, OutboxTooNew
from gateway.outbox.store import WINDOW, Outbox
from gateway.sessions.entries import Entry, Memory
from gateway.sessions.tracker import Progress
from tests.gateway.devices import NOON
from tests.gateway.outboxes import GATEWAY, KEY, drained, links, mark_item, memory_disk, samples
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import COLUMN_NAMES, IncidentKind, StoredRecord

FLIPS = 300
SOAK = [pytest.mark.soak, pytest.mark.timeout(1800)]
MEMORIES = {
    DeviceUid(f"{n:016x}"): Memory(
        device=DeviceUid(f"{n:016x}"), stored_upto=n, progress=(Progress(counter=n + 1, next_sample=n),), epoch=None
    )
    for n in range(1, 6)
}
LISTS = ("devices", "anchors", "marks", "links", "records", "clocks", "orders", "guard_stops")


def opened(path):
    return Outbox(path, GATEWAY, KEY, lambda: NOON)


def fill(path):
    """An outbox with some of everything, that was closed in good order."""
    outbox, chance = opened(path), Random(1)
    for n in range(WINDOW + 10):
        records = (StoredRecord(device=f"{n + 1:016x}", family="hets/1", data=chance.randbytes(56), received_at=NOON),)
        outbox.put([Entry(items=(*records, mark_item(n), *links(1)))])
        outbox.seal()
    for number in range(0, 1800, 60):
        for n in range(number, number + 60):
            warm = round(33 + chance.gauss(0, 0.1), 2)
            outbox.put([Entry(items=samples(n, skin_celsius=warm))])
        outbox.seal()
    outbox.put([Entry(items=(*samples(*range(1800, 1830)), *links(20)))])
    outbox.put([Entry(items=(), memory=memory) for memory in MEMORIES.values()])
    outbox.close()


class Sent:
    """What an outbox gives away, as values that can be counted."""

    def __init__(self, path):
        self.values, self.missing, self.incidents = Counter(), set(), []
        outbox = opened(path)
        self.memories = outbox.memories()
        for body in drained(outbox):
            self.take(body)
        outbox.close()

    def take(self, body):
        self.incidents += [incident for incident in body.incidents if incident.kind is IncidentKind.OUTBOX_DAMAGED]
        for gap in body.gaps:
            self.missing |= set(range(gap.first, gap.last + 1))
        for name in LISTS:
            self.values.update(msgspec.json.encode(item) for item in getattr(body, name))
        for block in body.samples:
            columns = [getattr(block.columns, name) or [None] * block.count for name in COLUMN_NAMES]
            for index, values in enumerate(zip(*columns, strict=True)):
                self.values[block.device, block.counter, block.first + index, *values] += 1


def flip(path, chance):
    data = bytearray(path.read_bytes())
    place = chance.randrange(len(data) * 8)
    data[place // 8] ^= 1 << place % 8
    path.write_bytes(data)


def outcome(path, whole):
    """Whether a flip left everything as it was, was noticed, or did harm."""
    try:
        sent = Sent(path)
    except OutboxTooNew:
        return "taken for a newer version's, and left alone"
    wrong = bool(sent.values - whole.values) or any(MEMORIES[d] != memory for d, memory in sent.memories.items())
    lost = whole.values - sent.values or len(sent.memories) < len(MEMORIES)
    if wrong:
        return "wrong"
    if sent.incidents:
        return "noticed, something lost" if lost else "noticed, nothing lost"
    return "lost without a word" if lost else "intact"


@pytest.fixture(scope="module")
def disk():
    with memory_disk() as directory:
        yield directory


@pytest.fixture(scope="module")
def filled(disk):
    fill(disk / "filled.sqlite")
    return disk / "filled.sqlite"


@pytest.mark.parametrize(
    "flips", [FLIPS, pytest.param(20 * FLIPS, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]
)
def test_whatever_bit_flips_no_wrong_value_is_sent_and_nothing_is_lost_without_a_word(filled, disk, flips):
    whole_path, path = disk / "whole.sqlite", disk / "flipped.sqlite"
    shutil.copy(filled, whole_path)
    whole, outcomes = Sent(whole_path), Counter()
    assert len(whole.values) > 1900
    for seed in range(flips):
        for left in disk.glob("flipped*"):
            left.unlink()
        shutil.copy(filled, path)
        flip(path, Random(seed))
        outcomes[outcome(path, whole)] += 1
    assert not {"wrong", "lost without a word"} & set(outcomes)
    assert outcomes["noticed, something lost"] > flips / 10
    assert outcomes["intact"] > flips / 100


def test_a_file_that_is_no_outbox_is_moved_aside_by_date_and_said(tmp_path):
    path = tmp_path / "outbox.sqlite"
    path.write_bytes(b"not a database, but longer than its header" * 9)
    assert [incident.detail for incident in Sent(path).incidents] == [
        "file is not a database; what could be read goes on, the rest is kept in outbox.damaged-20260301T120000.sqlite"
    ]
    assert (tmp_path / "outbox.damaged-20260301T120000.sqlite").read_bytes().startswith(b"not a database")


def test_another_programs_database_is_moved_aside_and_not_written_into(tmp_path):
    path = tmp_path / "outbox.sqlite"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE precious (thing TEXT)")
    assert Sent(path).incidents[0].detail.startswith("it is no outbox")
    with closing(sqlite3.connect(tmp_path / "outbox.damaged-20260301T120000.sqlite")) as other:
        assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("precious",)]


def test_a_batch_that_no_receipt_could_name_is_not_sent_for_ever(disk):
    outbox = opened(disk / "unnamed.sqlite")
    outbox.put([Entry(items=samples(0))])
    outbox.seal()
    outbox._file.connection.execute("UPDATE batch SET epoch = ' ' || epoch")
    assert outbox.waiting(WINDOW) == []
    assert [incident.kind for incident in outbox.pending] == [IncidentKind.OUTBOX_DAMAGED]
    outbox.close()


@pytest.mark.parametrize("crashed_after", ["mending", "moving"])
def test_a_crash_while_an_outbox_is_mended_costs_nothing(filled, tmp_path, crashed_after):
    path = tmp_path / "outbox.sqlite"
    shutil.copy(filled, path)
    path.with_suffix(".mending").write_bytes(b"half" if crashed_after == "mending" else path.read_bytes())
    if crashed_after == "moving":
        path.rename(tmp_path / "outbox.damaged-20260301T120000.sqlite")
    assert len(Sent(path).values) > 1900


def test_damage_that_shows_while_an_outbox_is_used_ends_its_use(filled, tmp_path):
    path = tmp_path / "outbox.sqlite"
    shutil.copy(filled, path)
    outbox = opened(path)
    pages = path.stat().st_size // 4096
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 4096 * (pages - 1))
    outbox._file.connection.execute("PRAGMA cache_size = 0")
    with pytest.raises(OutboxDamaged, match="mended when the gateway starts again"):
        outbox.counts()
    outbox.close()
