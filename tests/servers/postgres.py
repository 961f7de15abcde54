"""PostgreSQL for tests: a server of a test session's own, and databases that are lent, given back and used again."""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from time import monotonic, sleep

import psycopg
from psycopg import sql

from monitor_api.records.database import Database
from tests.servers import free_port, require

OWNER = "lumenward"
HASTY = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=100", "shared_buffers=32MB")
DURABLE = ("max_connections=100", "shared_buffers=32MB")


def program(name: str) -> str:
    """A program of the newest PostgreSQL here; Debian keeps them out of the PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    return require(name, os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))


def _account() -> dict[str, int | list[int]]:
    """PostgreSQL refuses to run as root: who it runs as instead."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise AssertionError("no account to run PostgreSQL as")


class Postgres:
    """A server on a socket of its own and on loopback, where it asks for a password; killed and started at will."""

    def __init__(self, settings=DURABLE) -> None:
        initdb, self._postgres = program("initdb"), program("postgres")
        self.directory, self.port, self.password = Path(mkdtemp(prefix="lumenward-pg-")), free_port(), token_hex(8)
        self._settings, self._free, self._account = settings, [], _account()
        if self._account:
            os.chown(self.directory, self._account["user"], self._account["group"])
        secret = self.directory / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        told = ["-U", OWNER, "-E", "UTF8", "--locale=C", f"--pwfile={secret}", "--auth-host=scram-sha-256"]
        made = subprocess.run(
            [initdb, "-D", self.directory / "data", "--auth-local=trust", "--no-sync", *told],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.directory,
            **self._account,
        )
        assert made.returncode == 0, made.stderr
        self.start()

    def start(self) -> None:
        until = monotonic() + 60
        while not self._try_to_start():
            assert monotonic() < until, (self.directory / "log").read_text()
            sleep(0.1)

    def _try_to_start(self) -> bool:
        """Whether it answers; not while processes of one that was killed are still there."""
        options = [part for one in self._settings for part in ("-c", one)]
        listening = ["-p", str(self.port), "-k", str(self.directory), "-c", "listen_addresses=127.0.0.1"]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._postgres, "-D", str(self.directory / "data"), *listening, *options],
                stdout=log,
                stderr=log,
                cwd=self.directory,
                **self._account,
            )
        while self.process.poll() is None:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.address("postgres"), connect_timeout=2).close()
                return True
            sleep(0.02)
        return False

    def kill(self) -> None:
        """As a crash of the machine's process: -9 to the one that all others are children of."""
        self.process.kill()
        self.process.wait()

    def crash(self) -> None:
        """An immediate shutdown: no client is told, nothing is written."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        self._end(signal.SIGINT)
        shutil.rmtree(self.directory)

    def _end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=60)

    def address(self, database: str) -> str:
        """How libpq is told of a database; SQLAlchemy takes it, too."""
        return f"postgresql://{OWNER}@/{database}?host={self.directory}&port={self.port}"

    def tcp(self, database: str, port: int | None = None) -> str:
        """The same by way of a port of loopback, where a password is asked for."""
        return f"postgresql://{OWNER}@127.0.0.1:{port or self.port}/{database}"

    def create(self, template: str = "template1") -> str:
        """A new database, by its name."""
        name = f"t{token_hex(6)}"
        with self.connection("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        return name

    def drop(self, name: str) -> None:
        with self.connection("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def connection(self, database: str):
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            yield connection

    @cached_property
    def migrated(self) -> str:
        name = self.create()
        database = Database(self.address(name))
        database.migrate()
        database.close()
        return name

    def lend(self) -> str:
        """The name of a migrated database without rows."""
        return self._free.pop() if self._free else self.create(self.migrated)

    def take_back(self, name: str) -> None:
        """Empty a database that was lent, whoever still writes to it, and lend it again."""
        with self.connection(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                (name,),
            )
            connection.execute(self.emptying)
        self._free.append(name)

    @cached_property
    def tables(self) -> list[str]:
        with self.connection(self.migrated) as connection:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return [name for (name,) in found if name != "alembic_version"]

    @cached_property
    def emptying(self) -> str:
        """What empties all tables, in a tenth of the time that TRUNCATE takes."""
        with self.connection(self.migrated) as connection:
            sequences = connection.execute("SELECT sequencename FROM pg_sequences").fetchall()
        deletes = [f'DELETE FROM "{name}"' for name in self.tables]  # noqa: S608
        restarts = [f'ALTER SEQUENCE "{name}" RESTART' for (name,) in sequences]
        return "; ".join(["SET session_replication_role = replica", *deletes, *restarts])


@contextmanager
def database() -> Generator[Database]:
    """An empty database of the server, migrated, for as long as it is held."""
    name = server().lend()
    made = Database(server().address(name))
    try:
        yield made
    finally:
        made.close()
        server().take_back(name)


_HELD_UP = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"


def meets_a_lock(database: str, work: Future) -> bool:
    """Wait until work in another thread is held up by a lock; False when it is done without having met one."""
    with server().connection(database) as looking:
        while not work.done():
            if looking.execute(_HELD_UP, (database,)).fetchone():
                return True
            sleep(0.01)
    return False


@cache
def server() -> Postgres:
    """The server of this test session: it forgets everything when the machine fails, and is fast for it."""
    made = Postgres(HASTY)
    atexit.register(made.remove)
    return made
