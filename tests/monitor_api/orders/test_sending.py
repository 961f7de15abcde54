"""Orders from the wish to the broker: numbered once, sent until they are heard of, and never when they are over."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.orm import Session

from monitor_api.clock import Moment
from monitor_api.orders.asking import ask_hold, ask_lift, ask_limits, ask_stop
from monitor_api.orders.tending import tend
from monitor_api.records.attention import AuditRow, ChangeRow
from monitor_api.records.devices import DeviceRow, GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.orders import OrderLineRow, SendingRow, WishRow
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from monitor_api.records.signing import Signatures, make_key
from tests.monitor_api.orders.desk import DR_WEISS, Desk, FakeLine
from tests.service import CLINIC, GATEWAY, KEY, PATIENT, SECRET, UID, rows
from vocabulary.errors import SealError
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import OrderOutcome, ReportedOrder
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.orders import Desired, Hold, Stop, open_order

OTHER = GatewayId("gw-02")
OTHER_KEY = GatewayKey(1, bytes(range(64, 96)))


def reported(wish: str, outcome: str = "taken", at: datetime | None = None) -> ReportedOrder:
    return ReportedOrder(device=UID, wish=wish, outcome=OrderOutcome(outcome), at=at or datetime.now(UTC))


def other_gateway(desk: Desk) -> None:
    with desk.stores.database.write() as session:
        session.add(GatewayRow(id=OTHER, clinic_id=CLINIC, name="next door", registered_at=desk.now))
        session.flush()
        wrapped = KeyWrap(SECRET).wrap(OTHER, OTHER_KEY)
        session.add(GatewayKeyRow(gateway_id=OTHER, key_id=OTHER_KEY.id, wrapped=wrapped, created_at=desk.now))


def move_device(desk: Desk, gateway: GatewayId) -> None:
    with desk.stores.database.write() as session:
        session.get_one(DeviceRow, (CLINIC, UID)).gateway_id = gateway
    desk.dispatcher.tend()


def test_a_stop_is_good_for_a_minute_and_goes_at_once(desk: Desk):
    wish = desk.ask(ask_stop)
    assert desk.dispatch() == [Stop(device=UID, wish=wish, until=desk.now + timedelta(seconds=60))]
    assert [one.kept_s for one in desk.line.published] == [60]


def test_nobody_can_have_a_stop_tried_for_longer_than_five_minutes(desk: Desk):
    desk.ask(ask_stop, timedelta(hours=1))
    (stop,) = desk.dispatch()
    assert stop.until == desk.now + timedelta(minutes=5)


def test_an_order_that_nothing_is_heard_of_goes_again_after_longer_and_longer_waits(desk: Desk):
    desk.ask(ask_hold, None)
    sent, began = [], desk.now
    for _ in range(200):
        sent += [(desk.now - began).total_seconds() for _ in desk.dispatch()]
        desk.later(seconds=0.5)
    assert sent == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5]


def test_an_order_that_a_gateway_has_does_not_go_again(desk: Desk):
    wish = desk.ask(ask_hold, None)
    desk.dispatch()
    desk.report(reported(wish))
    assert desk.later(hours=1).dispatch() == []


def test_a_stop_whose_time_is_over_is_not_sent_and_is_said_to_be_over(desk: Desk):
    desk.ask(ask_stop)
    asked = desk.now
    assert desk.later(seconds=60).dispatch() == []
    desk.dispatcher.tend()
    (wish,) = rows(desk.stores, WishRow)
    assert (wish.until_at, wish.ended_at) == (asked + timedelta(seconds=60), desk.now)


def test_numbers_rise_and_none_is_given_out_twice_whoever_sends(desk: Desk):
    for _ in range(30):
        desk.ask(ask_stop)
    lines = [FakeLine() for _ in range(4)]
    threads = [Thread(target=drain, args=(desk.another(), line)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [number for line in lines for number in line.numbers()]
    assert len(set(numbers)) == len(numbers) == 30
    assert all(line.numbers() == sorted(line.numbers()) for line in lines)


def drain(dispatcher, line):
    while dispatcher.send_due(line):
        pass


def test_a_number_is_on_disk_before_its_order_is_sent(desk: Desk):
    seen = []

    class Watching(FakeLine):
        def publish(self, order):
            super().publish(order)
            seen.append([row.number for row in rows(desk.stores, OrderLineRow)] == self.numbers())

    desk.ask(ask_stop)
    desk.dispatcher.send_due(Watching())
    assert seen == [True]


def test_a_store_that_was_restored_from_a_backup_numbers_on_above_what_it_gave_out(desk: Desk):
    desk.ask(ask_stop)
    desk.dispatch()
    (before,) = desk.line.numbers()
    with desk.stores.database.write() as session:
        session.get_one(OrderLineRow, GATEWAY).number = 0
    desk.later(seconds=1).dispatch()
    assert desk.line.numbers()[0] > before


def test_a_store_that_was_restored_from_a_backup_gives_no_revision_twice(desk: Desk):
    for _ in range(5):
        desk.ask(ask_limits, None)
    (before,) = desk.dispatch()
    with desk.stores.database.write() as session:
        session.execute(delete(SendingRow))
        session.execute(delete(WishRow))
    desk.later(seconds=1).ask(ask_hold, None)
    (hold,) = desk.dispatch()
    assert hold.revision > before.revision


def test_revisions_rise_also_while_time_stands_still(desk: Desk):
    desk.ask(ask_limits, None)
    (before,) = desk.dispatch()
    desk.later(days=-1).ask(ask_hold, None)
    (row,) = [one for one in rows(desk.stores, WishRow) if one.kind == "hold"]
    assert row.revision == before.revision + 1


def test_an_order_that_cannot_be_made_keeps_no_other_from_going_and_is_tried_again(desk: Desk, caplog):
    desk.dispatcher.set_limits()
    (version,) = rows(desk.stores, RegimenVersionRow)
    prescribe(desk, {"not": "a regimen"})
    stop = desk.ask(ask_stop)
    assert [order.wish for order in desk.dispatch()] == [stop]
    assert "no order for gw-01" in caplog.text
    prescribe(desk, version.body)
    assert {type(order) for order in desk.later(seconds=1).dispatch()} == {Stop, Desired}


def sign(desk: Desk) -> None:
    """The prescriber signs the version that is in force, with the clinic's key."""
    make_key(desk.keys, CLINIC)
    with desk.stores.database.write() as session:
        (version,), (regimen,) = session.scalars(select(RegimenVersionRow)), session.scalars(select(RegimenRow))
        version.signed_at = version.from_at
        signature = Signatures(desk.keys).sign(CLINIC, regimen, version)
        version.key_id, version.signature = signature.key_id, signature.data


