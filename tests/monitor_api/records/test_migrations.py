"""The schema that migrations make is the one that the code reads, however many processes make it at once."""

import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from itertools import pairwise
from pkgutil import iter_modules
from time import time
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from monitor_api import records
from monitor_api.errors import StoreTooNew
from monitor_api.records.columns import Table
from monitor_api.records.database import Database
from monitor_api.records.devices import MarkRow, NamedRow
from monitor_api.records.migrating import migration_config
from tests.servers import postgres

LAST = 2**32 - 1

for module in iter_modules(records.__path__, f"{records.__name__}."):
    import_module(module.name)  # every table there is, also one that the migrations were never told of


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """A store without a schema, on each kind of server."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'records.sqlite'}")
        yield made
        made.close()
        return
    name = postgres.server().create()
    made = Database(postgres.server().address(name))
    yield made
    made.close()
    postgres.server().drop(name)


def schema(database):
    """All that the store itself says of its tables, in words that two of them can be compared by."""
    inspector = sa.inspect(database.engine)
    said = (
        inspector.get_multi_columns(),
        inspector.get_multi_foreign_keys(),
        inspector.get_multi_unique_constraints(),
        inspector.get_multi_indexes(),
    )
    found = {
        (table, place): {str(sorted(one.items(), key=str)) for one in some}
        for place, tables in enumerate(said)
        for (_, table), some in tables.items()
    }
    return found, {table: str(key) for (_, table), key in inspector.get_multi_pk_constraint().items()}


def tables(database):
    return set(sa.inspect(database.engine).get_table_names())


def version(database):
    with database.engine.connect() as connection:
        return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def move_to(database, revision):
    with database._writing.begin() as connection:
        down = revision == "base" or revision.startswith("-")
        move = command.downgrade if down else command.upgrade
        move(migration_config(connection), revision.removeprefix("-"))


def test_after_all_migrations_nothing_differs_from_the_models(database):
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


def test_every_table_has_the_primary_key_that_its_model_says(database):
    database.migrate()
    inspector = sa.inspect(database.engine)
    migrated = {name: inspector.get_pk_constraint(name)["constrained_columns"] for name in Table.metadata.tables}
    assert migrated == {name: [c.name for c in table.primary_key] for name, table in Table.metadata.tables.items()}


def test_down_to_nothing_and_up_again_gives_the_same_schema(database):
    database.migrate()
    before = schema(database)
    move_to(database, "base")
    assert tables(database) == {"alembic_version"}
    move_to(database, "head")
    assert schema(database) == before


def test_each_migration_can_be_undone_and_done_again(database):
    with database.engine.connect() as connection:
        known = ScriptDirectory.from_config(migration_config(connection)).walk_revisions()
        newest_first = [one.revision for one in known]
    after = {revision: moved_to(database, revision) for revision in reversed(newest_first)}
    for revision, below in pairwise(newest_first):
        assert moved_to(database, f"-{below}") == after[below], f"undone from {revision}"
    for revision in reversed(newest_first[:-1]):
        assert moved_to(database, revision) == after[revision], f"{revision}, done again"


def moved_to(database, revision):
    move_to(database, revision)
    return schema(database)


def test_a_store_that_is_up_to_date_keeps_its_rows(database):
    database.migrate()
    with database.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO clinic VALUES ('00000000000000000000000000000001', 'Clinic', 'UTC')"))
    database.migrate()
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT name FROM clinic")) == "Clinic"


def test_of_states_that_are_stored_the_numbers_that_they_name_are_known_after_an_upgrade(database):
    said = [(3, 1, "ready"), (3, 2, "idle"), (4, 5, "ready"), (4, 4, "fault"), (5, 6, "emitting"), (LAST, 7, "ready")]
    of_then = [column for column in MarkRow.__table__.c if column.name not in {"by_at", "learned_at"}]
    mark = sa.table("mark", *(sa.column(column.name, column.type) for column in of_then))
    device = {"clinic_id": UUID(int=1), "device_uid": "0" * 16}
    move_to(database, "0008")
    with database.engine.begin() as connection:
        for newest, day, state in said:
            told = {"at": datetime(2026, 3, day, tzinfo=UTC), "state": state, "detail": {"newest": newest}}
            connection.execute(mark.insert(), device | told)
    for _ in range(2):
        move_to(database, "0009")
        with database.read() as session:
            named = session.scalars(sa.select(NamedRow).order_by(NamedRow.newest)).all()
            days = [(one.newest, one.first_at.day, one.last_at.day, one.learned_at.day) for one in named]
        assert days == [(3, 1, 2, 1), (4, 4, 5, 4), (LAST, 7, 7, 7)]
        move_to(database, "0008")


def test_a_store_says_which_schema_it_has_before_and_after(database):
    found, known = database.revisions()
    assert (found, known > 0) == (0, True)
    database.migrate()
    assert database.revisions() == (known, known)
    assert version(database) == f"{known:04}"


def test_a_store_of_a_newer_version_is_refused_with_what_to_do_and_left_as_it_was(database):
    database.migrate()
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match=r"records.*9999.*newer version"):
        database.migrate()
    assert version(database) == "9999"


MIGRATE = """
import sys, time
from monitor_api.records.database import Database
database = Database(sys.argv[1])
time.sleep(max(0, float(sys.argv[2]) - time.time()))
database.migrate()
"""


def test_processes_that_migrate_at_once_all_succeed(database):
    url = database.engine.url.render_as_string(hide_password=False)
    start = str(time() + 1.5)
    processes = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, url, start], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    database.migrate()
    assert tables(database) == {*Table.metadata.tables, "alembic_version"}
