"""The uplink on bad networks: cut, stalled, silent; everything arrives, once, and what is live arrives first."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from random import Random
from time import monotonic

import pytest

from gateway.outbox.store import WINDOW, Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.sessions.entries import Entry
from gateway.uplink import Pace, Uplink
from monitor_api.ingest.subscriber import Subscriber
from monitor_api.records.devices import BatchRow, MarkRow, QuarantineRow
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.outboxes import DEAF, memory_disk
from tests.line.brokers import BROKERS, running_broker
from tests.line.fault_proxy import FaultProxy
from tests.line.test_uplink import ACCOUNTS, Ingest, arrived, now, told
from tests.service import GATEWAY, KEY, UID, found, key_of, open_service, rf_samples, rows
from vocabulary.wire.batches import ReportedMark


@pytest.fixture(params=BROKERS)
def broker(request, tmp_path):
    with running_broker(request.param, tmp_path, ACCOUNTS) as running:
        yield running


@pytest.fixture
def directory():
    with memory_disk() as made:
        stores = open_service(made)
        found(stores)
        stores.close()
        yield made


@asynccontextmanager
async def behind(broker, directory, **pace):
    """A gateway whose broker is behind a proxy: the proxy, the uplink and the writer."""
    async with FaultProxy(broker.port, Random(1)) as proxy:
        outbox = Outbox(directory / "outbox.sqlite", GATEWAY, KEY, now)
        settings = told(broker, GATEWAY).model_copy(update={"port": proxy.port})
        pace = Pace(random=Random(2).random, **{"reconnect_s": 0.02, "resend_s": 0.5} | pace)
        uplink = Uplink(GATEWAY, KEY, settings, receivers=DEAF, pace=pace)
        writer = OutboxWriter(outbox, uplink.wake)
        writer.start()
        running = asyncio.ensure_future(uplink.run(writer))
        try:
            yield proxy, uplink, writer
        finally:
            proxy.black_hole = False
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await writer.stop()


def mark(newest):
    return ReportedMark(device=UID, at=now(), state="ready", newest=newest, timeline=1)


class LosesReceipts(Subscriber):
    """An ingest whose receipts get lost, three in ten."""

    chance = Random(4)

    def publish(self, message):
        if self.chance.random() >= 0.3:
            super().publish(message)


@pytest.mark.parametrize("stride", [19, pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
@in_a_loop
async def test_a_connection_cut_after_any_byte_of_a_batch_stores_it_once(broker, directory, stride):
    with Ingest(broker, directory) as ingest:
        async with behind(broker, directory) as (proxy, uplink, writer):
            await until(lambda: uplink._connection.is_open, seconds=20)
            for count, byte in enumerate(range(1, 10_000, stride), start=1):
                before = proxy.connections
                proxy.cut_after = byte
                await writer.put(Entry(items=(rf_samples(count - 1, 1),)))
                await arrived(writer)
                if proxy.connections == before:
                    break
            sealed = (await writer.ask(Outbox.counts))["taken"]
        series = ingest.stores.telemetry.series(key_of())
        assert (series.count, series.clashes) == (count, 0)
        assert len(rows(ingest.stores, BatchRow)) == sealed == count
        assert byte > 350
        assert rows(ingest.stores, QuarantineRow) == []


@pytest.mark.timeout(120)
@in_a_loop
async def test_on_a_network_that_cuts_stalls_and_loses_receipts_everything_arrives(broker, directory):
    with Ingest(broker, directory, subscriber=LosesReceipts) as ingest:
        async with behind(broker, directory) as (proxy, _, writer):
            proxy.cuts, proxy.stalls = 0.2, 0.3
            first = 0
            while first < 300 or proxy.connections < 6:
                await writer.put(Entry(items=(rf_samples(first),)))
                await asyncio.sleep(0.02)
                first += 10
            await arrived(writer, seconds=90)
        series = ingest.stores.telemetry.series(key_of())
        assert (series.count, series.clashes) == (first, 0)


@in_a_loop
async def test_a_black_hole_is_noticed_within_two_keep_alives_and_costs_nothing(broker, directory):
    with Ingest(broker, directory) as ingest:
        async with behind(broker, directory, keep_alive_s=3) as (proxy, uplink, writer):
            await until(lambda: uplink._connection.is_open, seconds=20)
            proxy.black_hole, began = True, monotonic()
            await writer.put(Entry(items=(rf_samples(0),)))
            await until(lambda: not uplink._connection.is_open, seconds=20)
            noticed = monotonic() - began
            proxy.black_hole = False
            await arrived(writer)
        assert noticed <= 6
        assert ingest.stores.telemetry.series(key_of()).count == 10


@pytest.mark.parametrize("days", [1, pytest.param(7, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])])
@pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)
@in_a_loop
async def test_after_days_offline_what_is_live_arrives_before_the_backlog_and_all_of_it_arrives(
    broker, directory, days
):
    """Two devices at one sample a second; ten minutes for the backlog of a week."""
    sessions = range(1, 144 * days + 1)
    async with behind(broker, directory) as (proxy, _, writer):
        proxy.black_hole = True
        for newest in range(WINDOW):
            await writer.put(Entry(items=(mark(newest),)))
        for session in sessions:
            for first in range(0, 1200, 60):
                await writer.put(Entry(items=(rf_samples(first, 60, counter=session),)))
        with Ingest(broker, directory) as ingest:
            proxy.black_hole, back = False, monotonic()
            await writer.put(Entry(items=(mark(4711),)))
            await until(lambda: 4711 in {row.detail["newest"] for row in rows(ingest.stores, MarkRow)}, seconds=30)
            live_s, left = monotonic() - back, (await writer.ask(Outbox.counts)).get("blocks", 0)
            await drained(writer, seconds=600)
            counts = Counter(ingest.stores.telemetry.series(key_of(session)).count for session in sessions)
    assert counts == {1200: len(sessions)}
    assert live_s < 5
    assert left > 0


async def drained(writer, seconds):
    """Wait until no block waits, nor any batch."""
    async with asyncio.timeout(seconds):
        while set(await writer.ask(Outbox.counts)) != {"taken"}:  # noqa: ASYNC110 - the outbox has no event
            await asyncio.sleep(0.05)
