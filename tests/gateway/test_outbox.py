"""The outbox: what it was given is on disk, and leaves only on a receipt that names it with its tag."""

import sqlite3
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from gateway.errors import OutboxFailed, OutboxTooNew
from gateway.outbox.batches import KEPT_BYTES
from gateway.outbox.packing import joined, pack
from gateway.outbox.store import Outbox
from gateway.outbox.sums import summed
from gateway.sessions.entries import Entry, Memory
from gateway.sessions.tracker import Progress, on_reading
from tests.gateway.devices import NOON, UID, followed, reading
from tests.gateway.outboxes import GATEWAY, KEY, body_of, links, memory_disk, receipt, samples
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import Gap, LinkStatus, SeenAnchor
from vocabulary.wire.envelope import read_header, tag_of
from vocabulary.wire.receipts import Receipt


@pytest.fixture
def path():
    with memory_disk() as directory:
        yield directory / "outbox.sqlite"


@pytest.fixture
def outbox(path):
    opened = Outbox(path, GATEWAY, KEY, lambda: NOON)
    yield opened
    opened.close()


def test_what_is_put_comes_out_sealed_for_the_service(outbox):
    outbox.put([Entry(items=samples(0, 1, 2))])
    outbox.seal()
    (sealed,) = outbox.waiting(10)
    (block,) = body_of(sealed).samples
    assert (block.first, block.count, block.columns.skin_celsius) == (0, 3, [34.0, 34.0, 34.0])


def test_items_outlive_the_process_before_they_are_sealed(outbox, path):
    outbox.put([Entry(items=samples(0, 1))])
    again = Outbox(path, GATEWAY, KEY, lambda: NOON)
    again.seal()
    assert [block.count for block in body_of(again.waiting(1)[0]).samples] == [2]
    again.close()


def test_a_sealed_batch_is_the_same_bytes_for_ever(outbox, path):
    outbox.put([Entry(items=samples(0))])
    outbox.seal()
    before = outbox.waiting(10)
    again = Outbox(path, GATEWAY, KEY, lambda: NOON + timedelta(days=1))
    assert again.waiting(10) == before
    again.close()


def test_every_opening_draws_an_epoch_of_its_own_and_a_higher_boot(outbox, path):
    again = Outbox(path, GATEWAY, KEY, lambda: NOON)
    assert again.epoch != outbox.epoch
    assert again.boot == outbox.boot + 1
    again.close()


def test_no_number_is_sealed_twice_in_an_epoch(outbox):
    for number in range(5):
        outbox.put([Entry(items=samples(number))])
        outbox.seal()
    assert sorted(batch.number for batch in outbox.waiting(10)) == [1, 2, 3, 4, 5]


def test_a_batch_leaves_only_on_a_receipt_with_its_tag(outbox):
    outbox.put([Entry(items=samples(0))])
    outbox.seal()
    (sealed,) = outbox.waiting(10)
    outbox.settle(Receipt(epoch=f"{sealed.epoch:016x}", taken=[(sealed.number, "00" * 8)]))
    outbox.settle(Receipt(epoch=f"{sealed.epoch ^ 1:016x}", taken=[(sealed.number, tag_of(sealed.sealed))]))
    assert outbox.waiting(10) == [sealed]
    assert outbox.settle(receipt(sealed)) == 1
    assert outbox.waiting(10) == []


def test_a_refused_batch_is_kept_aside_and_holds_nobody_up(outbox):
    for number in range(2):
        outbox.put([Entry(items=samples(number))])
        outbox.seal()
    first, second = outbox.waiting(10)
    outbox.settle(receipt(refused=[first]))
    assert outbox.waiting(10) == [second]
    assert outbox.counts() == {"refused": 1, "waiting": 1}


