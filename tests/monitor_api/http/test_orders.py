"""Orders over HTTP: what a physician asks of a device, what the home says of it, and nothing that is not so."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from monitor_api.http.policy import Role
from monitor_api.records.attention import AuditRow
from monitor_api.records.devices import DeviceRow, GatewayRow
from monitor_api.records.orders import OrderReportRow, SendingRow, WishRow
from tests.monitor_api.http.calls import version
from tests.monitor_api.http.tenants import NOW
from tests.monitor_api.http.world import Client, World, problem


@pytest.fixture
def device(world: World) -> str:
    """The path of the clinic's device, which is held from the start."""
    return f"/api/v1/devices/{world.a.device}"


def wishes(world: World) -> list[WishRow]:
    with world.database.read() as session:
        ours = select(WishRow).where(WishRow.clinic_id == world.a.id, WishRow.id != world.a.hold)
        return list(session.scalars(ours.order_by(WishRow.revision)))


def test_a_stop_is_on_its_way_in_the_transaction_that_answers(world: World, physician: Client, device: str):
    answer = physician.post(f"{device}/stop", json={"reason": "too warm"})
    told = answer.json()
    assert answer.status_code == 201
    assert (told["kind"], told["standing"], told["by"]) == ("stop", "waiting", "physician of a")
    assert datetime.fromisoformat(told["until_at"]) == NOW + timedelta(seconds=60)
    with world.database.read() as session:
        (sending,) = session.scalars(select(SendingRow).where(SendingRow.due_at.is_not(None)))
    assert (sending.gateway_id, sending.due_at) == (world.a.gateway, world.hands.wall)


def test_an_order_is_found_where_its_answer_says(physician: Client, device: str):
    answer = physician.post(f"{device}/hold", json={"reason": "a blister"})
    assert physician.get(answer.headers["location"]).json() == answer.json()


