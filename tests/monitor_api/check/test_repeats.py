"""What a patient does again and again calls once, whatever comes late and whoever else checks."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event

import pytest

from monitor_api.check.checker import Checker
from monitor_api.records.attention import FindingRow
from monitor_api.sessions.due import claim_due
from tests.monitor_api.check.line import HOUR, OTHER_PATIENT, SECOND_DEVICE, Line, ago, recorded, seen, stored
from tests.records import rf_record
from tests.servers import postgres
from tests.service import ON_POSTGRESQL, RF_REGIMEN, UID, checker_of, give_back, rows
from vocabulary.identity import session_id


def soon(line, *counters):
    """Which call the finding of too little rest in each session points to, and whether it called itself."""
    found = [(line.finding("too-soon", one), line.alert("too-soon", one)) for one in counters]
    return [(finding.because.partition("; ")[2], alert is not None) for finding, alert in found]


DAILY = tuple(recorded(counter, start=ago(22 * (12 - counter))) for counter in range(1, 12))
"""A session every 22 hours where 24 are to lie between, for ten days."""


def test_what_is_done_again_and_again_calls_once_a_week(line):
    for one in DAILY:
        line.know(one)
    assert [counter for counter in range(1, 12) if line.alert("too-soon", counter)] == [2, 10]
    assert soon(line, 3, 9, 11) == [
        ("too-soon called 22 h before", False),
        ("too-soon called 6 days before", False),
        ("too-soon called 22 h before", False),
    ]


def test_a_call_that_turns_out_to_be_none_has_the_next_of_its_kind_called_for(line):
    def said():
        return [(row.outcome, row.because.partition("; ")[2]) for row in found_on(SECOND_DEVICE, 1, 2)]

    def found_on(device, *counters):
        rules = {(row.session_id, row.rule): row for row in rows(line.stores, FindingRow)}
        return [rules[session_id(device, counter), "too-soon"] for counter in counters]

    line.add_device(SECOND_DEVICE)
    line.meet(OTHER_PATIENT)
    line.know(recorded(start=ago(60)))
    for counter, hours in ((1, 40), (2, 20)):
        line.know(seen(SECOND_DEVICE), stored(rf_record(counter, start=ago(hours)), device=SECOND_DEVICE))
    assert said() == [("fires", ""), ("fires", "too-soon called 20 h before")]
    line.reassign(UID, OTHER_PATIENT)
    line.check()
    assert said() == [("clear", ""), ("fires", "")]
    assert ("too-soon", session_id(SECOND_DEVICE, 2)) in line.alerts()


def test_an_earlier_one_that_arrives_late_calls_and_the_later_one_says_so(line):
    line.know(recorded(2, start=ago(40)), recorded(3, start=ago(20)))
    assert soon(line, 3) == [("", True)]
    line.know(recorded(1, start=ago(60)))
    assert soon(line, 2, 3) == [("", True), ("too-soon called 20 h before", True)]


class Held:
    """A store whose write transactions stay open, once all is written, until they may end."""

    def __init__(self, database):
        self._database, self.read = database, database.read
        self.written, self.may_end = Event(), Event()

    @contextmanager
    def write(self):
        with self._database.write() as session:
            yield session
            session.flush()
            self.written.set()
            self.may_end.wait(60)


@pytest.fixture
def on_postgresql(tmp_path):
    """Where two write at once: on SQLite one waits for the other anyway."""
    postgres.server()
    (tmp_path / ON_POSTGRESQL).touch()
    made = Line(tmp_path)
    yield made
    made.stores.close()
    give_back(tmp_path)


def claimed(line, counter, name):
    line.mark(counter)
    with line.stores.database.write() as session:
        return claim_due(session, name, line.stores.clocks.wall(), 1)[0]


def test_two_sessions_of_one_patient_that_are_checked_at_once_call_once(on_postgresql):
    line = on_postgresql
    line.prescribe(limits=replace(RF_REGIMEN.limits, rest=HOUR))
    line.know(*(recorded(counter, start=ago(hours)) for counter, hours in ((1, 60), (2, 40), (3, 20))))
    line.prescribe()
    claims = [claimed(line, counter, name) for counter, name in ((2, "first"), (3, "second"))]
    held = Held(line.stores.database)
    first = Checker(held, line.stores.telemetry, line.stores.clocks, "first")
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first.check, claims[0])
        assert held.written.wait(60)
        other = pool.submit(checker_of(line.stores, "second").check, claims[1])
        postgres.meets_a_lock(line.stores.database.engine.url.database, other)
        held.may_end.set()
        one.result()
        other.result()
    line.check()
    assert soon(line, 2, 3) == [("", True), ("too-soon called 20 h before", False)]