def longer(desk: Desk) -> None:
    (version,) = rows(desk.stores, RegimenVersionRow)
    limits = version.body["limits"] | {"duration_s": 7000}
    prescribe(desk, version.body | {"limits": limits})


def test_a_signed_regimen_goes_to_its_home(desk: Desk):
    sign(desk)
    desk.dispatcher.set_limits()
    assert [order.limits is not None for order in desk.dispatch()] == [True]


@pytest.mark.parametrize("meddle", [longer, lambda desk: (desk.keys / f"{CLINIC}.key").unlink()])
def test_a_regimen_that_is_not_what_was_signed_goes_to_no_home_and_a_hold_goes_without_it(desk: Desk, caplog, meddle):
    sign(desk)
    meddle(desk)
    desk.dispatcher.set_limits()
    assert desk.dispatch() == []
    assert "is not delivered: its signature is" in caplog.text
    desk.ask(ask_hold, None)
    (order,) = desk.dispatch()
    assert (order.hold is not None, order.limits) == (True, None)


def prescribe(desk: Desk, body: dict) -> None:
    with desk.stores.database.write() as session:
        session.execute(update(RegimenVersionRow).values(body=body))


def test_stops_go_before_states(desk: Desk):
    desk.ask(ask_hold, None)
    desk.later(seconds=0.1).ask(ask_stop)
    assert [type(order) for order in desk.dispatch()] == [Stop, Desired]


def test_a_later_state_takes_the_place_of_the_one_before_which_goes_to_nobody(desk: Desk):
    desk.ask(ask_hold, None)
    lifted = desk.ask(ask_lift)
    (order,) = desk.dispatch()
    assert order == Desired(device=UID, wish=lifted, revision=order.revision)


def test_a_hold_goes_with_its_end_and_without_it_once_that_has_passed(desk: Desk):
    until = desk.now + timedelta(seconds=10)
    desk.ask(ask_hold, until)
    assert [order.hold for order in desk.dispatch()] == [Hold(until=until)]
    assert [order.hold for order in desk.later(seconds=20).dispatch()] == [None]


def test_while_the_broker_is_out_of_reach_nothing_is_taken(desk: Desk):
    desk.ask(ask_stop)
    assert desk.dispatcher.work(FakeLine(connected=False)) == 0
    assert {row.times for row in rows(desk.stores, SendingRow)} == {0}


def test_an_order_follows_its_device_to_another_gateway_and_nobody_else_can_read_it(desk: Desk):
    other_gateway(desk)
    wish = desk.ask(ask_hold, None)
    desk.dispatch()
    desk.report(reported(wish))
    move_device(desk, OTHER)
    assert desk.dispatch() == []
    assert [order.wish for order in desk.line.orders(OTHER, OTHER_KEY)] == [wish]
    with pytest.raises(SealError):
        open_order(desk.line.published[0].payload, KEY.order_cipher(), desk.line.published[0].topic)