def test_the_same_stop_under_one_key_is_asked_once(world: World, physician: Client, device: str):
    answers = [physician.post(f"{device}/stop", json={}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(wishes(world)) == 1


def test_a_stop_cannot_be_tried_for_longer_than_five_minutes(physician: Client, device: str):
    assert physician.post(f"{device}/stop", json={"lasts_s": 301}).status_code == 422


def test_a_hold_needs_a_reason_and_an_end_to_come(physician: Client, device: str):
    for body in ({}, {"reason": " "}, {"reason": "r", "until": (NOW - timedelta(days=1)).isoformat()}):
        assert physician.post(f"{device}/hold", json=body).status_code == 422


def test_a_hold_that_was_lifted_cannot_be_lifted_again(physician: Client, device: str):
    assert physician.post(f"{device}/hold/lift", json={}).status_code == 201
    assert physician.get(f"{device}/orders").json()["hold"] is None
    again = physician.post(f"{device}/hold/lift", json={})
    assert (again.status_code, problem(again)["detail"]) == (409, "This device is not held")


def test_a_hold_whose_end_has_passed_is_none(world: World, physician: Client, device: str):
    physician.post(f"{device}/hold", json={"reason": "r", "until": (NOW + timedelta(hours=1)).isoformat()})
    world.hands.civil += timedelta(hours=2)
    assert physician.get(f"{device}/orders").json()["hold"] is None
    assert physician.post(f"{device}/hold/lift", json={}).status_code == 409


def test_what_was_asked_of_a_device_is_in_the_trail_with_who_and_why(world: World, physician: Client, device: str):
    physician.post(f"{device}/stop", json={"reason": "too warm"})
    with world.database.read() as session:
        trail = session.scalars(select(AuditRow).where(AuditRow.action == "stop asked")).one()
    assert (trail.actor_id, trail.detail["reason"]) == (world.a.users[Role.PHYSICIAN], "too warm")


def standing(world: World, client: Client, order: dict[str, Any]) -> str:
    (found,) = [
        one
        for one in client.get(f"/api/v1/devices/{world.a.device}/orders").json()["orders"]
        if one["id"] == order["id"]
    ]
    return found["standing"]


def test_an_order_stands_where_the_home_says_it_does(world: World, physician: Client, device: str):
    order = physician.post(f"{device}/stop", json={}).json()
    seen = [standing(world, physician, order)]
    for column in ("first_at", "taken_at"):
        with world.database.write() as session:
            sending = session.scalars(select(SendingRow).where(SendingRow.due_at.is_not(None))).one()
            setattr(sending, column, NOW)
        seen.append(standing(world, physician, order))
    report(world, order, "done")
    assert [*seen, standing(world, physician, order)] == ["waiting", "sent", "taken", "done"]


def report(world: World, order: dict[str, Any], outcome: str) -> None:
    with world.database.write() as session:
        wish = session.scalars(
            select(WishRow.id).where(WishRow.kind == order["kind"], WishRow.id != world.a.hold)
        ).one()
        session.add(
            OrderReportRow(
                clinic_id=world.a.id, wish_id=wish, gateway_id=world.a.gateway, outcome=outcome, at=NOW, detail=""
            )
        )


@pytest.mark.parametrize(
    ("sent", "reports", "stands"),
    [
        (False, (), "unsent"),
        (True, (), "unconfirmed"),
        (True, ("taken",), "unconfirmed"),
        (True, ("taken", "unreachable"), "unreachable"),
        (True, ("taken", "unreachable", "expired"), "unreachable"),
        (True, ("taken", "expired"), "expired"),
        (True, ("taken", "refused"), "refused"),
    ],
)
def test_a_stop_that_ran_out_says_no_more_than_what_is_known_of_it(
    world: World, physician: Client, device: str, sent, reports, stands
):
    order = physician.post(f"{device}/stop", json={}).json()
    if sent:
        send(world, order)
    for outcome in reports:
        report(world, order, outcome)
    world.hands.civil += timedelta(seconds=60)
    assert standing(world, physician, order) == stands


def send(world: World, order: dict[str, Any], *, taken: bool = False) -> None:
    with world.database.write() as session:
        for sending in session.scalars(select(SendingRow).where(SendingRow.wish_id == UUID(order["id"]))):
            sending.first_at, sending.taken_at = NOW, NOW if taken else None


def move(world: World) -> None:
    """Another gateway of the clinic hears the device from now on."""
    with world.database.write() as session:
        if session.get(GatewayRow, "next-door") is None:
            session.add(GatewayRow(id="next-door", clinic_id=world.a.id, name="n", registered_at=NOW))
            session.flush()
        session.get_one(DeviceRow, (world.a.id, world.a.device)).gateway_id = "next-door"


def test_a_hold_is_as_far_as_the_gateway_is_that_has_the_device_now(world: World, physician: Client, device: str):
    before = physician.get(f"{device}/orders").json()["hold"]
    move(world)
    after = physician.get(f"{device}/orders").json()["hold"]
    assert [(one["gateway_id"], one["standing"]) for one in (before, after)] == [
        (world.a.gateway, "taken"),
        ("next-door", "waiting"),
    ]
    assert after["sendings"] == before["sendings"]


def test_a_stop_that_was_done_stays_done_wherever_its_device_goes(world: World, physician: Client, device: str):
    order = physician.post(f"{device}/stop", json={}).json()
    report(world, order, "done")
    with world.database.write() as session:
        session.get_one(WishRow, UUID(order["id"])).ended_at = NOW
    move(world)
    assert standing(world, physician, order) == "done"


def test_a_stop_that_one_gateway_refused_and_another_may_have_done_is_not_said_to_be_refused(
    world: World, physician: Client, device: str
):
    order = physician.post(f"{device}/stop", json={}).json()
    report(world, order, "refused")
    move(world)
    with world.database.write() as session:
        session.add(SendingRow(wish_id=UUID(order["id"]), gateway_id="next-door", times=1, first_at=NOW))
        session.get_one(WishRow, UUID(order["id"])).ended_at = NOW + timedelta(seconds=60)
    world.hands.civil += timedelta(seconds=60)
    assert standing(world, physician, order) == "unconfirmed"


def test_the_end_of_a_hold_is_confirmed_with_any_later_state_and_not_before(
    world: World, physician: Client, device: str
):
    lift = physician.post(f"{device}/hold/lift", json={}).json()
    regimen = f"/api/v1/regimens/{world.a.regimen}"
    physician.put(regimen, json=version(1, "J") | {"from_at": NOW.isoformat()}, headers={"If-Match": "*"})
    (limits,) = [one for one in physician.get(f"{device}/orders").json()["orders"] if one["kind"] == "limits"]
    seen = [standing(world, physician, lift)]
    for taken in (False, True):
        send(world, limits, taken=taken)
        seen.append(standing(world, physician, lift))
    assert seen == ["waiting", "sent", "taken"]


def test_the_end_of_a_hold_that_nobody_heard_of_before_the_next_hold_was_overtaken(
    world: World, physician: Client, device: str
):
    lift = physician.post(f"{device}/hold/lift", json={}).json()
    hold = physician.post(f"{device}/hold", json={"reason": "again"}).json()
    send(world, hold, taken=True)
    assert standing(world, physician, lift) == "overtaken"


def test_a_hold_goes_on_through_later_states_and_so_does_its_confirmation(world: World, physician: Client, device: str):
    regimen = f"/api/v1/regimens/{world.a.regimen}"
    wanted = version(1, "J") | {"from_at": NOW.isoformat()}
    assert physician.put(regimen, json=wanted, headers={"If-Match": "*"}).status_code == 200
    told = physician.get(f"{device}/orders").json()
    assert (told["hold"]["id"], told["hold"]["standing"], told["limits"]["version"]) == (
        str(world.a.hold),
        "taken",
        2,
    )


def test_the_home_is_told_new_limits_in_the_transaction_that_prescribes_them(world: World, physician: Client):
    regimen = f"/api/v1/regimens/{world.a.regimen}"
    physician.put(regimen, json=version(1, "J") | {"from_at": NOW.isoformat()}, headers={"If-Match": "*"})
    physician.post(f"{regimen}/end", headers={"If-Match": "*"})
    physician.post("/api/v1/regimens", json=version(1, "J") | {"patient_id": str(world.a.patient), "modality": "rf"})
    assert [(row.kind, row.regimen_version) for row in wishes(world)] == [
        ("limits", 2),
        ("limits", None),
        ("limits", 1),
    ]


def test_the_home_is_told_other_limits_when_a_device_becomes_somebody_elses(world: World, physician: Client):
    for patient in (world.a.other_patient, world.a.patient):
        body = {"patient_id": str(patient), "from_at": (NOW - timedelta(minutes=1)).isoformat()}
        physician.put(f"/api/v1/devices/{world.a.device}/assignment", json=body)
    assert [row.regimen_version for row in wishes(world)] == [None, 1]


def test_a_version_that_begins_later_is_not_told_yet(world: World, physician: Client):
    later = version(1, "J") | {"from_at": (NOW + timedelta(days=1)).isoformat()}
    physician.put(f"/api/v1/regimens/{world.a.regimen}", json=later, headers={"If-Match": "*"})
    assert wishes(world) == []


def test_a_session_says_that_the_gateway_stopped_it(world: World, physician: Client):
    (stop,) = physician.get(f"/api/v1/sessions/{world.a.session}").json()["guard_stops"]
    assert (stop["rule"], stop["because"], stop["outcome"]) == ("too-hot", "Skin at 43.1 °C", "done")


def test_the_incidents_of_a_gateway_are_listed(world: World, operator: Client):
    (incident,) = operator.get(f"/api/v1/gateways/{world.a.gateway}/incidents").json()["items"]
    assert (incident["kind"], incident["detail"]) == ("disk failed", "a")
