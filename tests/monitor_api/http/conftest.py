"""A fresh API over two clinics for each test, from stores that were migrated and filled once."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor_api.http.policy import Role
from monitor_api.records.database import Database
from monitor_api.records.signing import make_key
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.monitor_api.http.world import Client, Tenant, World, fill, samples


@dataclass
class Template:
    folder: Path
    tenants: tuple[Tenant, Tenant]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template")
    database = Database(f"sqlite:///{folder / 'records.sqlite'}")
    database.migrate()
    telemetry = SqliteTelemetry(folder / "telemetry.sqlite")
    tenants = Tenant("a"), Tenant("b")
    fill(database, list(tenants))
    for tenant in tenants:
        make_key(folder / "keys", tenant.id)
    telemetry.append([samples(tenant) for tenant in tenants])
    database.close()
    telemetry.close()
    return Template(folder, tenants)


def open_world(template: Template, folder: Path, **options) -> World:
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    database = Database(f"sqlite:///{folder / 'records.sqlite'}")
    world = World(database, SqliteTelemetry(folder / "telemetry.sqlite"), **options)
    world.a, world.b = template.tenants
    return world


@pytest.fixture(scope="session")
def shared(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = open_world(template, tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture
def world(shared: World, template: Template) -> World:
    """Building an app takes longer than most tests: one serves them all, with its records and memory as new."""
    shared.begin_anew(template.folder / "records.sqlite")
    return shared


@pytest.fixture
def physician(world: World) -> Client:
    return world.browser(Role.PHYSICIAN)


@pytest.fixture
def operator(world: World) -> Client:
    return world.browser(Role.OPERATOR)


@pytest.fixture
def patient(world: World) -> Client:
    return world.browser(Role.PATIENT)
