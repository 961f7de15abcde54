"""Which sessions a contact that comes late has checked again, and when a session was first heard of."""

from contextlib import closing
from datetime import timedelta
from itertools import product

import pytest
from msgspec import structs
from sqlalchemy import delete, update

from monitor_api.records.sessions import DueRow, SessionRow
from tests.monitor_api.check.line import Line, ago, new_lines
from tests.records import rf_record
from tests.service import UID, FakeBroker, key_of, rf_device, rf_samples, rows
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import Gap, LinkStatus, SeenAnchor, StoredRecord

DAY, OTHER = 24, DeviceUid("00112233445566ff")


@pytest.fixture
def line(data):
    with closing((made := Line(data)).stores):
        yield made


def batch(line, hours, *items):
    """What a gateway sealed so many hours ago, when it had the device too."""
    return line.gateway.batch(*items, LinkStatus(device=UID, connected=True, heard_at=ago(hours)), sealed_at=ago(hours))


def bring(line, hours, *items):
    line.worker.handle([batch(line, hours, *items)], FakeBroker(), bool)


def record(counter, hours, fetched=None):
    data = rf_record(counter, start=ago(hours + 1))
    return StoredRecord(device=UID, family="hets/1", data=data, received_at=ago(hours if fetched is None else fetched))


def anchor(hours):
    return SeenAnchor(device=UID, timeline=1, tick_s=(99 * DAY - hours) * 3600.0, at=ago(hours), uncertainty_s=0.5)


def due_after(line, *batches):
    """The counters of the sessions that a group has checked."""
    with line.stores.database.write() as session:
        session.execute(delete(DueRow))
    line.worker.handle(list(batches), FakeBroker(), bool)
    counters = {key_of(counter).session: counter for counter in range(1, 100)}
    return {counters[one] for one in line.due()}


HISTORY = {1: 26, 2: 20, 3: 14, 4: 8}
"""Sessions by counter, and how many days ago the contact was that brought each."""


def lived(line, *also):
    """Four contacts, each with its record, its anchor and what else is told at each; all of it is checked."""
    for counter, days in HISTORY.items():
        bring(line, days * DAY, record(counter, days * DAY), anchor(days * DAY), *also)
    line.check()


def test_an_anchor_that_comes_late_concerns_its_own_contact_and_the_next(line):
    lived(line)
    for days, counters in ((26.5, {1}), (21, {2}), (20.5, {2}), (19.5, {2, 3}), (8.5, {4}), (7.5, {4})):
        assert due_after(line, batch(line, days * DAY, anchor(days * DAY))) == counters


def test_an_anchor_concerns_all_that_was_heard_of_since_where_no_other_is_known(line):
    """It is the nearest to each of them, however long the device stayed away or connected."""
    for counter, days in HISTORY.items():
        bring(line, days * DAY, record(counter, days * DAY))
    line.check()
    assert due_after(line, batch(line, 20.5 * DAY, anchor(20.5 * DAY))) == {2, 3, 4}


def test_the_backlog_of_one_device_has_no_other_device_checked_again(line):
    lived(line)
    others = [structs.replace(one, device=OTHER) for one in (anchor(27 * DAY), rf_device())]
    group = batch(line, 27 * DAY, *others), batch(line, 7.5 * DAY, anchor(7.5 * DAY))
    assert due_after(line, *group) == {4}


@pytest.mark.parametrize(
    ("ended", "went_on", "counters"), [(False, False, {4}), (True, False, {1, 4}), (True, True, {4})]
)
def test_the_last_anchor_of_a_timeline_that_is_over_concerns_what_is_not_placed_too(line, ended, went_on, counters):
    """It bounds what came after it; one that another of its timeline follows does not."""
    lived(line)
    if ended:
        bring(line, 5 * DAY, structs.replace(anchor(5 * DAY), timeline=2))
    if went_on:
        bring(line, 6 * DAY, anchor(6 * DAY))
    line.check()
    with line.stores.database.write() as session:
        nowhere = update(SessionRow).where(SessionRow.id == key_of(1).session)
        session.execute(nowhere.values(started_earliest=None, started_latest=None, placed_by=None))
    assert due_after(line, batch(line, 7.5 * DAY, anchor(7.5 * DAY))) == counters


def test_an_older_introduction_concerns_what_was_heard_of_within_a_day_of_it(line):
    lived(line, rf_device())
    assert due_after(line, batch(line, 20.5 * DAY, rf_device())) == {2}
    assert due_after(line, batch(line, 17 * DAY, rf_device())) == set()


def test_the_newest_introduction_concerns_all_that_was_heard_of_since(line):
    """A device that stays connected says what it is once, and after an outage what is newest comes first."""
    lived(line)
    assert due_after(line, batch(line, 20 * DAY, rf_device())) == {2, 3, 4}
    assert due_after(line, batch(line, 24 * DAY, rf_device())) == set()


ORDERS = [(0, 1, 2), (1, 2, 0), (2, 1, 0)]


@pytest.mark.parametrize("recorded_first", [False, True])
def test_a_session_was_first_heard_of_when_that_was_in_whatever_order_it_is_told(data, recorded_first):
    """Told by one batch after the other, and in one group."""
    with new_lines(data) as make:
        for order, size in product(ORDERS, (1, 3)):
            line, at = make(), ago(5)
            earliest = record(1, 5) if recorded_first else rf_samples(0, at=at)
            items = earliest, record(1, 5, fetched=3), Gap(device=UID, counter=1, first=10, last=239)
            batches = [batch(line, hours, item) for hours, item in zip((5, 3, 4), items, strict=True)]
            arriving = [batches[number] for number in order]
            for start in range(0, 3, size):
                line.worker.handle(arriving[start : start + size], FakeBroker(), bool)
            (row,) = rows(line.stores, SessionRow)
            assert abs(row.first_heard_at - at) <= timedelta(seconds=2)
