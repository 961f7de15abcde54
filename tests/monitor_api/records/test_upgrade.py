"""What an earlier version wrote is read by this one: rows of the migration before, on each store, by the API itself."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command

from monitor_api.http.policy import Role
from monitor_api.records.database import Database
from monitor_api.records.migrating import migration_config
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.monitor_api.http.tenants import Tenant
from tests.monitor_api.http.world import World
from tests.servers import postgres
from vocabulary.identity import ClinicId

WRITTEN = Path(__file__).parent / "written-at-0002.sql"
BEFORE = "0002"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """A store that a service of revision 0002 left behind."""
    name = None if request.param == "sqlite" else postgres.server().create()
    made = Database(postgres.server().address(name) if name else f"sqlite:///{tmp_path / 'records.sqlite'}")
    with made._writing.begin() as connection:
        command.upgrade(migration_config(connection), BEFORE)
        for statement in WRITTEN.read_text().split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(re.sub(r"\{([0-9a-f]+)\}", r"'\\x\1'" if name else r"X'\1'", statement))
    yield made
    made.close()
    if name:
        postgres.server().drop(name)


@pytest.fixture
def world(database, tmp_path):
    made = World(database, SqliteTelemetry(tmp_path / "telemetry.sqlite"), tmp_path)
    made.a = Tenant(
        "a",
        id=ClinicId(UUID(int=0xA0)),
        patient=UUID(int=0xA1),
        users={role: UUID(int=0xB0 + number) for number, role in enumerate(Role)},
        regimen=UUID(int=0xA4),
        alert=UUID(int=0xA5),
    )
    yield made
    made.close()


def test_what_the_migration_before_wrote_is_read_by_the_api_after_an_upgrade(database: Database, world: World):
    database.migrate()
    physician, operator = world.browser(Role.PHYSICIAN), world.browser(Role.OPERATOR)
    session = physician.get(f"/api/v1/sessions/{world.a.session}").json()
    assert (session["session"]["active_s"], session["session"]["dose"]) == (598, {"value": 4100, "unit": "J"})
    assert [(one["rule"], one["evidence"]["first_sample"]) for one in session["findings"]] == [("too-hot", 12)]
    alert = physician.get(f"/api/v1/alerts/{world.a.alert}").json()
    assert (alert["rule"], alert["because"], alert["state"]) == ("too-hot", "Skin at 43.1 °C", "firing")
    device = operator.get(f"/api/v1/devices/{world.a.device}").json()
    assert (device["model"], device["features"]) == ("Wand", ["records", "live"])
    regimen = physician.get(f"/api/v1/regimens/{world.a.regimen}").json()
    phases = [phase for version in regimen["versions"] for phase in version["prescription"]["phases"]]
    assert [(phase["timing"]["frequency"], phase["timing"]["period_days"]) for phase in phases] == [(3, 7)]
    assert physician.get(f"/api/v1/devices/{world.a.device}/orders").json()["hold"]["reason"] == "a blister, says a"
    (refused,) = operator.get("/api/v1/quarantine").json()["items"]
    assert refused["reason"] == "seal"
    assert operator.get("/api/v1/health/details").json()["checks_due"] == 1


def test_what_the_migration_before_wrote_can_be_added_to_after_an_upgrade(database: Database, world: World):
    database.migrate()
    physician = world.browser(Role.PHYSICIAN)
    assert physician.post(f"/api/v1/alerts/{world.a.alert}/acknowledge").status_code == 200
    trail = world.browser(Role.OPERATOR).get("/api/v1/audit").json()["items"]
    assert "alert acknowledged" in [one["action"] for one in trail]
