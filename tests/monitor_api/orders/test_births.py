"""At every birth of a gateway all that is wanted of its devices goes again."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import binary, booleans, text

from monitor_api.errors import StoreUnavailable
from monitor_api.orders.asking import ask_hold, ask_stop
from monitor_api.orders.births import StateMessage, read_birth
from monitor_api.records.database import Database
from tests.monitor_api.orders.desk import Desk
from tests.monitor_api.orders.test_sending import reported
from tests.service import GATEWAY, settings
from vocabulary.errors import WireError


def state(desk: Desk, *, boot: int = 1, online: bool = True, retained: bool = False, gateway: str = GATEWAY) -> None:
    payload = msgspec.json.encode({"online": online, "boot": boot, "software": "lumenward 0"})
    desk.dispatcher.states.put(StateMessage(topic=f"het/v1/gw/{gateway}/state", payload=payload, retained=retained))
    desk.dispatcher.take_births()


@pytest.fixture
def held(desk: Desk) -> str:
    """A hold that the gateway has, born in boot 1."""
    state(desk)
    wish = desk.ask(ask_hold, None)
    desk.dispatch()
    desk.report(reported(wish))
    assert desk.later(minutes=1).dispatch() == []
    return wish


def test_a_state_that_the_gateway_had_goes_again_at_its_birth_until_it_says_so_again(desk: Desk, held: str):
    state(desk)
    assert [order.wish for order in desk.dispatch()] == [held]
    assert [order.wish for order in desk.later(seconds=1).dispatch()] == [held]
    desk.report(reported(held))
    assert desk.later(hours=1).dispatch() == []


@pytest.mark.usefixtures("held")
def test_a_stop_that_is_not_done_goes_again_at_a_birth(desk: Desk):
    wish = desk.ask(ask_stop)
    desk.dispatch()
    desk.report(reported(wish, "taken"))
    state(desk.later(seconds=5))
    assert wish in [order.wish for order in desk.dispatch()]


@pytest.mark.parametrize("outcome", ["done", "refused", "unsupported"])
def test_a_stop_that_is_settled_does_not_go_again(desk: Desk, held: str, outcome: str):
    wish = desk.ask(ask_stop)
    desk.dispatch()
    desk.report(reported(wish, outcome))
    state(desk.later(seconds=5))
    assert [order.wish for order in desk.dispatch()] == [held]


def test_a_stop_whose_time_is_over_does_not_go_again(desk: Desk, held: str):
    desk.ask(ask_stop)
    state(desk.later(seconds=61))
    assert [order.wish for order in desk.dispatch()] == [held]


def test_an_order_that_waits_goes_at_the_birth_and_does_not_wait_on(desk: Desk):
    wish = desk.ask(ask_hold, None)
    for _ in range(8):
        desk.later(seconds=30).dispatch()
    state(desk.later(seconds=1))
    assert [order.wish for order in desk.dispatch()] == [wish]
    assert [order.wish for order in desk.later(seconds=0.5).dispatch()] == [wish]


@pytest.mark.usefixtures("held")
def test_a_birth_that_two_dispatchers_hear_is_one(desk: Desk):
    state(desk)
    assert len(desk.dispatch()) == 1
    state(desk.later(seconds=0.2))
    assert desk.dispatch() == []


def test_a_retained_state_is_a_birth_only_in_a_boot_that_is_new(desk: Desk, held: str):
    state(desk, retained=True)
    assert desk.dispatch() == []
    state(desk, retained=True, boot=2)
    assert [order.wish for order in desk.dispatch()] == [held]


@pytest.mark.usefixtures("held")
def test_a_goodbye_and_a_gateway_that_nobody_knows_change_nothing(desk: Desk):
    state(desk, online=False, boot=2)
    state(desk, gateway="nobodys")
    assert desk.dispatch() == []


class LockedOnce(Database):
    """A store that fails the first to write."""

    failed = False

    def write(self):
        if not self.failed:
            self.failed = True
            raise StoreUnavailable("records", "locked")
        return super().write()


def test_a_birth_is_not_lost_when_the_store_fails_meanwhile(desk: Desk, held: str):
    database = LockedOnce(settings(desk.directory).records)
    desk.dispatcher = desk.another(database=database)
    with pytest.raises(StoreUnavailable):
        state(desk, boot=2)
    desk.dispatcher.take_births()
    assert [order.wish for order in desk.dispatch()] == [held]
    database.close()


@given(topic=text(max_size=40), payload=binary(max_size=60), retained=booleans())
def test_any_message_on_a_state_topic_is_read_or_refused(topic: str, payload: bytes, retained):
    for where in (topic, "het/v1/gw/gw-01/state"):
        with suppress(WireError):
            read_birth(StateMessage(topic=where, payload=payload, retained=retained))
