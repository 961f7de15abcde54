"""One leader, whoever else would be: leases taken by threads and processes at once, on a real store."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from monitor_api.records.database import Database
from monitor_api.watch.lease import LASTS, give_back, is_held, take
from tests.service import open_service

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.fixture
def database(data):
    stores = open_service(data)
    yield stores.database
    stores.close()


def taken(database, holder, at=NOW, name="watch"):
    with database.write() as session:
        return take(session, name, holder, at)


def test_a_lease_that_nobody_has_is_taken_and_then_nobody_elses(database):
    assert taken(database, "a")
    assert not taken(database, "b")
    assert taken(database, "b", name="another")


def test_who_has_it_renews_it(database):
    assert taken(database, "a")
    assert taken(database, "a", NOW + LASTS / 2)
    assert not taken(database, "b", NOW + LASTS)
    assert taken(database, "b", NOW + LASTS * 1.5)


def test_one_that_died_is_followed_when_its_lease_is_over_and_not_before(database):
    taken(database, "a")
    assert not taken(database, "b", NOW + timedelta(seconds=14))
    assert taken(database, "b", NOW + timedelta(seconds=15))
    with database.write() as session:
        assert not is_held(session, "watch", "a")


def test_one_that_is_given_back_is_taken_at_once(database):
    taken(database, "a")
    with database.write() as session:
        give_back(session, "watch", "a", NOW)
    assert taken(database, "b")


def test_nobody_gives_back_what_another_has(database):
    taken(database, "a")
    with database.write() as session:
        give_back(session, "watch", "b", NOW)
    assert not taken(database, "b")


def test_of_many_that_want_it_at_once_exactly_one_has_it(database):
    ready, results = Barrier(8), Counter()

    def want(holder):
        ready.wait()
        results[taken(database, holder)] += 1

    threads = [Thread(target=want, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {True: 1, False: 7}


HOLD = """
import sys
from datetime import UTC, datetime
from monitor_api.records.database import Database
from monitor_api.watch.lease import is_held, take
database, me = Database(sys.argv[1]), sys.argv[2]
with open(sys.argv[3], "a", buffering=1) as diary:
    for round in range(10):
        with database.write() as session:
            now = datetime.fromtimestamp(round * 15 + hash(me) % 7, UTC)
            if take(session, "watch", me, now) and is_held(session, "watch", me):
                diary.write(f"begin {me}\\n")
                diary.write(f"end {me}\\n")
"""


def test_holders_in_several_processes_whose_clocks_differ_never_act_at_once(database, tmp_path):
    diary = tmp_path / "diary"
    url = database.engine.url.render_as_string(hide_password=False)
    processes = [subprocess.Popen([sys.executable, "-c", HOLD, url, name, str(diary)]) for name in ("a", "b")]
    assert [process.wait(60) for process in processes] == [0, 0]
    lines = [line.split() for line in diary.read_text().splitlines()]
    assert lines
    for (begin, who), (end, same) in zip(lines[::2], lines[1::2], strict=True):
        assert (begin, end, who) == ("begin", "end", same)


def test_a_database_made_anew_knows_the_lease(database):
    taken(database, "a")
    other = Database(database.engine.url)
    assert not taken(other, "b")
    other.close()
