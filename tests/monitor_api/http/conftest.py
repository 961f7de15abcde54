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
from tests.monitor_api.http.tenants import Tenant, fill, samples
from tests.monitor_api.http.world import Client, World
from tests.servers import postgres


@dataclass
class Template:
    """Stores as every test finds them: two clinics with one of everything."""

    folder: Path
    tenants: tuple[Tenant, Tenant]


@dataclass
class OnSqlite:
    """Records in a file."""

    template: Template

    def open(self, folder: Path) -> Database:
        self._copy(folder)
        return Database(f"sqlite:///{folder / 'records.sqlite'}")

    def begin_anew(self, world: World) -> None:
        world.database.engine.dispose()
        folder = Path(str(world.database.engine.url.database)).parent
        for part in folder.glob("records.sqlite*"):
            part.unlink()
        self._copy(folder)

    def close(self) -> None:
        """Nothing is left but files."""

    def _copy(self, folder: Path) -> None:
        shutil.copy(self.template.folder / "records.sqlite", folder)


class OnPostgresql:
    """Records in a database, and in tables beside them what they were at the start."""

    def __init__(self, template: Template) -> None:
        self.server = postgres.server()
        self.name = self.server.create(self.server.migrated)
        database = self.open(template.folder)
        fill(database, list(template.tenants))
        database.close()
        with self.server.connection(self.name) as connection:
            connection.execute("CREATE SCHEMA kept")
            for table in self.server.tables:
                connection.execute(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"')
            self._filling = "; ".join(
                [self.server.emptying]
                + [f'INSERT INTO "{table}" SELECT * FROM kept."{table}"' for table in self.server.tables]  # noqa: S608
                + [
                    f"SELECT setval('{table}_id_seq', max(id)) FROM kept.\"{table}\""  # noqa: S608
                    for table in ("audit", "change", "quarantine")
                ]
            )

    def open(self, _folder: Path) -> Database:
        return Database(self.server.address(self.name))

    def begin_anew(self, _world: World) -> None:
        with self.server.connection(self.name) as connection:
            connection.execute(self._filling)

    def close(self) -> None:
        self.server.drop(self.name)


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


def open_world(kept: OnSqlite | OnPostgresql, template: Template, folder: Path, **options) -> World:
    shutil.copy(template.folder / "telemetry.sqlite", folder)
    shutil.copytree(template.folder / "keys", folder / "keys")
    world = World(kept.open(folder), SqliteTelemetry(folder / "telemetry.sqlite"), folder, **options)
    world.a, world.b = template.tenants
    return world


ON_SQLITE_ONLY = ("test_description", "test_fuzz", "test_login", "test_permissions", "test_problems", "test_samples")
"""What these prove lies before the records; that every operation works on both stores, isolation and writes prove."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kept" in metafunc.fixturenames:
        stores = {"sqlite": OnSqlite, "postgresql": OnPostgresql}
        if metafunc.module.__name__.endswith(ON_SQLITE_ONLY):
            del stores["postgresql"]
        metafunc.parametrize("kept", stores.values(), ids=stores.keys(), indirect=True, scope="session")


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest, template: Template) -> Iterator[OnSqlite | OnPostgresql]:
    made = request.param(template)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared(
    kept: OnSqlite | OnPostgresql, template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    world = open_world(kept, template, tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture
def world(shared: World, kept: OnSqlite | OnPostgresql) -> World:
    """Building an app takes longer than most tests: one serves them all, with its records and memory as new."""
    kept.begin_anew(shared)
    shared.begin_anew()
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
