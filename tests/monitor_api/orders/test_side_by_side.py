"""Dispatchers beside each other: each order is taken by one at a time, under a number of its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from monitor_api.orders.asking import Moment, ask_hold, ask_stop
from monitor_api.orders.births import Birth, send_again
from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.orders import SendingRow, WishRow
from tests.monitor_api.orders.desk import Desk, FakeLine
from tests.service import CLINIC, GATEWAY, KEY, SECRET, rows
from vocabulary.identity import GatewayId

DISPATCHERS = 4
GATEWAYS = [GATEWAY, GatewayId("gw-02"), GatewayId("gw-03")]


def many_orders(desk: Desk) -> int:
    """Stops that are to go to three gateways each; how many orders that makes."""
    for _ in range(20):
        desk.ask(ask_stop)
    with desk.stores.database.write() as session:
        for gateway in GATEWAYS[1:]:
            wrapped = KeyWrap(SECRET).wrap(gateway, KEY)
            session.add(GatewayRow(id=gateway, clinic_id=CLINIC, name="g", registered_at=desk.now))
            session.flush()
            session.add(GatewayKeyRow(gateway_id=gateway, key_id=KEY.id, wrapped=wrapped, created_at=desk.now))
        for wish in session.query(WishRow):
            for gateway in GATEWAYS[1:]:
                session.add(SendingRow(wish_id=wish.id, gateway_id=gateway, times=0, due_at=desk.now))
    return 20 * len(GATEWAYS)


def test_dispatchers_at_once_take_each_order_once_under_numbers_that_nothing_else_has(desk: Desk):
    total = many_orders(desk)
    start = Barrier(DISPATCHERS)
    lines = [FakeLine() for _ in range(DISPATCHERS)]

    def dispatch(line):
        dispatcher = desk.another()
        start.wait(30)
        while dispatcher.send_due(line):
            pass

    with ThreadPoolExecutor(DISPATCHERS) as pool:
        list(pool.map(dispatch, lines))
    for line in lines:
        for topic in {one.topic for one in line.published}:
            mine = [number for one, number in zip(line.published, line.numbers(), strict=True) if one.topic == topic]
            assert mine == sorted(mine)
    names = [(one.topic, number) for line in lines for one, number in zip(line.published, line.numbers(), strict=True)]
    assert len(names) == len(set(names)) == total


def test_births_and_dispatchers_at_once_lose_no_order(desk: Desk):
    total = many_orders(desk)
    line, start = FakeLine(), Barrier(2)

    def be_born():
        start.wait(30)
        for boot in range(2, 12):
            for gateway in GATEWAYS:
                now = Moment(civil=desk.now, real=desk.now + timedelta(seconds=10 * boot))
                with desk.stores.database.write() as session:
                    send_again(session, Birth(gateway=gateway, boot=boot, retained=False), now)

    def dispatch():
        start.wait(30)
        for _ in range(20):
            desk.another().send_due(line)

    with ThreadPoolExecutor(2) as pool:
        for work in [pool.submit(be_born), pool.submit(dispatch)]:
            work.result()
    desk.later(seconds=119)
    assert len(rows(desk.stores, SendingRow)) == total
    assert len(line.numbers()) == len({(one.topic, n) for one, n in zip(line.published, line.numbers(), strict=True)})


def test_two_who_ask_at_once_leave_one_desired_state(desk: Desk):
    start = Barrier(DISPATCHERS)

    def ask(_):
        start.wait(30)
        return desk.ask(ask_hold, None)

    with ThreadPoolExecutor(DISPATCHERS) as pool:
        wishes = set(pool.map(ask, range(DISPATCHERS)))
    assert len(wishes) == DISPATCHERS
    assert sum(row.ended_at is None for row in rows(desk.stores, WishRow)) == 1
