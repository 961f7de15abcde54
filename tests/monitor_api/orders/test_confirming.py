"""Limits and holds wait until the gateway that hears the device confirms them: read from what is stored."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from clinical.facts import RegimenVersion
from monitor_api.check.courses import CourseChecker
from monitor_api.clock import Clocks
from monitor_api.courses.asked import limits_of
from monitor_api.courses.due import CourseKey, mark_course_due
from monitor_api.orders.asking import ask_hold, ask_lift, ask_limits
from monitor_api.records.attention import AlertRow
from monitor_api.records.courses import CourseFindingRow
from monitor_api.records.devices import AssignmentRow, GatewayKeyRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.orders import WishRow
from tests.monitor_api.orders.desk import Desk
from tests.monitor_api.orders.test_sending import OTHER, move_device, other_gateway, reported
from tests.service import CLINIC, GATEWAY, KEY, PATIENT, REGIMEN, SECRET, FakeBroker, Sealer, rows, worker_of

COURSE = CourseKey(CLINIC, PATIENT)
VERSION = RegimenVersion(id=REGIMEN, version=1)
HOUR = timedelta(hours=1)
GATEWAYS = {gateway: Sealer() for gateway in (GATEWAY, OTHER)}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Two homes that are heard, and time that has yet to go by."""
    other_gateway(desk.later(days=-10))
    wrapped = KeyWrap(SECRET).wrap(OTHER, KEY)
    with desk.stores.database.write() as session:
        session.add(GatewayKeyRow(gateway_id=OTHER, key_id=KEY.id, wrapped=wrapped, created_at=desk.now))
    return desk.later(days=1)


def ask(desk: Desk, what, *about) -> str:
    """Ask, and have the dispatcher send it."""
    wish = desk.ask(what, *about)
    desk.dispatch()
    return wish


def say(desk: Desk, wish: str, *outcomes: str, gateway=GATEWAY) -> None:
    """What a gateway says of a wish now."""
    items = [reported(wish, one, at=desk.now) for one in outcomes]
    arrival = GATEWAYS[gateway].batch(*items, sealed_at=desk.now, gateway=gateway)
    worker_of(desk.stores, desk.directory).handle([arrival], FakeBroker(), lambda _: True)


def waiting(desk: Desk) -> list[tuple[str, float, float | None]]:
    """What was asked of the device, since how many hours it waits, and after how many of them it was confirmed."""
    with desk.stores.database.read() as session:
        found = list(limits_of(session, COURSE, desk.now))
    return [
        (
            "hold" if one.is_hold else "limits",
            round((desk.now - one.asked_at) / HOUR, 3),
            None if one.reported_at is None else round((one.reported_at - one.asked_at) / HOUR, 3),
        )
        for one in found
    ]


def permitted(desk: Desk) -> None:
    """The wishes are to come with a permit."""
    with desk.stores.database.write() as session:
        for row in session.query(WishRow):
            row.permit = b"signed"


def test_limits_are_confirmed_by_the_gateway_that_has_them(desk: Desk):
    wish = ask(desk, ask_limits, VERSION)
    assert waiting(desk.later(hours=2)) == [("limits", 2, None)]
    say(desk, wish, "taken")
    assert waiting(desk.later(hours=1)) == [("limits", 3, 2)]


@pytest.mark.parametrize(
    ("outcomes", "confirmed"),
    [
        (["taken"], None),
        (["taken", "unreachable"], None),
        (["taken", "refused"], None),
        (["taken", "done"], 0),
        (["taken", "unsupported"], 0),
    ],
)
def test_a_permit_is_confirmed_by_the_device_unless_it_knows_none(desk: Desk, outcomes: list[str], confirmed):
    wish = ask(desk, ask_limits, VERSION)
    permitted(desk)
    say(desk, wish, *outcomes)
    assert waiting(desk.later(hours=2)) == [("limits", 2, confirmed)]


@pytest.mark.parametrize(
    ("outcomes", "confirmed"), [(["taken"], None), (["taken", "unreachable"], None), (["taken", "done"], 0)]
)
def test_a_hold_is_confirmed_when_the_device_obeys_and_not_when_its_gateway_knows_of_it(
    desk: Desk, outcomes: list[str], confirmed
):
    say(desk, ask(desk, ask_hold, None), *outcomes)
    assert waiting(desk.later(hours=2)) == [("hold", 2, confirmed)]


def test_a_hold_of_a_device_with_a_regimen_and_its_limits_are_confirmed_each_for_itself(desk: Desk):
    say(desk, ask(desk, ask_limits, VERSION), "taken", "done")
    hold = ask(desk.later(hours=1), ask_hold, None)
    assert waiting(desk) == [("hold", 0, None)]
    say(desk, hold, "taken", "done")
    assert waiting(desk) == [("hold", 0, 0), ("limits", 1, 0)]


