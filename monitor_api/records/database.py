"""The records store: one engine, read and write transactions, migrations."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from monitor_api.errors import StoreTooNew, StoreUnavailable, StoreUnusable
from monitor_api.records import postgresql
from monitor_api.records.revisions import latest_revision
from monitor_api.write_ahead import switch_on

_WRITES: Final = "lumenward_writes"
CONNECTIONS: Final = 15
"""To a server, at most, for one process."""

WAIT_S: Final = 10
"""How long to wait for one of them."""

_SQLITE_ERROR: Final = 1
"""What SQLite says of a statement that is wrong today and will be tomorrow, under the same exception as a lock."""


class Database:
    """Transactions on the records store.

    Promises: a write transaction that ended normally is on disk; one that raised left nothing, but for one that lost
    its connection while it was committed, of which nobody can tell; readers never wait for a writer. Both raise
    StoreUnavailable when the store fails for now. `url` is SQLAlchemy's; one that names no store raises StoreUnusable.
    """

    def __init__(self, url: str | URL, connections: int = CONNECTIONS) -> None:
        try:
            self.engine = _engine(url, connections)
        except (ArgumentError, ImportError) as error:
            raise StoreUnusable("records", str(error)) from error
        self._reading = self._writing = self.engine
        if self.engine.dialect.name == "postgresql":
            self._reading, self._passes = self.engine.execution_options(**postgresql.READING), postgresql.passes
        else:
            _prepare_sqlite(self.engine)
            self._writing, self._passes = self.engine.execution_options(**{_WRITES: True}), _passes_on_sqlite

    @contextmanager
    def read(self) -> Generator[Session]:
        """A consistent view; nothing that is changed in it stays."""
        with self._transient_errors(), Session(self._reading, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Generator[Session]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        with self._transient_errors(), Session(self._writing) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the schema to this version of the service; one process at a time does it, the others wait.

        Raises StoreTooNew, StoreUnusable, StoreUnavailable.
        """
        try:
            with self._transient_errors(), self._writing.begin() as connection:
                if connection.dialect.name == "postgresql":
                    postgresql.migrate_alone(connection)
                found, known = _revisions(connection)
                if found > known:  # a newer version wrote it
                    raise StoreTooNew("the records store", found, known)
                if found < known:
                    _upgrade(connection)
        except DatabaseError as error:
            raise StoreUnusable("records", str(error.orig)) from error

    def revisions(self) -> tuple[int, int]:
        """The schema that the store has, 0 when it has none, and the one that this version makes of it.

        Raises StoreUnusable, StoreUnavailable.
        """
        try:
            with self._transient_errors(), self.engine.connect() as connection:
                return _revisions(connection)
        except DatabaseError as error:
            raise StoreUnusable("records", str(error.orig)) from error

    @property
    def size_bytes(self) -> int:
        """How much the store takes, SQLite's log included. Raises StoreUnavailable."""
        if self.engine.dialect.name == "postgresql":
            with self.read() as session:
                return int(session.scalars(select(func.pg_database_size(func.current_database()))).one())
        file = Path(self.engine.url.database or "")
        return sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*"))

    @contextmanager
    def _transient_errors(self) -> Generator[None]:
        try:
            yield
        except DBAPIError as error:
            if not self._passes(error):
                raise
            raise StoreUnavailable("records", first_line(error.orig)) from error
        except NoConnectionFree as error:
            raise StoreUnavailable("records", f"no connection is free: {error}") from error

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _engine(url: str | URL, connections: int) -> Engine:
    told = make_url(url)
    if told.get_backend_name() == "sqlite":
        return create_engine(told, pool_pre_ping=True, hide_parameters=True)
    if told.get_backend_name() != "postgresql":
        raise ArgumentError(f"{told.get_backend_name()} is no store of ours. SQLite and PostgreSQL are")
    return create_engine(
        told,
        pool_pre_ping=True,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_S,
        connect_args=postgresql.CONNECTING,
    )


def _passes_on_sqlite(error: DBAPIError) -> bool:
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlite_errorcode", None) != _SQLITE_ERROR


def first_line(error: object) -> str:
    """What a driver says, without the data that it may go on with."""
    return str(error).partition("\n")[0]


def _upgrade(connection: Connection) -> None:
    # Alembic takes as long to import as SQLAlchemy, and a store is seldom behind.
    from monitor_api.records.migrating import upgrade  # noqa: PLC0415

    upgrade(connection)


def _revisions(connection: Connection) -> tuple[int, int]:
    """The revision that the store has, 0 without one, and the last that there is."""
    found = None
    if inspect(connection).has_table("alembic_version"):
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return int(found or 0), latest_revision()


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
