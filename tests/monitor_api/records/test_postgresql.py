"""PostgreSQL as it is when several write, when it fails, and when nobody can tell whether it did."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from threading import Barrier, Thread
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from monitor_api.app import open_records
from monitor_api.errors import StoreUnavailable
from monitor_api.records.database import Database
from monitor_api.records.devices import BatchRow
from monitor_api.records.people import ClinicRow
from monitor_api.records.sessions import DueRow
from monitor_api.records.upsert import insert_new, upsert
from monitor_api.telemetry.series import SeriesKey
from tests.servers import postgres
from tests.service import CLINIC, FakeBroker, Sealer, found, open_service, rf_device, rf_samples, rows, worker_of
from tests.service import settings as settings_of
from vocabulary.identity import SessionId

NOW = datetime(2026, 3, 2, tzinfo=UTC)
KEYS = [SeriesKey(clinic=CLINIC, session=SessionId(UUID(int=number))) for number in range(1, 201)]


@pytest.fixture
def database():
    with postgres.database() as made:
        yield made


def backend(session):
    return session.scalar(text("SELECT pg_backend_pid()"))


def end_backend(database, pid):
    with database.engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


def passes(database, work, words=None):
    """Whether a transaction that does this work fails so that it is tried again."""
    with pytest.raises(StoreUnavailable, match=words), database.write() as session:
        work(session)


def clinics(database):
    with database.read() as session:
        return session.scalars(select(ClinicRow.name).order_by(ClinicRow.name)).all()


def clinic(name):
    return ClinicRow(id=UUID(int=len(name)), name=name, zone="UTC")


def test_a_transaction_whose_connection_is_lost_passes_and_leaves_nothing(database):
    def work(session):
        session.add(clinic("one"))
        session.flush()
        end_backend(database, backend(session))
        session.execute(text("SELECT 1"))

    passes(database, work)
    assert clinics(database) == []


def test_a_read_after_the_server_closed_all_connections_gets_another(database):
    assert clinics(database) == []
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with postgres.server().connection(database.engine.url.database) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) {others}")
    assert clinics(database) == []


@pytest.mark.parametrize("state", ["40001", "53300", "57P03", "08006", "55P03"])
def test_what_the_server_says_will_pass_passes(database, state):
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")
    passes(database, lambda session: session.execute(raising))


def test_a_statement_that_takes_too_long_passes(database):
    def work(session):
        session.execute(text("SET LOCAL statement_timeout = '20ms'"))
        session.execute(text("SELECT pg_sleep(60)"))

    passes(database, work, "statement timeout")


def test_a_transaction_that_is_left_open_is_ended_and_passes(database):
    def work(session):
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '20ms'"))
        me = backend(session)
        with postgres.server().connection(database.engine.url.database) as other:
            while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (me,)).fetchone():
                pass
        session.execute(text("SELECT 1"))

    passes(database, work)


@pytest.mark.parametrize("wrong", ["\0", "x" * 121])
def test_what_is_wrong_with_the_data_does_not_pass(database, wrong):
    with pytest.raises(DBAPIError), database.write() as session:
        session.add(clinic(wrong))


def test_a_lock_that_is_not_given_back_passes_for_who_waits(database):
    with database.write() as session:
        session.add(clinic("one"))

    def work(session):
        session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        session.execute(select(ClinicRow).with_for_update())

    with database.write() as first:
        first.execute(select(ClinicRow).with_for_update())
        passes(database, work, "lock timeout")


def test_two_that_lock_in_a_circle_do_not_hang_and_one_of_them_may_try_again(database):
    with database.write() as session:
        session.add_all([clinic("a"), clinic("bb")])
    both = Barrier(2)

    def lock(*names):
        try:
            with database.write() as session:
                for name in names:
                    session.execute(select(ClinicRow).where(ClinicRow.name == name).with_for_update())
                    if name == names[0]:
                        both.wait(30)
        except StoreUnavailable as failure:
            return str(failure)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(lambda names: lock(*names), (("a", "bb"), ("bb", "a"))))
    assert outcomes[0] == "done"
    assert "deadlock" in outcomes[1]


def test_workers_that_write_the_same_rows_in_any_order_never_wait_in_a_circle(database):
    marks = [{"clinic_id": one.clinic, "session_id": one.session, "marked_at": NOW, "generation": 1} for one in KEYS]

    def write(number):
        for _ in range(10):
            with database.write() as session:
                some = marks if number % 2 else marks[::-1]
                upsert(session, DueRow, some, lambda _: {"generation": DueRow.generation + 1})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with database.read() as session:
        assert [row.generation for row in session.scalars(select(DueRow))] == [40] * len(KEYS)


def test_a_read_sees_one_moment_whatever_is_committed_meanwhile(database):
    with database.read() as session:
        assert session.scalars(select(ClinicRow)).all() == []
        with database.write() as other:
            other.add(clinic("one"))
        assert session.scalars(select(ClinicRow)).all() == []
    assert clinics(database) == ["one"]


def test_what_was_committed_is_on_disk_whatever_the_server_is_set_to(database):
    with database.write() as session:
        session.execute(text("ALTER ROLE lumenward SET synchronous_commit = off"))
    other = Database(database.engine.url)
    try:
        with other.read() as session:
            assert session.scalar(text("SHOW synchronous_commit")) == "on"
    finally:
        other.close()
        with database.write() as session:
            session.execute(text("ALTER ROLE lumenward RESET synchronous_commit"))


def test_more_transactions_than_connections_wait_for_each_other(database):
    few = Database(database.engine.url, 2)

    def read(_):
        with few.read() as session:
            return session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'few'"))

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(read, range(40)))) == 40
    with database.read() as session:
        mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert session.scalar(text(mine)) == 2
    few.close()


class CutsAtCommit:
    """A way to the server that lets a COMMIT through, waits until it is done, and never says so."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self._upstream, self.cut = self.listener.getsockname()[1], port, False
        self._threads = []
        self._serving = Thread(target=self._serve)
        self._serving.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self._serving.join()
        self.listener.close()
        for thread in self._threads:
            thread.join()

    def _serve(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self._upstream))
                for way, ends in ((self._up, (client, server)), (self._down, (server, client))):
                    self._threads.append(Thread(target=way, args=ends))
                    self._threads[-1].start()

    def _up(self, client, server):
        with client, suppress(OSError):
            while said := client.recv(65536):
                if b"COMMIT\0" in said and self.cut:
                    self.cut = None
                server.sendall(said)
            server.shutdown(socket.SHUT_RDWR)

    def _down(self, server, client):
        with server, suppress(OSError):
            while (said := server.recv(65536)) and self.cut is not None:
                client.sendall(said)
            client.shutdown(socket.SHUT_RDWR)


