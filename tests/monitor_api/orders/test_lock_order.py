"""Dispatchers on PostgreSQL lock orders first, then the ways to their gateways by name: none waits in a circle."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from monitor_api.clock import Moment
from monitor_api.orders.asking import ask_stop
from monitor_api.orders.births import Birth, send_again
from monitor_api.orders.sending import Seals, line_to, take_due
from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.orders import SendingRow
from monitor_api.records.signing import Signatures
from tests.monitor_api.orders.desk import Desk
from tests.servers import postgres
from tests.service import CLINIC, GATEWAY, KEY, ON_POSTGRESQL, SECRET, give_back, rows
from vocabulary.identity import GatewayId
from vocabulary.wire.orders import read_order_header

LAST = GatewayId("gw-02")
SECOND = timedelta(seconds=1)


@pytest.fixture
def desk(tmp_path):
    (tmp_path / ON_POSTGRESQL).touch()
    made = Desk(tmp_path)
    with made.stores.database.write() as session:
        line_to(session, GATEWAY).number = 10**15  # as of a clock that was far ahead: no number is the time itself
    yield made
    made.close()
    give_back(tmp_path)


def taken(desk, session, after=timedelta(0)):
    now = Moment(civil=desk.now + after, real=desk.now + after)
    return take_due(session, Seals(wrap=KeyWrap(SECRET), signatures=Signatures(desk.keys)), now)


def numbers(sealed):
    return [read_order_header(one.payload).number for one in sealed]


@contextmanager
def held_up(desk, work):
    """What work does in a transaction of its own, once another lock than its own holds it up."""

    def do_it():
        with desk.stores.database.write() as session:
            return work(session)

    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(do_it)
        assert postgres.meets_a_lock(desk.stores.database.engine.url.database, doing)
        yield doing


def is_free(desk, gateway):
    """Whether nobody holds the row of the way to a gateway."""
    with postgres.server().connection(desk.stores.database.engine.url.database) as other:
        try:
            other.execute("SELECT 1 FROM order_line WHERE gateway_id = %s FOR UPDATE NOWAIT", (gateway,))
        except psycopg.errors.LockNotAvailable:
            return False
    return True


def test_of_two_that_send_to_one_gateway_at_once_the_second_waits_for_a_number_of_its_own(desk):
    desk.ask(ask_stop)
    desk.later(seconds=1).ask(ask_stop)
    desk.now -= SECOND
    with desk.stores.database.write() as first:
        early = taken(desk, first)
        with held_up(desk, lambda session: taken(desk, session, after=SECOND)) as doing:
            first.commit()
            late = doing.result()
    assert (len(early), len(late)) == (1, 1)
    assert numbers(late) > numbers(early)


def test_who_sends_to_several_gateways_waits_for_one_with_those_before_it_in_hand(desk):
    desk.ask(ask_stop)
    with desk.stores.database.write() as session:
        session.add(GatewayRow(id=LAST, clinic_id=CLINIC, name="g", registered_at=desk.now))
        session.flush()
        wrapped = KeyWrap(SECRET).wrap(LAST, KEY)
        session.add(GatewayKeyRow(gateway_id=LAST, key_id=KEY.id, wrapped=wrapped, created_at=desk.now))
        (sending,) = session.scalars(select(SendingRow))
        session.add(SendingRow(wish_id=sending.wish_id, gateway_id=LAST, times=0, due_at=desk.now - SECOND))
        line_to(session, LAST)
    with desk.stores.database.write() as other:
        line_to(other, LAST)
        with held_up(desk, lambda session: taken(desk, session)) as doing:
            assert not is_free(desk, GATEWAY)
            other.commit()
            assert len(doing.result()) == 2


def test_a_birth_waits_for_orders_under_way_without_the_way_in_hand(desk):
    desk.ask(ask_stop)
    birth = Birth(gateway=GATEWAY, boot=2, retained=False)
    with desk.stores.database.write() as dispatching:
        dispatching.execute(select(SendingRow).with_for_update())
        now = Moment(civil=desk.now, real=desk.now)
        with held_up(desk, lambda session: send_again(session, birth, now)) as doing:
            assert is_free(desk, GATEWAY)
            dispatching.commit()
            assert doing.result()
    assert [row.times for row in rows(desk.stores, SendingRow)] == [0]