def test_taken_batches_stay_a_week(outbox, path):
    outbox.put([Entry(items=samples(0))])
    outbox.seal()
    outbox.settle(receipt(*outbox.waiting(1)))
    for days, left in ((6, 1), (8, 0)):
        later = Outbox(path, GATEWAY, KEY, lambda days=days: NOON + timedelta(days=days))
        later.settle(Receipt(epoch="0" * 16))
        assert later.counts().get("taken", 0) == left
        later.close()


def test_what_is_remembered_of_a_device_outlives_the_process(outbox, path):
    memory = Memory(device=UID, stored_upto=7, progress=(Progress(counter=8, next_sample=30),), epoch=None)
    outbox.put([Entry(items=(), memory=memory)])
    again = Outbox(path, GATEWAY, KEY, lambda: NOON)
    assert again.memories() == {UID: memory}
    again.close()


def test_many_items_become_several_batches_within_the_limits(outbox):
    outbox.put([Entry(items=links(1201))])
    assert outbox.seal() == 3
    assert sorted(len(body_of(batch).links) for batch in outbox.waiting(10)) == [201, 500, 500]


def test_a_large_body_travels_compressed(outbox):
    outbox.put([Entry(items=samples(*range(300)))])
    outbox.seal()
    (sealed,) = outbox.waiting(1)
    assert read_header(sealed.sealed).compressed
    assert len(sealed.sealed) < 3000
    assert body_of(sealed).samples[0].count == 300


UNFIT = {
    "a counter below 1": replace(samples(0)[0], counter=0),
    "a negative uncertainty": SeenAnchor(device=UID, timeline=1, tick_s=5.0, at=NOON, uncertainty_s=-1.0),
    "a signal nobody measures": LinkStatus(device=UID, connected=True, heard_at=NOON, rssi_dbm=127),
    "a number beyond every integer": Gap(device=UID, counter=1, first=0, last=2**70),
}


@pytest.mark.parametrize("unfit", UNFIT.values(), ids=UNFIT)
def test_an_item_that_does_not_fit_the_wire_is_left_out_alone_and_named(outbox, caplog, unfit):
    outbox.put([Entry(items=(unfit, *samples(7)))])
    outbox.seal()
    (sealed,) = outbox.waiting(10)
    assert [block.first for block in body_of(sealed).samples] == [7]
    assert type(unfit).__name__ in caplog.text


@pytest.mark.parametrize("row", [("SampleBlock", b"\x80"), ("Unheard", b""), ("Gap", b"no msgpack")])
def test_what_waited_and_no_longer_reads_is_kept_aside_and_stops_nobody(outbox, path, row):
    outbox.put([Entry(items=samples(0))])
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("INSERT INTO pending (boot, kind, content) VALUES (1, ?, ?)", (row[0], summed(row[1], row[0], 1)))
    again = Outbox(path, GATEWAY, KEY, lambda: NOON)
    again.put([Entry(items=samples(1))])
    again.seal()
    bodies = [body_of(batch) for batch in again.waiting(10)]
    assert sorted(block.first for body in bodies for block in body.samples) == [0, 1]
    assert [incident.kind for body in bodies for incident in body.incidents] == ["outbox damaged"]
    again.close()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT kind FROM unreadable").fetchall() == [(row[0],)]


def test_a_memory_that_does_not_read_is_forgotten_and_stops_nobody(outbox, path):
    for device in ("0" * 16, "1" * 16):
        memory = Memory(device=DeviceUid(device), stored_upto=4, progress=(), epoch=None)
        outbox.put([Entry(items=(), memory=memory)])
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE memory SET content = x'c1' WHERE device = ?", ("0" * 16,))
    assert [memory.stored_upto for memory in outbox.memories().values()] == [4]


def test_refused_batches_are_kept_within_a_bound_the_newest_of_them(outbox, path):
    for number in range(3):
        outbox.put([Entry(items=samples(number))])
        outbox.seal()
    outbox.settle(receipt(refused=outbox.waiting(10)))
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE batch SET sealed = zeroblob(?)", (KEPT_BYTES // 2,))
    again = Outbox(path, GATEWAY, KEY, lambda: NOON)
    again.settle(Receipt(epoch="0" * 16))
    again.close()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT number FROM batch").fetchall() == [(2,), (3,)]


