"""Requests and transactions that overlap: what one looked at is so when it is committed, and no change is missed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

import httpx
import pytest
from anyio import CapacityLimiter

from monitor_api.http.change_feed import ChangeFeed
from monitor_api.http.policy import Role
from monitor_api.records.attention import AlertRow, AuditRow
from monitor_api.records.database import Database
from monitor_api.records.sessions import RegimenRow
from monitor_api.records.trail import Change, ChangeKind, announce
from tests.monitor_api.http.clients import Client
from tests.monitor_api.http.tenants import BODY
from tests.monitor_api.http.world import World
from tests.servers import postgres
from vocabulary.identity import ClinicId

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CLINIC = ClinicId(uuid4())


@pytest.fixture
def database():
    with postgres.database() as made:
        yield made


def test_postgresql_feed_finds_each_change_once_in_whatever_order_transactions_end(database: Database):
    """Ten are open at once, each has drawn its id; two of ten are rolled back, and the feed looks after each end."""
    chance, feed = Random(7), ChangeFeed(database, lambda: NOW)
    committed, seen = list[str](), list[str]()
    for turn in range(6):
        opened = [(f"{turn}.{number}", ExitStack()) for number in range(10)]
        for subject, transaction in opened:
            session = transaction.enter_context(database.write())
            announce(session, Change(clinic=CLINIC, kind=ChangeKind.DEVICE, subject_id=subject), NOW)
            session.flush()
            if subject.endswith(("3", "8")):
                transaction.callback(session.rollback)
            else:
                committed.append(subject)
        chance.shuffle(opened)
        for _, transaction in opened:
            transaction.close()
            seen += found(feed)
    assert sorted(seen) == sorted(committed)


def test_a_feed_that_begins_while_a_transaction_is_open_still_finds_what_it_brings(database: Database):
    with database.write() as early:
        announce(early, Change(clinic=CLINIC, kind=ChangeKind.DEVICE, subject_id="early"), NOW)
        early.flush()
        with database.write() as late:
            announce(late, Change(clinic=CLINIC, kind=ChangeKind.DEVICE, subject_id="late"), NOW)
        feed = ChangeFeed(database, lambda: NOW)
        asyncio.run(feed._begin(CapacityLimiter(1)))
        assert found(feed) == []
    assert found(feed) == ["early"]


def found(feed: ChangeFeed) -> list[str]:
    async def find() -> list[str]:
        return [change.subject_id for change in await feed._find(CapacityLimiter(1))]

    return asyncio.run(find())


def at_once(world: World, *asking: Callable[[], Awaitable[httpx.Response]]) -> list[int]:
    """The statuses of requests that the API does at the same time."""

    async def ask() -> list[httpx.Response]:
        return await asyncio.gather(*(one() for one in asking))

    return sorted(answer.status_code for answer in world.runner.run(ask()))


def a_regimen(world: World) -> dict[str, object]:
    (phase,) = BODY["phases"]
    led = {"modality": "led", "phases": [{**phase, "dose": {"value": 36, "unit": "J/cm2"}}]}
    return {**led, "from_at": "2026-03-02T20:00:00Z", "patient_id": str(world.a.patient)}


def test_of_two_who_prescribe_at_once_one_is_told_that_there_is_a_regimen(world: World, physician: Client):
    body = a_regimen(world)
    assert at_once(world, *[lambda: physician.http.post("/api/v1/regimens", json=body)] * 4) == [201, 409, 409, 409]
    with world.database.read() as session:
        assert session.query(RegimenRow).filter(RegimenRow.modality == "led").count() == 1


def test_of_two_who_acknowledge_at_once_one_has_the_alert(world: World):
    path = f"/api/v1/alerts/{world.a.alert}/acknowledge"
    people = [world.browser(Role.PHYSICIAN) for _ in range(4)]
    assert at_once(world, *[lambda one=one: one.http.post(path) for one in people])[1:] == [409, 409, 409]
    with world.database.read() as session:
        assert session.get_one(AlertRow, (world.a.id, world.a.alert)).acknowledged_at is not None
        assert session.query(AuditRow).filter(AuditRow.action == "alert acknowledged").count() == 1


def test_one_idempotency_key_used_by_requests_at_once_creates_once(world: World, operator: Client):
    body, key = {"name": "Petra", "reference": "77", "zone": "UTC"}, {"Idempotency-Key": "k"}
    asking = [lambda: operator.http.post("/api/v1/patients", json=body, headers=key)] * 4
    assert at_once(world, *asking) == [201] * 4
    patients = operator.get("/api/v1/patients").json()["items"]
    assert [one["reference"] for one in patients].count("77") == 1
