"""The ledger of a device's records: what is here without a gap, and what the device counted and nobody has."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec import structs

from device_drivers.hets.record import read_record
from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.policy import Role
from monitor_api.http.queries.ledgers import ledger
from monitor_api.records.trail import ActorKind
from monitor_api.sessions.ledger import Kept, MissingSessions, RecordRange, make_ledger
from tests.monitor_api.check.line import Line, ago, stored
from tests.records import rf_record
from tests.service import CLINIC, UID
from vocabulary.identity import ClinicId, DeviceUid, UserId
from vocabulary.instants import Known, Placed
from vocabulary.wire.batches import ReportedMark

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RECORD = read_record(rf_record(start=NOON))


def kept(counter, *, follows=None, hours=None, epoch=None):
    """A record in the chain after `follows`, of a session that began at `hours` and lasted one."""
    previous = counter - 1 if follows is None else follows
    record = replace(RECORD, counter=counter, crc=counter, previous_crc=previous)
    if hours is None:
        return Kept(record, epoch, None, None)
    start, end = (
        Placed(earliest=at, latest=at, known=Known.LIVE) for at in (NOON + hours * HOUR, NOON + hours * HOUR + HOUR)
    )
    return Kept(record, epoch, start, end)


def ranges(*records, newest=0):
    return [(one.first, one.last) for one in make_ledger(records, newest, NOON).ranges]


def test_records_that_follow_each_other_are_one_range():
    assert ranges(kept(4), kept(5), kept(6)) == [(4, 6)]


def test_a_counter_that_jumps_ends_a_range_and_says_when_the_missing_sessions_were():
    made = make_ledger([kept(4, hours=0), kept(7, hours=9)], 7, NOON)
    assert [(one.first, one.last) for one in made.ranges] == [(4, 4), (7, 7)]
    (lost,) = made.missing
    assert (lost.first, lost.last, lost.count) == (5, 6, 2)
    assert (lost.after, lost.before) == (NOON + HOUR, NOON + 9 * HOUR)


def test_a_chain_that_does_not_hold_ends_a_range_though_no_counter_is_missing():
    made = make_ledger([kept(4), kept(5, follows=99)], 5, NOON)
    assert [(one.first, one.last) for one in made.ranges] == [(4, 4), (5, 5)]
    assert made.missing == ()


def test_what_the_device_named_and_never_gave_is_missing_until_it_was_asked():
    asked_at = NOON + 5 * HOUR
    assert make_ledger([kept(4, hours=0)], 6, asked_at).missing == (
        MissingSessions(epoch=None, first=5, last=6, after=NOON + HOUR, before=asked_at),
    )


def test_sessions_before_the_first_record_that_is_here_are_nobodys_to_miss():
    assert make_ledger([kept(40)], 40, NOON).missing == ()
    assert make_ledger([], 12, NOON).missing == ()


def test_a_missing_session_beside_one_without_a_place_in_time_is_missing_all_the_same():
    (lost,) = make_ledger([kept(1), kept(3)], 3, None).missing
    assert (lost.first, lost.after, lost.before) == (2, None, None)


def test_each_numbering_of_a_gateway_has_ranges_and_missing_sessions_of_its_own():
    made = make_ledger([kept(2), *(kept(one, epoch="a" * 16) for one in (1, 3)), kept(2, epoch="b" * 16)], 3, NOON)
    assert [(one.epoch, one.first, one.last) for one in made.ranges] == [
        (None, 2, 2),
        ("a" * 16, 1, 1),
        ("a" * 16, 3, 3),
        ("b" * 16, 2, 2),
    ]
    assert [(one.epoch, one.first, one.last) for one in made.missing] == [("a" * 16, 2, 2), (None, 3, 3)]


def physician(clinic=CLINIC):
    return Caller(
        kind=ActorKind.USER,
        id=UserId(UUID(int=5)),
        clinic=clinic,
        role=Role.PHYSICIAN,
        patient=None,
        name="P",
        csrf_token=None,
        proof="",
        expires_at=NOON,
    )


@pytest.fixture
def line(tmp_path):
    made = Line(tmp_path)
    yield made
    made.stores.close()


def test_the_first_sessions_of_two_numberings_are_two_in_the_ledger(line):
    first = stored(rf_record(1, start=ago(50)))
    line.know(first, *(structs.replace(first, epoch=epoch * 16) for epoch in "ab"))
    with line.stores.database.read() as session:
        found = ledger(session, physician(), UID).ranges
    assert found == tuple(RecordRange(epoch=epoch, first=1, last=1) for epoch in (None, "a" * 16, "b" * 16))


def test_the_ledger_of_a_device_is_what_its_records_and_its_last_word_make_it(line):
    said = ReportedMark(device=UID, at=ago(0), state="ready", newest=4, timeline=1)
    line.know(stored(rf_record(1, start=ago(50))), stored(rf_record(3, start=ago(2))), said)
    with line.stores.database.read() as session:
        found = ledger(session, physician(), UID)
        assert found.ranges == (RecordRange(epoch=None, first=1, last=1), RecordRange(epoch=None, first=3, last=3))
        assert [(one.first, one.last) for one in found.missing] == [(2, 2), (4, 4)]
        with pytest.raises(NotThere):
            ledger(session, physician(ClinicId(UUID(int=99))), UID)
        with pytest.raises(NotThere):
            ledger(session, physician(), DeviceUid("f" * 16))