def test_what_is_not_wanted_any_more_follows_its_device_nowhere(desk: Desk):
    other_gateway(desk)
    desk.ask(ask_hold, None)
    lifted = desk.ask(ask_lift)
    move_device(desk, OTHER)
    assert [row.wish_id.hex for row in rows(desk.stores, SendingRow) if row.gateway_id == OTHER] == [lifted]


def test_the_end_of_a_hold_goes_to_every_gateway_that_was_to_hold(desk: Desk):
    other_gateway(desk)
    desk.report(reported(dispatched_hold(desk)))
    move_device(desk, OTHER)
    lifted = desk.ask(ask_lift)
    here = [order.wish for order in desk.dispatch()]
    assert (here, [order.wish for order in desk.line.orders(OTHER, OTHER_KEY)]) == ([lifted], [lifted])


def dispatched_hold(desk: Desk) -> str:
    wish = desk.ask(ask_hold, None)
    desk.dispatch()
    return wish


def test_a_stop_goes_only_where_its_device_is(desk: Desk):
    other_gateway(desk)
    desk.report(reported(dispatched_hold(desk)))
    move_device(desk, OTHER)
    stop = desk.ask(ask_stop)
    assert [row.gateway_id for row in rows(desk.stores, SendingRow) if row.wish_id.hex == stop] == [OTHER]


class Beaten(Session):
    """Another dispatcher follows a moved device just before this one."""

    def execute(self, statement, *about, **more):
        answer = super().execute(statement, *about, **more)
        if not isinstance(statement, Select):
            return answer
        found = answer.freeze()
        for wish, gateway in found().all():
            super().execute(insert(SendingRow).values(wish_id=wish, gateway_id=gateway, times=0))
        return found()


def test_a_device_that_another_dispatcher_followed_just_now_is_followed_once(desk: Desk):
    other_gateway(desk)
    desk.ask(ask_hold, None)
    with desk.stores.database.write() as session:
        session.get_one(DeviceRow, (CLINIC, UID)).gateway_id = OTHER
    with Beaten(desk.stores.database.engine) as session, session.begin():
        tend(session, Moment(civil=desk.now, real=desk.now))
    assert sorted(row.gateway_id for row in rows(desk.stores, SendingRow)) == [GATEWAY, OTHER]


def test_whoever_has_the_device_is_told_that_a_hold_begins_and_once_that_its_time_is_over(desk: Desk):
    desk.ask(ask_hold, desk.now + timedelta(seconds=10))
    told = [(row.kind, row.patient_id) for row in rows(desk.stores, ChangeRow)]
    for _ in range(2):
        desk.later(seconds=10).dispatcher.tend()
    after = [(row.kind, row.patient_id) for row in rows(desk.stores, ChangeRow)]
    assert (told, after) == ([("device", PATIENT)], [("device", PATIENT)] * 2)


def test_a_device_that_came_back_gets_what_was_wanted_meanwhile(desk: Desk):
    other_gateway(desk)
    desk.ask(ask_hold, None)
    move_device(desk, OTHER)
    lifted = desk.ask(ask_lift)
    move_device(desk, GATEWAY)
    assert [order.wish for order in desk.dispatch()] == [lifted]


def test_while_a_gateway_has_two_keys_they_take_turns(desk: Desk):
    newer = GatewayKey(8, bytes(range(96, 128)))
    with desk.stores.database.write() as session:
        wrapped = KeyWrap(SECRET).wrap(GATEWAY, newer)
        session.add(GatewayKeyRow(gateway_id=GATEWAY, key_id=8, wrapped=wrapped, created_at=desk.now))
    desk.ask(ask_stop)
    desk.dispatcher.send_due(desk.line)
    desk.later(seconds=1).dispatcher.send_due(desk.line)
    first, second = desk.line.published
    assert open_order(first.payload, newer.order_cipher(), first.topic)
    assert open_order(second.payload, KEY.order_cipher(), second.topic)


def test_a_gateway_without_a_key_keeps_nobody_else_from_their_orders(desk: Desk, caplog):
    other_gateway(desk)
    desk.ask(ask_hold, None)
    with desk.stores.database.write() as session:
        session.get_one(GatewayKeyRow, (GATEWAY, KEY.id)).retired_at = desk.now
    move_device(desk, OTHER)
    desk.dispatcher.send_due(desk.line)
    assert len(desk.line.orders(OTHER, OTHER_KEY)) == 1
    assert "has no key in force" in caplog.text


def test_every_wish_leaves_its_trail_in_the_same_transaction(desk: Desk):
    desk.ask(ask_hold, None, reason="a blister")
    with desk.stores.database.read() as session:
        (trail,) = session.scalars(select(AuditRow))
    assert (trail.action, trail.subject_id, trail.actor_id) == ("device held", UID, DR_WEISS.id)
    assert trail.detail["reason"] == "a blister"
