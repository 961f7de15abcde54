"""The backlog: samples wait compressed while the service takes nothing, and give way for exact gaps over the bound."""

from datetime import timedelta
from random import Random

import pytest

from gateway.outbox.backlog import LOOSE_SAMPLES, Bound
from gateway.outbox.blocks import SAMPLES_AT_ONCE
from gateway.outbox.packing import spanned
from gateway.outbox.store import BACKLOG_WINDOW, ITEMS_AT_ONCE, WINDOW, Outbox
from gateway.sessions.entries import Entry
from tests.gateway.devices import NOON, UID
from tests.gateway.outboxes import (
    GATEWAY,
    KEY,
    body_of,
    drained,
    links,
    mark_item,
    memory_disk,
    numbers_in,
    samples,
    take,
)
from vocabulary.wire.batches import Columns, Gap, IncidentKind, SampleBlock, SeenClock
from vocabulary.wire.limits import BATCH_BYTES

DAY = timedelta(days=1)


class Home:
    """An outbox whose service takes nothing at first, on a clock that the test sets."""

    def __init__(self, path, **bound):
        self.now, self.path = NOON, path
        self.bound = Bound(**{"size_bytes": 2**40, "age": timedelta(days=30)} | bound)
        self.outbox = self.open()

    def open(self):
        return Outbox(self.path, GATEWAY, KEY, lambda: self.now, bound=self.bound)

    def reopen(self):
        self.outbox.close()
        self.outbox = self.open()

    def put(self, *items):
        self.outbox.put([Entry(items=items)])
        self.outbox.seal()

    def hold_back(self):
        for _ in range(WINDOW):
            self.put(mark_item())
        assert self.outbox.held_back

    def take(self, batches):
        take(self.outbox, batches)

    def drain(self):
        return list(drained(self.outbox))


@pytest.fixture
def disk():
    with memory_disk() as directory:
        yield directory


@pytest.fixture
def home(disk):
    made = Home(disk / "outbox.sqlite")
    yield made
    made.outbox.close()


def numbers(bodies):
    return sorted(numbers_in(block for body in bodies for block in body.samples))


def missing(bodies):
    return sorted(n for body in bodies for gap in body.gaps for n in range(gap.first, gap.last + 1))


def incidents(bodies):
    return [incident for body in bodies for incident in body.incidents]


def test_samples_are_not_sealed_while_more_waits_than_can_be_sent(home):
    home.hold_back()
    home.put(*samples(*range(120)))
    assert home.outbox.counts() == {"waiting": WINDOW, "blocks": 1}
    assert home.outbox.pending == []


def test_a_session_waits_in_blocks_and_few_samples_in_memory(home):
    home.hold_back()
    for number in range(0, 600, 10):
        home.put(*samples(*range(number, number + 10)))
        assert len(home.outbox.pending) < 60
    assert home.outbox.counts()["blocks"] == 10


def test_many_short_sessions_do_not_fill_the_memory(home):
    home.hold_back()
    for counter in range(1, 60):
        home.put(*samples(*range(50), counter=counter))
        assert len(home.outbox.pending) < LOOSE_SAMPLES
    assert numbers(home.drain()) == sorted(list(range(50)) * 59)


def test_what_waited_in_blocks_comes_once_when_the_service_takes_again(home):
    home.hold_back()
    home.put(*samples(*range(1000)))
    home.put(*samples(*range(1000, 1010)))
    assert numbers(home.drain()) == list(range(1010))
    assert home.outbox.counts() == {"taken": WINDOW + 2}


def test_blocks_outlive_the_process_under_the_boot_that_they_came_in(home):
    home.hold_back()
    home.put(*samples(*range(60)))
    first = home.outbox.boot
    home.reopen()
    home.put(*samples(*range(60, 120)))
    boots = {body.boot for body in home.drain() if body.samples and body.samples[0].first == 0}
    assert boots == {first}


def test_a_batch_holds_items_of_one_boot(home):
    boots = []
    for _ in range(3):
        boots.append(home.outbox.boot)
        clock = SeenClock(boot=home.outbox.boot, at=NOON, service_at=NOON, uncertainty_s=1.0)
        home.outbox.put([Entry(items=(clock,))])
        home.reopen()
    home.outbox.seal()
    assert [(body.boot, body.clocks[0].boot) for body in home.drain()] == [(boot, boot) for boot in reversed(boots)]


def test_a_boot_has_a_number_above_those_before_even_in_a_new_file(home):
    before = home.outbox.boot
    home.outbox.close()
    home.path.unlink()
    home.now += timedelta(minutes=1)
    home.outbox = home.open()
    assert home.outbox.boot > before


def test_what_is_urgent_is_sealed_at_once_and_goes_before_the_backlog(home):
    home.hold_back()
    home.put(*samples(*range(60)))
    home.put(mark_item(newest=7))
    newest = home.outbox.waiting(1)
    assert body_of(newest[0]).marks[0].newest == 7


def test_what_is_not_urgent_waits_for_company_and_not_for_ever(home):
    home.hold_back()
    for _ in range(ITEMS_AT_ONCE - 1):
        home.put(*links(1))
    assert home.outbox.counts()["waiting"] == WINDOW
    home.put(*links(1))
    assert home.outbox.counts()["waiting"] == WINDOW + 1


