"""Chores that take long: beside the others, once a day, and for nothing where the lease was lost meanwhile."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from threading import Event
from time import monotonic, sleep
from uuid import UUID

import pytest
from sqlalchemy import select, update

from monitor_api.app import keeps_shadows, keeps_snapshot
from monitor_api.clock import Clocks
from monitor_api.cohorts.age import as_of
from monitor_api.errors import WorkStopped
from monitor_api.records.shadows import ShadowPatientRow, ShadowRow
from monitor_api.records.watching import ChoreRow, LeaseRow
from monitor_api.watch.chores import Chore, LongChore, all_chores
from monitor_api.watch.watcher import Watcher
from tests.service import CLINIC, PATIENT, found, open_service, settings

EVENING = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def wait_for(condition):
    began = monotonic()
    while not condition():
        assert monotonic() - began < 60, "waited a minute for it"
        sleep(0.01)


class Long:
    """A long chore that goes on until the test lets it."""

    def __init__(self):
        self.begun, self.finished, self.dropped, self.let = 0, 0, 0, Event()
        self.failure = None

    @contextmanager
    def prepare(self, _turn, stop):
        self.begun += 1
        while not self.let.is_set():
            if stop.wait(0.01):
                self.dropped += 1
                raise WorkStopped
        if self.failure:
            raise self.failure

        def finish():
            self.finished += 1

        yield finish
        self.dropped += self.finished == 0


class Watched:
    def __init__(self, directory):
        self.stores = open_service(directory)
        self.now = EVENING
        self.clocks = Clocks(civil=lambda: self.now, wall=lambda: self.now)
        self.long, self.short = Long(), []
        self.watcher = self.another("first")

    def another(self, name):
        short = Chore(name="short", every=timedelta(seconds=5), do=lambda _, turn: self.short.append(turn.real))
        long = LongChore(name="long", again=time(2), prepare=self.long.prepare)
        return Watcher(self.stores.database, self.clocks, name, (long, short))

    def pass_time(self, much, step=60):
        for _ in range(int(much / timedelta(seconds=step))):
            self.now += timedelta(seconds=step)
            self.watcher.look()

    def look_at(self, instant):
        self.now = instant
        self.watcher.look()
        self.idle()

    def idle(self):
        wait_for(lambda: not self.watcher._aside.is_busy("long"))

    def due_at(self):
        with self.stores.database.read() as session:
            return session.scalar(select(ChoreRow.due_at).where(ChoreRow.name == "long"))


@pytest.fixture
def watched(data):
    made = Watched(data)
    yield made
    made.watcher._aside.end()
    made.stores.close()


def test_a_watch_begins_a_long_chore_when_it_has_led_for_a_while_and_then_every_night(watched):
    watched.long.let.set()
    watched.pass_time(4 * MINUTE)
    assert watched.long.begun == 0
    watched.pass_time(2 * MINUTE)
    watched.idle()
    assert (watched.long.begun, watched.long.finished) == (1, 1)
    assert watched.due_at() == datetime(2026, 3, 29, 2, tzinfo=UTC)
    for night in (29, 30):
        watched.look_at(datetime(2026, 3, night, 1, 59, tzinfo=UTC))
        assert watched.long.finished == night - 28
        watched.look_at(datetime(2026, 3, night, 2, 0, tzinfo=UTC))
        assert (watched.long.finished, watched.due_at()) == (night - 27, datetime(2026, 3, night + 1, 2, tzinfo=UTC))


def test_while_it_goes_on_others_are_done_the_lease_is_kept_and_it_is_not_begun_again(watched):
    watched.pass_time(6 * MINUTE)
    wait_for(lambda: watched.long.begun == 1)
    before = len(watched.short)
    watched.pass_time(30 * MINUTE)
    assert len(watched.short) == before + 30
    assert (watched.watcher.leads, watched.long.begun, watched.long.finished) == (True, 1, 0)
    watched.long.let.set()
    watched.idle()
    assert watched.long.finished == 1


def test_one_that_lost_the_lease_meanwhile_changes_nothing_and_whoever_leads_does_it(watched):
    watched.pass_time(6 * MINUTE)
    wait_for(lambda: watched.long.begun == 1)
    with watched.stores.database.write() as session:
        session.execute(update(LeaseRow).values(holder="second", until_at=watched.now + DAY))
    watched.long.let.set()
    watched.idle()
    assert (watched.long.finished, watched.long.dropped) == (0, 1)
    assert watched.due_at() <= watched.now + 10 * MINUTE
    watched.watcher = watched.another("second")
    watched.pass_time(6 * MINUTE)
    watched.idle()
    watched.pass_time(6 * MINUTE)
    watched.idle()
    assert watched.long.finished == 1


@pytest.mark.parametrize("failure", [WorkStopped(), LookupError("no such thing")])
def test_one_that_fails_is_tried_again_a_while_later_and_keeps_nothing_else_from_being_done(watched, failure):
    watched.long.failure = failure
    watched.long.let.set()
    watched.pass_time(6 * MINUTE)
    watched.idle()
    watched.pass_time(3 * MINUTE)
    assert watched.long.begun == 1
    assert len(watched.short) == 9
    watched.long.failure = None
    watched.pass_time(10 * MINUTE)
    watched.idle()
    assert (watched.long.begun, watched.long.finished) == (2, 1)


def test_one_under_way_ends_with_its_watch_and_is_due_again(watched):
    watched.pass_time(6 * MINUTE)
    wait_for(lambda: watched.long.begun == 1)
    watched.watcher._aside.end()
    assert (watched.long.finished, watched.long.dropped) == (0, 1)
    assert watched.due_at() <= watched.now + 10 * MINUTE


def of_a_service(tmp_path):
    """A watch with the long chores of a service, some minutes after it began to lead."""
    watched = Watched(tmp_path)
    watched.stores = replace(watched.stores, clocks=watched.clocks)
    place = settings(tmp_path).snapshot_file
    every = all_chores(keep_snapshot=keeps_snapshot(place, watched.stores), keep_shadows=keeps_shadows(watched.stores))
    chores = [one for one in every if isinstance(one, LongChore)]
    watched.watcher = Watcher(watched.stores.database, watched.clocks, "first", chores)
    watched.look_at(EVENING)
    return watched, place


def test_the_watch_of_a_service_makes_its_snapshot(tmp_path):
    watched, place = of_a_service(tmp_path)
    watched.now += 6 * MINUTE
    watched.watcher.look()
    wait_for(lambda: not watched.watcher._aside.is_busy("snapshot"))
    assert as_of(place) == EVENING + 6 * MINUTE
    watched.stores.close()


def test_the_watch_of_a_service_keeps_its_shadows_up_every_ten_minutes(tmp_path):
    watched, _ = of_a_service(tmp_path)
    found(watched.stores)
    candidate, until = {"without": ["too-soon"]}, EVENING + 90 * DAY
    about = {"because": "", "candidate": candidate, "from_at": EVENING, "until_at": until, "started_by": UUID(int=7)}
    with watched.stores.database.write() as session:
        session.add(ShadowRow(id=UUID(int=70), clinic_id=CLINIC, **about))
    judged = []
    for _ in range(2):
        watched.now += 11 * MINUTE
        watched.watcher.look()
        wait_for(lambda: not watched.watcher._aside.is_busy("shadows"))
        with watched.stores.database.read() as session:
            due = session.get_one(ChoreRow, "shadows").due_at
            judged.append([row.patient_id for row in session.scalars(select(ShadowPatientRow))])
        assert due == watched.now + 10 * MINUTE
    assert judged == [[PATIENT]] * 2
    watched.stores.close()
