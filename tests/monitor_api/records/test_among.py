"""What many names name is found by an index, each name for itself, on both stores."""

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from sqlalchemy import event, select

from monitor_api.courses.due import CourseClaim, CourseKey, give_courses_back
from monitor_api.http.callers import Caller
from monitor_api.http.policy import Role
from monitor_api.http.queries.briefs import numbered_sessions
from monitor_api.records.among import AT_ONCE, among
from monitor_api.records.devices import DeviceRow
from monitor_api.records.trail import ActorKind
from monitor_api.sessions.due import Claim, give_back
from monitor_api.sessions.home_clocks import boots_around
from tests.monitor_api.check.line import recorded
from tests.monitor_api.courses.identities import anchor, met
from tests.monitor_api.ingest.handing import Service
from tests.service import CLINIC, GATEWAY, PATIENT, UID, key_of, rf_device, rf_samples
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import Gap, LinkStatus, SeenClock

HOUR = timedelta(hours=1)
NAME = (DeviceRow.clinic_id, DeviceRow.uid)


class Asked:
    """What a store was asked, and how SQLite goes about it."""

    def __init__(self, engine):
        self.engine, self.statements = engine, []
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, parameters, _context, many):
        if statement.startswith(("SELECT", "UPDATE", "WITH")):
            self.statements.append((statement, parameters[0] if many else parameters))

    def tables(self):
        """The tables that were searched, and those that were gone through."""
        statements, self.statements = self.statements, []
        with self.engine.connect() as connection:
            plans = [
                connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", values).all() for one, values in statements
            ]
        steps = [re.match(r"(SEARCH|SCAN) ([a-z_]+)\b", step[3]) for plan in plans for step in plan]
        return tuple({step[2] for step in steps if step and step[1] == how} for how in ("SEARCH", "SCAN"))


@pytest.fixture
def service(data):
    with closing((made := Service(data)).stores):
        yield made


@pytest.fixture
def on_sqlite(tmp_path):
    with closing((made := Service(tmp_path)).stores):
        yield made


def telling(at):
    """Something of everything that a gateway says, of two contacts an hour apart."""
    return [
        *met("A1", at),
        *(anchor(at + hours * HOUR, hours * HOUR) for hours in (0, 1)),
        recorded(1, start=at - HOUR),
        Gap(device=UID, counter=2, first=0, last=9),
        rf_samples(10, counter=2, at=at),
        LinkStatus(device=UID, connected=True, heard_at=at),
        *(SeenClock(boot=1, at=at + hours * HOUR, service_at=at, uncertainty_s=0.1) for hours in (0, 1)),
    ]


def test_what_a_group_says_and_what_is_sent_again_is_looked_up_by_indexes(on_sqlite):
    asked, now = Asked(on_sqlite.stores.database.engine), datetime.now(UTC)
    first = on_sqlite.gateway.batch(*telling(now - 5 * HOUR))
    on_sqlite.hand_over(first)
    on_sqlite.hand_over(first, on_sqlite.gateway.batch(*telling(now - 3 * HOUR)))
    searched, gone_through = asked.tables()
    assert gone_through == {"listed"}
    assert searched >= {"batch", "gateway_boot", "gateway_clock", "anchor", "mark", "session", "assignment"}


def test_a_group_takes_as_many_statements_however_many_devices_and_comparisons_it_tells_of(service):
    asked, now = Asked(service.stores.database.engine), datetime.now(UTC)
    counts = []
    for hours, many in ((4, 50), (5, 2), (6, 50)):
        at, tick = now + (hours - 9) * HOUR, hours * HOUR
        contact = (*met("A1", at), anchor(at, tick), anchor(at + HOUR / 2, tick + HOUR / 2))
        items = [structs.replace(one, device=f"{n:016x}") for n in range(1, many + 1) for one in contact]
        clocks = [SeenClock(boot=1, at=at + n * HOUR / 99, service_at=at, uncertainty_s=0.1) for n in range(many)]
        asked.statements.clear()
        service.hand_over(service.gateway.batch(*items, *clocks))
        counts.append(sum("gateway_key" not in one for one, _ in asked.statements))  # keys are read anew now and then
    assert counts[1] == counts[2]


def test_what_is_claimed_numbered_and_told_by_a_clock_is_looked_up_by_indexes(on_sqlite):
    asked, now = Asked(on_sqlite.stores.database.engine), datetime.now(UTC)
    physician = Caller(
        kind=ActorKind.USER,
        id=PATIENT,
        name="-",
        clinic=CLINIC,
        role=Role.PHYSICIAN,
        patient=None,
        proof="",
        csrf_token=None,
        expires_at=now,
    )
    with on_sqlite.stores.database.write() as session:
        give_back(session, [Claim(key=key_of(), generation=1)], "w")
        give_courses_back(session, [CourseClaim(key=CourseKey(CLINIC, PATIENT), generation=1)], "w")
        assert list(numbered_sessions(session, physician, [(UID, 1), (UID, 2)])) == []
        assert boots_around(session, [((GATEWAY, 1), now), ((GATEWAY, 2), now)]) == {}
    searched, gone_through = asked.tables()
    assert gone_through == {"listed"}
    assert searched >= {"due", "course_due", "session", "gateway_boot"}


def test_whole_names_are_found_and_no_other_combination_of_their_parts(service):
    other = DeviceUid("00112233445566ff")
    service.hand_over(service.gateway.batch(rf_device(), structs.replace(rf_device(), device=other)))
    with service.stores.database.read() as session:
        found = among(
            session, select(*NAME), NAME, [(CLINIC, UID), (PATIENT, other), (CLINIC, "f" * 16), (CLINIC, UID)]
        )
        assert [tuple(one) for one in found] == [(CLINIC, UID)]


def test_names_are_looked_up_in_portions_and_none_in_no_statement(service):
    asked = Asked(service.stores.database.engine)
    with service.stores.database.read() as session:
        for many, statements in ((0, 0), (1, 1), (AT_ONCE // 2, 1), (AT_ONCE // 2 + 1, 2)):
            asked.statements.clear()
            found = among(session, select(DeviceRow.uid), NAME, [(CLINIC, f"{UID[:-3]}{n:03x}") for n in range(many)])
            assert len(list(found)) == 0
            assert len(asked.statements) == statements


def test_what_the_last_of_many_names_names_is_found_as_the_first_is(service):
    others = [DeviceUid(f"{number:016x}") for number in range(2 * AT_ONCE)]
    service.hand_over(service.gateway.batch(*(structs.replace(rf_device(), device=one) for one in (UID, others[-1]))))
    with service.stores.database.read() as session:
        found = among(session, select(DeviceRow.uid), NAME, [(CLINIC, one) for one in (UID, *others)])
        assert {uid for (uid,) in found} == {UID, others[-1]}