def test_live_samples_go_before_a_backlog_that_has_begun_to_flow(home):
    home.hold_back()
    home.put(*samples(*range(21_600)))
    home.take(home.outbox.waiting(WINDOW))
    home.outbox.seal()
    assert home.outbox.counts() == {"taken": WINDOW, "waiting": BACKLOG_WINDOW, "blocks": 6 - BACKLOG_WINDOW}
    home.put(*samples(0, counter=2))
    assert body_of(home.outbox.waiting(1)[0]).samples[0].counter == 2


def test_samples_over_the_alarm_line_go_before_the_rest_of_the_backlog(home):
    home.hold_back()
    home.put(*samples(*range(3000)))
    home.put(*samples(*range(3000, 3060), skin_celsius=43.0))
    home.take(home.outbox.waiting(WINDOW))
    home.outbox.refill()
    assert [body_of(batch).samples[0].first for batch in home.outbox.waiting(2)] == [3000, 0]


def wordy(count, counter):
    """Samples with every figure at its longest."""
    chance = Random(counter)
    figures = [chance.uniform(-59, -10) for _ in range(count)]
    amounts = [[chance.uniform(100_000, 999_999) for _ in range(count)] for _ in range(5)]
    return SampleBlock(
        device=UID,
        counter=counter,
        modality="led",
        state="emitting",
        first=1,
        received_at=NOON,
        columns=Columns(
            active_s=[65535] * count,
            remaining_s=[65535] * count,
            signs=[251] * count,
            irradiance_mw_per_cm2=amounts[0],
            fluence_j_per_cm2=amounts[1],
            rf_power_w=amounts[2],
            rf_energy_j=amounts[3],
            skin_celsius=figures,
            impedance_ohm=amounts[4],
            battery_percent=[100] * count,
        ),
    )


def test_the_largest_batch_of_the_backlog_is_within_the_limits_of_the_wire(home):
    home.hold_back()
    home.put(*(wordy(60, counter) for counter in range(2**31, 2**31 + SAMPLES_AT_ONCE // 60 + 10)))
    home.take(home.outbox.waiting(WINDOW))
    home.outbox.seal()
    sizes = [len(batch.sealed) for batch in home.outbox.waiting(WINDOW)]
    assert BATCH_BYTES // 3 < max(sizes) <= BATCH_BYTES


def test_over_its_bound_the_oldest_samples_give_way_for_exact_gaps(disk):
    home = Home(disk / "outbox.sqlite", size_bytes=90_000)
    home.hold_back()
    for number in range(0, 12_000, 60):
        home.put(*samples(*range(number, number + 60)))
    used = home.outbox._file.used_bytes()
    bodies = home.drain()
    home.outbox.close()
    stored, lost = numbers(bodies), missing(bodies)
    assert used <= 90_000
    assert sorted(stored + lost) == list(range(12_000))
    assert lost == list(range(len(lost)))
    assert len(lost) > 3_000


def test_an_outbox_that_was_full_says_from_when_to_when_and_how_much_gave_way(disk):
    home = Home(disk / "outbox.sqlite", age=DAY)
    home.hold_back()
    home.put(*samples(*range(60)))
    home.now += DAY * 2
    home.put(*samples(*range(60, 120)))
    home.now += DAY * 2
    home.put(*samples(*range(120, 180)))
    (said,) = incidents(home.drain())
    home.outbox.close()
    assert (said.kind, said.at, said.until) == (IncidentKind.OUTBOX_FULL, NOON + DAY * 2, NOON + DAY * 4)
    assert said.detail.startswith("120 samples gave way")


def test_samples_over_the_alarm_line_and_all_that_is_no_sample_never_give_way(disk):
    home = Home(disk / "outbox.sqlite", size_bytes=1, age=timedelta(0))
    home.hold_back()
    home.put(*samples(*range(60), skin_celsius=43.0), *links(3), mark_item(newest=9))
    home.now += DAY
    home.put(*samples(*range(60, 120)))
    bodies = home.drain()
    home.outbox.close()
    assert (numbers(bodies), missing(bodies)) == (list(range(60)), list(range(60, 120)))
    assert sum(len(body.links) for body in bodies) == 3
    assert 9 in {mark.newest for body in bodies for mark in body.marks}


def test_copies_of_what_the_service_has_go_before_anything_it_has_not(disk):
    home = Home(disk / "outbox.sqlite", size_bytes=150_000)
    for number in range(0, 1000, 10):
        home.put(*samples(*range(number, number + 10)))
        home.take(home.outbox.waiting(WINDOW))
    home.hold_back()
    for number in range(1000, 7000, 60):
        home.put(*samples(*range(number, number + 60)))
    copies = home.outbox.counts().get("taken", 0)
    assert missing(home.drain()) == []
    home.outbox.close()
    assert copies < 100


def test_a_clock_that_was_wrong_at_a_start_makes_no_sample_old(disk):
    home = Home(disk / "outbox.sqlite", age=DAY)
    home.now = NOON.replace(year=1970)
    home.reopen()
    home.hold_back()
    home.put(*samples(*range(60)))
    home.now = NOON
    home.reopen()
    home.put(*samples(*range(60, 120)))
    assert missing(home.drain()) == []
    home.outbox.close()


def test_gaps_that_continue_each_other_become_one_of_each_session():
    mixed = [Gap(device=UID, counter=c, first=f, last=f + 9) for f in (0, 10, 30) for c in (1, 2)]
    spans = sorted((gap.counter, gap.first, gap.last) for gap in spanned(mixed))
    assert spans == [(1, 0, 19), (1, 30, 39), (2, 0, 19), (2, 30, 39)]