def test_a_commit_that_nobody_heard_of_is_answered_by_the_register_when_the_batch_comes_again(tmp_path):
    server = postgres.server()
    name = server.lend()
    way = CutsAtCommit(server.port)
    stores = open_service(tmp_path)
    told = settings_of(tmp_path).model_copy(
        update={"records_url": server.tcp(name, way.port), "records_password": SecretStr(server.password)}
    )
    stores.database.close()
    stores = type(stores)(database=open_records(told), telemetry=stores.telemetry, clocks=stores.clocks)
    found(stores)
    worker, broker, batch = worker_of(stores, tmp_path), FakeBroker(), Sealer().batch(rf_device(), rf_samples(0))
    way.cut = True
    worker.handle([batch], broker, lambda _: True)
    assert (broker.taken(), len(registered(server, name))) == (set(), 1)
    way.cut = False
    worker.handle([batch], broker, lambda _: True)
    assert (broker.taken(), len(rows(stores, BatchRow)), len(rows(stores, DueRow))) == ({1}, 1, 1)
    stores.close()
    way.close()
    server.take_back(name)


def registered(server, name):
    with server.connection(name) as connection:
        return connection.execute("SELECT number FROM batch").fetchall()


def test_rows_that_two_insert_at_once_are_there_once_and_nobody_fails(database):
    batch = {"gateway_id": "g", "epoch": "0" * 16, "tag": "t", "sealed_at": NOW}

    def insert(_):
        with database.write() as session:
            insert_new(session, BatchRow, [batch | {"number": number} for number in range(50, 0, -1)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(insert, range(8)))
    with database.read() as session:
        assert sorted(session.scalars(select(BatchRow.number))) == list(range(1, 51))
