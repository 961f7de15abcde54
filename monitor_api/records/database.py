"""The records store: one engine, read and write transactions, migrations."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session

from monitor_api.errors import StoreTooNew, StoreUnavailable, StoreUnusable
from monitor_api.write_ahead import switch_on

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_WRITES: Final = "lumenward_writes"
_SQLITE_ERROR: Final = 1
"""What SQLite says of a statement that is wrong today and will be tomorrow, under the same exception as a lock."""


class Database:
    """Transactions on the records store.

    Promises: a write transaction that ended normally is on disk; one that raised left nothing; readers never wait
    for a writer. Both raise StoreUnavailable when the store fails for now. `url` is SQLAlchemy's; one that names no
    store raises StoreUnusable.
    """

    def __init__(self, url: str) -> None:
        try:
            self.engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
        except (ArgumentError, ImportError) as error:
            raise StoreUnusable("records", str(error)) from error
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)
        self._writing = self.engine.execution_options(**{_WRITES: True})

    @contextmanager
    def read(self) -> Generator[Session]:
        """A consistent view; nothing that is changed in it stays."""
        with _transient_errors(), Session(self.engine, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Generator[Session]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        with _transient_errors(), Session(self._writing) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the schema to this version of the service; one process at a time does it, the others wait.

        Raises StoreTooNew, StoreUnusable, StoreUnavailable.
        """
        try:
            with _transient_errors(), self._writing.begin() as connection:
                config = migration_config(connection)
                _refuse_newer(connection, config)
                command.upgrade(config, "head")
        except DatabaseError as error:
            raise StoreUnusable("records", str(error.orig)) from error

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


@contextmanager
def _transient_errors() -> Generator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == _SQLITE_ERROR:
            raise
        raise StoreUnavailable("records", str(error.orig)) from error


def migration_config(connection: Connection) -> Config:
    """What Alembic needs to run our migrations on an open connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _refuse_newer(connection: Connection, config: Config) -> None:
    """Revisions count up, so a higher one than ours was written by a newer version. Raises StoreTooNew."""
    found = int(MigrationContext.configure(connection).get_current_revision() or 0)
    known = int(ScriptDirectory.from_config(config).get_current_head() or 0)
    if found > known:
        raise StoreTooNew("the records store", found, known)


def _prepare_sqlite(engine: Engine) -> None:
    """WAL for readers beside a writer, FULL because what is acknowledged must survive a power cut."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:  # noqa: ANN401 - sqlite3's own, behind SQLAlchemy's event
        connection.isolation_level = None
        for pragma in ("busy_timeout = 10000", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        switch_on(connection)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A deferred transaction that turns into a write one fails when another wrote in between: say it at once.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    _ = connected, begun
