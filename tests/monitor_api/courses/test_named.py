"""What devices named, as it is stored: the same however states come, and what is missing by it as by every state."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import event, select

from monitor_api.clock import Clocks
from monitor_api.courses.proving import Here, Named, missing_records, proof_of
from monitor_api.ingest.named import store_named
from monitor_api.records.devices import DeviceRow, NamedRow
from monitor_api.records.sessions import SessionRow
from tests.monitor_api.check.line import Line, ago
from tests.servers import postgres
from tests.service import CLINIC, GATEWAY, UID, FakeBroker, rf_device, worker_of
from vocabulary.devices import DeviceState
from vocabulary.identity import DeviceUid, session_id
from vocabulary.wire.batches import ReportedMark

HOUR = timedelta(hours=1)
START = ago(24 * 20)
COMES = START + 100 * HOUR
"""When the first batch with states comes; each other one comes an hour after the one before."""


class State(NamedTuple):
    hour: int
    newest: int
    emits: bool


class Life(NamedTuple):
    """States by the hour, the batches in which they came, and the sessions that are here, by counter and hour."""

    states: list[State]
    batches: list[list[State]]
    here: dict[int, int]


@st.composite
def lives(draw):
    numbers = draw(st.lists(st.integers(0, 5), min_size=1, max_size=8))
    if draw(st.booleans()):
        numbers.sort()
    hours = sorted(draw(st.sets(st.integers(1, 90), min_size=len(numbers), max_size=len(numbers))))
    emitting = [False, *(draw(st.sampled_from((False, False, True))) for _ in numbers[1:])]
    states = [State(*one) for one in zip(hours, numbers, emitting, strict=True)]
    again = draw(st.lists(st.sampled_from(states), max_size=3))
    told = draw(st.permutations([*states, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(told)), max_size=3)))
    batches = [told[low:high] for low, high in zip([0, *cuts], [*cuts, len(told)], strict=True)]
    missing = draw(st.sets(st.integers(1, 5), max_size=2))
    here = {number: draw(st.integers(0, 90)) for number in range(1, 6) if number not in missing}
    return Life(states, batches, here)


class Home:
    """A service whose clock a test sets, and devices of which it is told."""

    def __init__(self, directory):
        self.line, self.now = Line(directory), START
        stores = replace(self.line.stores, clocks=Clocks(civil=lambda: self.now, wall=lambda: datetime.now(UTC)))
        self.worker, self.database = worker_of(stores, directory), stores.database
        self.uids = (DeviceUid(f"{number:016x}") for number in count(0x1000))

    def tell(self, at: datetime, *items) -> None:
        self.now = at
        self.worker.handle([self.line.gateway.batch(*items, sealed_at=at)], FakeBroker(), lambda _: True)

    def lives(self, life: Life) -> DeviceUid:
        """Tell of a new device."""
        uid = next(self.uids)
        self.tell(START, structs.replace(rf_device(), device=uid))
        for number, batch in enumerate(life.batches):
            self.tell(COMES + number * HOUR, *(mark(uid, one) for one in batch))
        with self.database.write() as session:
            session.add_all(session_row(uid, number, hour) for number, hour in life.here.items())
        return uid

    def proof(self, device: DeviceUid):
        with self.database.read() as session:
            return proof_of(session, session.get_one(DeviceRow, (CLINIC, device)))


def mark(device: DeviceUid, one: State) -> ReportedMark:
    state = DeviceState.EMITTING if one.emits else DeviceState.READY
    return ReportedMark(device=device, at=START + one.hour * HOUR, state=state, newest=one.newest, timeline=1)


def session_row(device: DeviceUid, counter: int, hour: int) -> SessionRow:
    at = START + hour * HOUR
    return SessionRow(
        clinic_id=CLINIC,
        id=session_id(device, counter),
        device_uid=device,
        counter=counter,
        gateway_id=GATEWAY,
        first_heard_at=COMES,
        heard_at=COMES,
        recorded=True,
        checked_at=COMES,
        started_earliest=at,
        started_latest=at,
        zones=[],
        samples_stored=0,
        samples_missing=0,
    )


@pytest.fixture
def home(data):
    home = Home(data)
    with closing(home.line.stores):
        yield home


def every_state(life: Life) -> list[Named]:
    """All states that name sessions, each known since anybody told of one in the same count that names as much."""
    naming, came = [one for one in life.states if not one.emits], {}
    for number, batch in enumerate(life.batches):
        for one in batch:
            came.setdefault(one, COMES + number * HOUR)
    found = []
    for place, one in enumerate(naming):
        known_at, before = came[one], one
        for later in naming[place + 1 :]:
            if later.newest < before.newest:
                break
            known_at, before = min(known_at, came[later]), later
        at = START + one.hour * HOUR
        found.append(Named(one.newest, at, by_at=at, known_at=known_at))
    return found


def test_what_is_missing_is_the_same_by_what_is_stored_as_by_every_state(home):
    @settings(max_examples=25)
    @given(lives())
    def holds(life):
        named = every_state(life)
        here = {one: Here(START + hour * HOUR, START + hour * HOUR, COMES) for one, hour in life.here.items()}
        proof = home.proof(home.lives(life))
        assert (proof.until, proof.missing) == (named[-1].at, tuple(missing_records(named, here)))

    holds()


def test_where_no_number_fell_no_state_is_read_however_many_there_are(home):
    states = [State(hour, hour // 20, emits=False) for hour in range(1, 91)]
    device = home.lives(Life(states, [states], {1: 15, 3: 55, 4: 75}))
    asked = []
    event.listen(home.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    (missing,) = home.proof(device).missing
    assert (missing.count, missing.after, missing.before) == (1, START + 39 * HOUR, START + 40 * HOUR)
    assert any("FROM named" in statement for statement in asked)
    assert not any("FROM mark" in statement for statement in asked)


def test_two_workers_that_take_states_of_one_device_at_once_store_what_both_say():
    def row(hour: int, learned: int):
        at, learned_at = START + hour * HOUR, START + learned * HOUR
        name = {"clinic_id": CLINIC, "device_uid": UID, "state": "ready", "detail": {"newest": 1}}
        return name | {"at": at, "by_at": at, "learned_at": learned_at}

    with postgres.database() as database:

        def take(*marks):
            with database.write() as session:
                store_named(session, marks)

        with ThreadPoolExecutor(1) as pool:
            with database.write() as session:
                store_named(session, [row(5, 9), row(7, 9)])
                other = pool.submit(take, row(6, 8), row(3, 8))
                assert postgres.meets_a_lock(database.engine.url.database, other)
            other.result()
        with database.read() as session:
            (named,) = session.scalars(select(NamedRow))
    assert (named.first_at, named.last_at, named.learned_at) == tuple(START + hour * HOUR for hour in (3, 7, 8))