def test_the_word_of_a_gateway_that_had_the_device_before_confirms_nothing(desk: Desk):
    ask(desk, ask_limits, VERSION)
    move_device(desk.later(hours=1), OTHER)
    wish = ask(desk.later(hours=1), ask_hold, None)
    say(desk, wish, "taken", "done", gateway=GATEWAY)
    assert waiting(desk.later(hours=2)) == [("hold", 2, None)]
    say(desk, wish, "taken", "done", gateway=OTHER)
    assert waiting(desk)[0] == ("hold", 2, 2)


def test_what_was_confirmed_before_the_device_moved_waits_since_it_moved(desk: Desk):
    say(desk, ask(desk, ask_limits, VERSION), "taken")
    move_device(desk.later(days=3), OTHER)
    desk.dispatch()
    assert waiting(desk.later(hours=2)) == [("limits", 2, None)]


def test_a_gateway_that_is_yet_to_be_asked_keeps_nothing_waiting(desk: Desk):
    say(desk, ask(desk, ask_limits, VERSION), "taken")
    move_device(desk.later(days=3), OTHER)
    assert waiting(desk) == []


def test_a_newer_wish_has_waited_as_long_as_those_that_nobody_confirmed(desk: Desk):
    for _ in range(3):
        ask(desk, ask_limits, VERSION)
        ask(desk.later(hours=20), ask_limits, RegimenVersion(id=UUID(int=8), version=1))
    assert waiting(desk) == [("limits", 60, None)]


def test_a_newer_hold_has_waited_as_long_as_the_one_that_nobody_confirmed(desk: Desk):
    ask(desk, ask_hold, None)
    ask(desk.later(minutes=45), ask_hold, None)
    assert waiting(desk) == [("hold", 0.75, None)]


def test_a_wish_after_one_that_was_confirmed_waits_for_itself(desk: Desk):
    say(desk, ask(desk, ask_hold, None), "taken", "done")
    ask(desk.later(hours=5), ask_hold, None)
    assert waiting(desk.later(hours=2)) == [("hold", 2, None)]


def test_limits_that_are_asked_for_while_a_hold_waits_do_not_make_it_younger_and_bring_it_too(desk: Desk):
    ask(desk, ask_hold, None)
    wish = ask(desk.later(hours=1), ask_limits, VERSION)
    assert waiting(desk) == [("hold", 1, None)]
    say(desk, wish, "taken", "done")
    assert waiting(desk) == [("hold", 1, 1), ("limits", 0, 0)]


def test_a_hold_that_is_over_or_lifted_waits_for_nothing(desk: Desk):
    ask(desk, ask_hold, desk.now + HOUR)
    assert waiting(desk.later(hours=2)) == []
    ask(desk, ask_hold, None)
    ask(desk, ask_lift)
    assert waiting(desk) == []


def test_a_hold_that_is_lifted_waits_for_its_home_to_hear_of_it(desk: Desk):
    say(desk, ask(desk, ask_limits, VERSION), "taken")
    say(desk, ask(desk, ask_hold, None), "taken", "done")
    wish = ask(desk.later(hours=1), ask_lift)
    assert waiting(desk.later(hours=2)) == [("limits", 2, None)]
    say(desk, wish, "taken")
    assert waiting(desk) == [("limits", 2, 2)]


def test_what_nobody_confirmed_for_whoever_had_the_device_before_waits_since_it_changed_hands(desk: Desk):
    ask(desk, ask_limits, RegimenVersion(id=UUID(int=8), version=1))
    with desk.stores.database.write() as session:
        session.execute(update(AssignmentRow).values(from_at=desk.later(days=1).now))
    ask(desk, ask_limits, VERSION)
    assert waiting(desk.later(hours=2)) == [("limits", 2, None)]


def judge(desk: Desk) -> list[tuple[str, bool, int]]:
    """What the rule says once all that is due is judged: its words, whether that goes on, how many alerts there are."""
    checker = CourseChecker(desk.stores.database, Clocks(civil=lambda: desk.now, wall=lambda: desk.now), "check-1")
    while checker.check_due():
        pass
    alerts = [row for row in rows(desk.stores, AlertRow) if row.rule == "limits-unconfirmed"]
    return [
        (row.because, row.cleared_at is None, len(alerts))
        for row in rows(desk.stores, CourseFindingRow)
        if row.rule == "limits-unconfirmed"
    ]


def test_a_hold_without_a_regimen_that_does_not_reach_its_device_calls_within_an_hour_until_it_does(desk: Desk):
    desk.now = datetime.now(UTC) - HOUR
    wish = ask(desk, ask_hold, None)
    with desk.stores.database.write() as session:
        mark_course_due(session, [COURSE], desk.now)
    assert judge(desk.later(minutes=59)) == []
    assert judge(desk.later(minutes=1)) == [("Hold not confirmed for 1 h", True, 1)]
    say(desk, wish, "done")
    desk.now = datetime.now(UTC)
    assert judge(desk) == [("Hold not confirmed for 1 h", False, 1)]
