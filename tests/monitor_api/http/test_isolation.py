"""Nobody sees, finds or changes anything of another clinic, on any operation the description names."""

import pytest
from sqlalchemy import select

from monitor_api.http.policy import Role
from monitor_api.records.columns import Table
from monitor_api.records.devices import DeviceRow
from tests.monitor_api.http.calls import BODY_REFERENCES, MISSING, STREAMS, UNKNOWN, bodies, call, ids, operations
from tests.monitor_api.http.table import MAY
from tests.monitor_api.http.tenants import Tenant
from tests.monitor_api.http.world import World, problem


def everything_of(world: World, tenant: Tenant) -> list[str]:
    """Every row of a clinic, less those that tests themselves write."""
    with world.database.read() as session:
        return [
            str(row)
            for table in Table.metadata.sorted_tables
            if "clinic_id" in table.c
            for row in session.execute(select(table).where(table.c.clinic_id == tenant.id))
        ]


@pytest.mark.parametrize("role", Role)
def test_what_another_clinic_has_is_answered_like_what_nobody_has(world: World, role: Role):
    mine, before = world.browser(role), everything_of(world, world.b)
    named = [one for one in operations(world) if one.names_one and one.id not in STREAMS]
    assert len(named) > 10
    for operation in named:
        body = bodies(world.a.patient).get(operation.id)
        foreign = call(mine, operation, ids(world.b), body)
        missing = call(mine, operation, MISSING, body)
        assert foreign.status_code == 404, operation.id
        assert problem(foreign) == problem(missing)
    assert everything_of(world, world.b) == before


@pytest.mark.parametrize("role", Role)
def test_a_body_that_names_another_clinics_patient_is_answered_like_one_that_names_nobody(world: World, role: Role):
    mine, before = world.browser(role), everything_of(world, world.b)
    naming = [one for one in operations(world) if one.id in BODY_REFERENCES]
    assert {one.id for one in naming} == BODY_REFERENCES
    for operation in naming:
        foreign = call(mine, operation, ids(world.a), bodies(world.b.patient)[operation.id])
        missing = call(mine, operation, ids(world.a), bodies(UNKNOWN)[operation.id])
        assert foreign.status_code == (404 if role in MAY[operation.id] or operation.names_one else 403), operation.id
        assert problem(foreign) == problem(missing)
    assert everything_of(world, world.b) == before


@pytest.mark.parametrize("role", Role)
def test_no_list_and_no_answer_names_anything_of_another_clinic(world: World, role: Role):
    mine = world.browser(role)
    for operation in operations(world):
        if operation.method == "GET" and not operation.names_one and operation.id not in STREAMS:
            answer = call(mine, operation, {}).text
            assert [one for one in world.b.ids() if one in answer] == [], operation.id


@pytest.mark.parametrize("which", ["patient", "device"])
def test_a_filter_by_another_clinics_id_finds_nothing(world: World, which: str):
    value = {"patient": world.b.patient, "device": world.b.device}[which]
    answer = world.browser(Role.PHYSICIAN).get("/api/v1/sessions", params={which: str(value)})
    assert answer.json() == {"items": [], "next": None}


def test_the_trail_of_another_clinics_patient_is_empty(world: World):
    params = {"kind": "clinic", "id": str(world.b.id)}
    assert world.browser(Role.OPERATOR).get("/api/v1/audit", params=params).json()["items"] == []


def test_a_device_that_two_clinics_know_is_seen_by_each_as_its_own(world: World):
    with world.database.write() as session:
        session.get_one(DeviceRow, (world.a.id, world.a.device)).model = "ours"
        theirs = session.get_one(DeviceRow, (world.b.id, world.b.device))
        session.add(
            DeviceRow(
                clinic_id=world.b.id,
                uid=world.a.device,
                gateway_id=theirs.gateway_id,
                model="theirs",
                heard_at=theirs.heard_at,
                first_seen_at=theirs.first_seen_at,
            )
        )
    seen = world.browser(Role.PHYSICIAN).get(f"/api/v1/devices/{world.a.device}").json()
    assert (seen["model"], seen["gateway_id"]) == ("ours", world.a.gateway)
