"""What changes reaches whom it concerns, over a real server: httpx's own transport never opens a stream."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from sqlalchemy import delete, func, select
from starlette.requests import Request

from monitor_api.http.callers import Caller, credential_of, find_caller
from monitor_api.http.change_feed import WAITING_AT_MOST, ChangeFeed
from monitor_api.http.event_stream import EventStream
from monitor_api.http.policy import Role
from monitor_api.http.queries.changes import AT_ONCE, SeenChange, concerns
from monitor_api.http.visits import Visit
from monitor_api.records.attention import ChangeRow
from monitor_api.records.people import LoginRow
from tests.monitor_api.http.tenants import NOW, Tenant
from tests.monitor_api.http.world import Client, World


@dataclass(frozen=True)
class Message:
    id: int
    event: str
    data: dict[str, Any]


@pytest.fixture
def server(world: World) -> Iterator[str]:
    """The address of a server on a free port."""
    config = uvicorn.Config(
        world.app, port=0, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1
    )
    running = uvicorn.Server(config)
    thread = Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join()


@contextmanager
def following(server: str, client: Client, path: str = "/api/v1/events", **headers: str) -> Iterator[Iterator[Message]]:
    """The messages of a stream, from `hello` or `reset` on."""
    own = {name: client.http.headers[name] for name in ("cookie", "authorization") if name in client.http.headers}
    with (
        httpx.Client(base_url=server, timeout=8) as http,
        http.stream("GET", path, headers={**own, **headers}) as stream,
    ):
        assert stream.status_code == 200, stream.read()
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield messages(stream.iter_lines())


def messages(lines: Iterator[str]) -> Iterator[Message]:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line == "" and "event" in fields:
            yield Message(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields = {}
        elif name:
            fields[name] = value


def change(
    world: World, tenant: Tenant, kind: str = "session", patient: UUID | None = None, id_: int | None = None
) -> int:
    row = ChangeRow(
        id=id_, clinic_id=tenant.id, at=NOW, kind=kind, subject_id=f"{kind} of {tenant.letter}", patient_id=patient
    )
    with world.database.write() as session:
        session.add(row)
        session.flush()
        return row.id


def newest(world: World) -> int:
    with world.database.read() as session:
        return session.scalar(select(func.max(ChangeRow.id)))


@pytest.mark.alone
def test_a_change_arrives_within_half_a_second(world: World, physician: Client, server: str):
    with following(server, physician) as stream:
        assert next(stream).event == "hello"
        for _ in range(5):
            began = time.perf_counter()
            written = change(world, world.a)
            assert next(stream) == Message(written, "session", {"id": "session of a", "at": "2026-03-02T20:00:00Z"})
            assert time.perf_counter() - began < 0.5


def test_everybody_is_told_of_what_they_may_see_and_nothing_else(world: World, server: str):
    told = {
        Role.PHYSICIAN: ["session", "alert", "device", "patient", "regimen", "device"],
        Role.MAKER: ["session", "device", "device"],
        Role.OPERATOR: ["device", "patient", "device"],
        Role.PATIENT: ["session", "device", "regimen", "device"],
    }
    for role, expected in told.items():
        with following(server, world.browser(role)) as stream:
            next(stream)
            for kind in ("session", "alert", "device", "patient", "regimen"):
                change(world, world.b, kind, world.b.patient)
                change(world, world.a, kind, world.a.patient if kind != "patient" else world.a.other_patient)
            change(world, world.a, "device", world.a.patient)
            assert [next(stream).event for _ in expected] == expected


def test_a_change_of_another_clinic_or_of_a_kind_nobody_knows_concerns_nobody(world: World):
    caller, at = a_physician(world), NOW
    changes = [
        SeenChange(id=1, clinic=clinic, kind=kind, subject_id="", patient=None, at=at)
        for clinic, kind in ((world.a.id, "alert"), (world.b.id, "alert"), (world.a.id, "a new kind"))
    ]
    assert [concerns(one, caller) for one in changes] == [True, False, False]


@pytest.mark.parametrize("by", ["header", "query"])
def test_who_comes_back_gets_what_was_missed(world: World, physician: Client, server: str, by: str):
    left_at = newest(world)
    missed = [change(world, tenant) for tenant in (world.a, world.b, world.a)]
    query, headers = (f"?after={left_at}", {}) if by == "query" else ("", {"Last-Event-ID": str(left_at)})
    with following(server, physician, f"/api/v1/events{query}", **headers) as stream:
        assert [next(stream).event for _ in range(3)] == ["hello", "session", "session"]
        change(world, world.a, "alert")
        assert next(stream).event == "alert"
    assert len(missed) == 3


def test_a_change_that_becomes_visible_late_arrives_and_can_be_resumed_to(world: World, physician: Client, server: str):
    before = newest(world)
    with following(server, physician) as stream:
        next(stream)
        change(world, world.a, "session", id_=before + 2)
        early = next(stream)
        assert (early.event, early.id) == ("session", before)
        change(world, world.a, "alert", id_=before + 1)
        assert next(stream).event == "alert"
    with following(server, physician, **{"Last-Event-ID": str(early.id)}) as stream:
        assert [next(stream).event for _ in range(3)] == ["hello", "alert", "session"]


@pytest.mark.parametrize("cursor", ["0", "999999", "nonsense"])
def test_a_cursor_that_cannot_be_resumed_leads_to_a_reset(world: World, physician: Client, server: str, cursor: str):
    for _ in range(3):
        change(world, world.a)
    with world.database.write() as session:
        session.execute(delete(ChangeRow).where(ChangeRow.id < 3))
    with following(server, physician, **{"Last-Event-ID": cursor}) as stream:
        assert next(stream).event == "reset"
        change(world, world.a, "alert")
        assert "alert" in (message.event for message in stream)


def test_who_missed_too_much_is_told_to_look_at_everything_again(world: World, physician: Client, server: str):
    with world.database.write() as session:
        session.add_all(
            ChangeRow(clinic_id=world.a.id, at=NOW, kind="session", subject_id="s") for _ in range(AT_ONCE + 1)
        )
    with following(server, physician, **{"Last-Event-ID": "1"}) as stream:
        assert next(stream).event == "reset"


def test_a_stream_ends_soon_after_its_login(world: World, physician: Client, server: str):
    with following(server, physician) as stream:
        next(stream)
        with world.database.write() as session:
            session.execute(delete(LoginRow))
        began = time.perf_counter()
        assert list(stream) == []
        assert time.perf_counter() - began < 5


def test_a_server_that_stops_ends_its_streams(world: World):
    async def run() -> bool:
        feed = ChangeFeed(world.database, world.hands.clocks.wall)
        async with feed.running():
            with feed.subscribed(a_physician(world)) as inbox:
                feed.close()
                await asyncio.wait_for(inbox.take(), 1)
                return inbox.closed

    assert world.runner.run(run())


def a_physician(world: World) -> Caller:
    client = world.browser(Role.PHYSICIAN)
    scope = {"type": "http", "headers": [(b"cookie", client.http.headers["cookie"].encode())]}
    with world.database.read() as session:
        return find_caller(session, credential_of(Request(scope), "lumenward"), world.hands.wall)


def test_a_heartbeat_is_a_comment_and_a_slow_client_is_told_to_look_again(world: World):
    sent: list[bytes] = []

    async def run() -> None:
        api, caller = world.app.state.api, a_physician(world)
        stream = EventStream(Visit(api=api, caller=caller, now=NOW, path="/"), None)
        leave, ready = asyncio.Event(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            await leave.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message.get("body", b""))
            ready.set()

        following = asyncio.create_task(stream({}, receive, send))
        while not any(b"hello" in body for body in sent):
            await ready.wait()
            ready.clear()
        await api.feed._beat()
        await asyncio.sleep(0.01)
        for _ in range(WAITING_AT_MOST + 1):
            await api.feed._beat()
        await asyncio.sleep(0.01)
        leave.set()
        await following

    world.runner.run(run())
    assert b": still here\n\n" in sent
    assert b"event: reset" in sent[-2]


def test_nobody_follows_without_a_login(server: str):
    assert httpx.get(f"{server}/api/v1/events").status_code == 401
