"""The home holds sessions to the limits of the regimen in force of whose device it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from clinical.plan import Phase
from clinical.regimen import NO_LIMITS
from monitor_api.orders.asking import ask_hold
from monitor_api.orders.limits import guard_limits
from monitor_api.records.columns import Table
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.orders import WishRow
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from tests.monitor_api.orders.desk import Desk, FakeLine
from tests.monitor_api.orders.test_sending import reported
from tests.service import CLINIC, GATEWAY, PATIENT, REGIMEN, RF_REGIMEN, UID, rows
from vocabulary.quantities import Quantity, Unit
from vocabulary.wire.orders import GuardLimits

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
STORED = GuardLimits(
    regimen=REGIMEN.hex,
    version=1,
    skin_grace_s=2,
    contact_grace_s=30,
    duration_s=300,
    dose=2400,
    dose_unit=Unit.JOULE,
    skin_celsius=42.5,
)


def told(desk: Desk) -> list[GuardLimits | None]:
    """What a look for changes by time makes the home hold."""
    desk.dispatcher.set_limits()
    return [order.limits for order in desk.dispatch()]


def test_the_home_holds_the_limits_of_the_regimen_in_force(desk: Desk):
    assert told(desk) == [STORED]


def test_limits_that_the_home_is_told_already_are_not_set_anew(desk: Desk):
    desk.dispatcher.set_limits()
    desk.later(days=1).dispatcher.set_limits()
    assert len(rows(desk.stores, WishRow)) == 1


def test_where_a_regimen_sets_none_what_holds_all_the_same_is_said():
    bare = guard_limits(replace(RF_REGIMEN, limits=NO_LIMITS), RF_REGIMEN.phases[0])
    assert (round(bare.dose, 6), bare.dose_unit, bare.skin_celsius) == (1980, "J", 42.5)
    assert (bare.duration_s, bare.skin_grace_s, bare.contact_grace_s) == (None, 2, 15)


def test_a_grace_longer_than_an_order_can_say_is_said_as_the_longest():
    endless = replace(NO_LIMITS, contact_grace=timedelta(days=3650))
    assert guard_limits(replace(RF_REGIMEN, limits=endless), RF_REGIMEN.phases[0]).contact_grace_s == 1e7


def test_a_version_that_begins_later_is_held_from_then_on(desk: Desk):
    desk.report(reported(told_wish(desk)))
    begins = desk.now + timedelta(hours=1)
    with desk.stores.database.write() as session:
        session.add(
            RegimenVersionRow(
                regimen_id=REGIMEN, version=2, from_at=begins, prescriber_id=UUID(int=5), body=write_regimen(RF_REGIMEN)
            )
        )
    assert told(desk) == []
    assert [limits.version for limits in told(desk.later(hours=1))] == [2]


def prescribed(desk: Desk, *phases: Phase) -> None:
    """Have these phases in force from now on, with no limit of the dose."""
    regimen = replace(RF_REGIMEN, limits=NO_LIMITS, phases=phases)
    with desk.stores.database.write() as session:
        version = session.get_one(RegimenVersionRow, (REGIMEN, 1))
        version.body, version.from_at = write_regimen(regimen), desk.now


def planned(weeks: int | None, joules: float) -> Phase:
    lasts = None if weeks is None else timedelta(weeks=weeks)
    return replace(RF_REGIMEN.phases[0], lasts=lasts, dose=Quantity(joules, Unit.JOULE))


def test_the_home_holds_a_session_to_the_phase_that_runs_and_to_nothing_once_the_last_is_over(desk: Desk):
    prescribed(desk, planned(2, 1800), planned(4, 900))
    doses = []
    for days in (0, 7, 8, 1, 25, 2, 30):
        desk.later(days=days).dispatcher.set_limits()
        orders = desk.dispatch()
        desk.report(*[reported(one.wish) for one in orders])
        doses.append([one.limits and round(one.limits.dose, 6) for one in orders])
    assert doses == [[1980], [], [990], [], [], [None], []]


def test_a_hold_leaves_the_turn_of_a_phase_as_it_was(desk: Desk):
    prescribed(desk, planned(2, 1800), planned(None, 900))
    told(desk)
    desk.ask(ask_hold, None)
    desk.dispatch()
    (limits,) = told(desk.later(days=15))
    assert round(limits.dose, 6) == 990


def told_wish(desk: Desk) -> str:
    desk.dispatcher.set_limits()
    (order,) = desk.dispatch()
    return order.wish


def test_a_regimen_that_ended_and_a_device_that_was_returned_leave_the_standing_limits(desk: Desk):
    for table, column in ((RegimenRow, "ended_at"), (AssignmentRow, "until_at")):
        desk.dispatcher.set_limits()
        desk.dispatch()
        with desk.stores.database.write() as session:
            setattr(session.query(table).one(), column, desk.now)
        assert told(desk) == [None]
        with desk.stores.database.write() as session:
            setattr(session.query(table).one(), column, None)


def test_a_device_of_a_kind_that_nothing_is_prescribed_for_needs_no_order(desk: Desk):
    with desk.stores.database.write() as session:
        session.get_one(DeviceRow, (CLINIC, UID)).modality = "led"
    assert told(desk) == []


def test_new_limits_do_not_end_a_hold_nor_a_hold_the_limits(desk: Desk):
    desk.ask(ask_hold, None)
    desk.dispatcher.set_limits()
    (order,) = desk.dispatch()
    assert (order.hold is not None, order.limits) == (True, STORED)
    desk.ask(ask_hold, desk.now + timedelta(days=1))
    (order,) = desk.dispatch()
    assert order.limits == STORED


def test_so_many_devices_are_followed_in_one_transaction_and_the_others_right_after(desk: Desk):
    with desk.stores.database.write() as session:
        session.execute(insert(DeviceRow), [more(DeviceRow, uid=f"{one:016x}") for one in range(120)])
        assignments = [more(AssignmentRow, id=UUID(int=100 + one), device_uid=f"{one:016x}") for one in range(120)]
        session.execute(insert(AssignmentRow), assignments)
    followed = []
    for _ in range(3):
        desk.dispatcher.work(FakeLine(connected=False))
        followed.append(len(rows(desk.stores, WishRow)))
    assert followed == [100, 121, 121]


def more(table: type[Table], **about: Any) -> dict[str, Any]:
    about |= {"clinic_id": CLINIC}
    if table is DeviceRow:
        return about | {"gateway_id": GATEWAY, "modality": "rf", "heard_at": LONG_AGO, "first_seen_at": LONG_AGO}
    return about | {"patient_id": PATIENT, "from_at": LONG_AGO, "until_at": None}