@pytest.mark.parametrize("look", [lambda box: box.waiting(1), Outbox.memories, Outbox.counts])
def test_a_look_into_an_outbox_that_cannot_be_read_says_so(outbox, look):
    outbox._file.connection.executescript("DROP TABLE batch; DROP TABLE memory")
    with pytest.raises(OutboxFailed, match="no such table"):
        look(outbox)


@pytest.mark.usefixtures("outbox")
def test_an_outbox_of_a_newer_version_is_left_alone(path):
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 9")
    other.close()
    with pytest.raises(OutboxTooNew, match="newer version"):
        Outbox(path, GATEWAY, KEY, lambda: NOON)


def test_a_directory_in_the_place_of_an_outbox_is_refused_by_name(path):
    path.mkdir()
    with pytest.raises(OutboxFailed, match=str(path)):
        Outbox(path, GATEWAY, KEY, lambda: NOON)


def test_a_disk_that_fails_stores_nothing_and_says_so(outbox, path):
    blocker = sqlite3.connect(path, isolation_level=None)
    outbox._file.connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutboxFailed, match="cannot be read or written"):
        outbox.put([Entry(items=samples(0))])
    blocker.execute("ROLLBACK")
    blocker.close()
    assert outbox.pending == []


def test_samples_of_two_sessions_that_came_mixed_become_two_blocks():
    mixed = [block for pair in zip(samples(0, 1, 2), samples(0, 1, 2, counter=2), strict=True) for block in pair]
    assert [(block.counter, block.first, block.count) for block in joined(mixed)] == [(1, 0, 3), (2, 0, 3)]


def test_a_quantity_that_one_sample_lacks_is_null_there():
    with_heat, without = samples(0)[0], on_reading(followed(), reading(1, skin_celsius=None), NOON)[1][-1]
    (block,) = joined([with_heat, without])
    assert block.columns.skin_celsius == [34.0, None]


def test_a_gap_ends_a_block():
    body = pack((*samples(0, 1), Gap(device=UID, counter=1, first=2, last=3), *samples(4)), NOON, boot=1)
    assert [(block.first, block.count) for block in body.samples] == [(0, 2), (4, 1)]


class Reopening(RuleBasedStateMachine):
    """Put, seal, settle and reopen in any order: nothing put is ever missing from what is pending, waiting or taken."""

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.path = self.stack.enter_context(memory_disk()) / "outbox.sqlite"
        self.outbox = Outbox(self.path, GATEWAY, KEY, lambda: NOON)
        self.put, self.taken = 0, set()

    @rule(count=st.integers(1, 5))
    def put_samples(self, count):
        self.outbox.put([Entry(items=samples(*range(self.put, self.put + count)))])
        self.put += count

    @rule()
    def seal(self):
        self.outbox.seal()

    @rule(index=st.integers(0, 3))
    def settle(self, index):
        waiting = self.outbox.waiting(10)
        if index < len(waiting):
            self.taken |= self.numbers([waiting[index]])
            self.outbox.settle(receipt(waiting[index]))

    @rule()
    def reopen(self):
        self.outbox.close()
        self.outbox = Outbox(self.path, GATEWAY, KEY, lambda: NOON)

    def numbers(self, batches):
        return {
            number
            for batch in batches
            for block in body_of(batch).samples
            for number in range(block.first, block.first + block.count)
        }

    @invariant()
    def nothing_is_missing(self):
        pending = {block.first for block in self.outbox.pending}
        waiting = self.numbers(self.outbox.waiting(100))
        assert pending | waiting | self.taken == set(range(self.put))
        assert not pending & waiting
        assert not waiting & self.taken

    def teardown(self):
        self.outbox.close()
        self.stack.close()


TestReopening = Reopening.TestCase
TestReopening.settings = settings(max_examples=30, stateful_step_count=20)
