"""What batches say of a device: who heard it last, and what counts as hearing it."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor_api.records.devices import DeviceRow, GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.sessions import SessionRow
from tests.monitor_api.check.line import Line
from tests.service import CLINIC, KEY, SECRET, UID, FakeBroker, Sealer, rf_samples, rows
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import Gap, GuardStop, LinkStatus, OrderOutcome, ReportedOrder

OTHER = GatewayId("gw-02")
SECOND = timedelta(seconds=1)


@pytest.fixture
def line(data):
    made = Line(data)
    yield made
    made.stores.close()


def add_gateway(line):
    long_ago = datetime.now(UTC) - timedelta(days=30)
    wrapped = KeyWrap(SECRET).wrap(OTHER, KEY)
    with line.stores.database.write() as session:
        session.add(GatewayRow(id=OTHER, clinic_id=CLINIC, name="other", registered_at=long_ago, heard_at=None))
        session.flush()
        session.add(
            GatewayKeyRow(gateway_id=OTHER, key_id=KEY.id, wrapped=wrapped, created_at=long_ago, retired_at=None)
        )


def device(line):
    (row,) = rows(line.stores, DeviceRow)
    return row


def test_a_device_is_with_the_gateway_that_heard_it_last_though_both_come_in_one_group(line):
    add_gateway(line)
    now = datetime.now(UTC)
    first, last = (LinkStatus(device=UID, connected=True, heard_at=now - ago * SECOND) for ago in (3, 1))
    one = line.gateway.batch(first, sealed_at=now - 2 * SECOND)
    other = Sealer(epoch=2).batch(last, sealed_at=now - SECOND, gateway=OTHER)
    line.worker.handle([one, other], FakeBroker(), bool)
    assert (device(line).gateway_id, device(line).heard_at) == (OTHER, last.heard_at)


def test_a_stop_by_the_guard_is_a_sign_of_its_device_and_what_came_of_an_order_is_none(line):
    at = datetime.now(UTC) - 9 * SECOND
    line.bring(GuardStop(device=UID, counter=1, rule="hot-skin", because="-", at=at, outcome=OrderOutcome.DONE))
    line.bring(ReportedOrder(device=UID, wish="0" * 32, outcome=OrderOutcome.UNREACHABLE, at=at + SECOND))
    line.bring(ReportedOrder(device="f" * 16, wish="0" * 32, outcome=OrderOutcome.UNREACHABLE, at=at + SECOND))
    assert device(line).heard_at == at


def test_a_session_keeps_the_numbering_that_it_was_counted_in(line):
    block, gap = rf_samples(0), Gap(device=UID, counter=1, first=0, last=9, epoch="a" * 16)
    line.bring(block, gap)
    assert {(row.counter, row.epoch) for row in rows(line.stores, SessionRow)} == {(1, None), (1, "a" * 16)}
