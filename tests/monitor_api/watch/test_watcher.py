"""The watch on a service on disk: who leads, what it does when, and what the operator is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic, sleep

import pytest
from sqlalchemy import select, update

from monitor_api.clock import Clocks
from monitor_api.ingest.presence import Presence
from monitor_api.records.attention import AuditRow, ChangeRow
from monitor_api.records.devices import GatewayKeyRow, QuarantineRow
from monitor_api.records.people import LoginRow, UserRow
from monitor_api.records.watching import LeaseRow, SilenceRow
from monitor_api.watch.chores import CHORES, Chore
from monitor_api.watch.housekeeping import BATCHES_KEPT
from monitor_api.watch.watcher import Watcher
from tests.service import CLINIC, GATEWAY, FakeBroker, Sealer, found, open_service, rows, worker_of


class Watched:
    """A service whose time a test moves, in one home's life: its gateway beats unless it is told not to."""

    def __init__(self, directory):
        self.directory = directory
        self.stores = open_service(directory)
        found(self.stores)
        self.now = datetime.now(UTC)
        self.clocks = Clocks(civil=lambda: self.now, wall=lambda: self.now)
        self.watcher = self.another("first")
        self.sealer = Sealer()

    def another(self, name, chores=CHORES):
        return Watcher(self.stores.database, self.clocks, name, chores)

    def minutes(self, many, *, home=True, ingest=True, broker=True):
        """Let time pass, ten seconds at a time."""
        for _ in range(many * 6):
            self.now += timedelta(seconds=10)
            if ingest:
                Presence(self.stores.database, "1", lambda: self.now).say(connected=broker)
            if home and ingest and broker:
                self.beat()
            self.watcher.look()

    def beat(self):
        worker = worker_of(replace(self.stores, clocks=self.clocks), self.directory)
        worker.handle([self.sealer.batch(sealed_at=self.now)], FakeBroker(), lambda _: True)

    def silences(self):
        return [(row.part, row.name, row.until_at is None) for row in rows(self.stores, SilenceRow)]

    def changes(self):
        return [row.subject_id for row in rows(self.stores, ChangeRow) if row.kind in {"gateway", "service"}]


@pytest.fixture
def watched(data):
    made = Watched(data)
    yield made
    made.stores.close()


def test_a_home_that_beats_is_not_silent(watched):
    watched.minutes(4)
    assert watched.silences() == []


def test_a_gateway_that_stopped_is_silent_is_announced_once_and_is_heard_again(watched):
    watched.minutes(3)
    watched.minutes(4, home=False)
    assert watched.silences() == [("gateway", GATEWAY, True)]
    assert watched.changes() == [GATEWAY]
    watched.minutes(1)
    assert watched.silences() == [("gateway", GATEWAY, False)]
    assert watched.changes() == [GATEWAY, GATEWAY]


def test_when_it_was_last_heard_is_told(watched):
    watched.minutes(3)
    last = watched.now
    watched.minutes(4, home=False)
    (silence,) = rows(watched.stores, SilenceRow)
    assert silence.since_at == last


def test_an_outage_of_ingest_is_said_once_and_nothing_of_the_homes(watched):
    watched.minutes(3)
    watched.minutes(5, ingest=False)
    assert watched.silences() == [("ingest", "ingest", True)]
    assert watched.changes() == ["ingest"]
    watched.minutes(3)
    assert watched.silences() == [("ingest", "ingest", False)]


def test_an_outage_of_the_broker_is_the_brokers(watched):
    watched.minutes(3)
    watched.minutes(5, broker=False)
    assert watched.silences() == [("broker", "broker", True)]


def test_a_restart_of_the_watch_says_nothing_new(watched):
    watched.minutes(3)
    watched.minutes(4, home=False)
    watched.watcher.resign()
    watched.watcher = watched.another("second")
    watched.minutes(4, home=False)
    assert watched.silences() == [("gateway", GATEWAY, True)]
    assert watched.changes() == [GATEWAY]


def test_after_a_night_without_a_watch_nobody_is_silent_who_beats(watched):
    watched.minutes(3)
    watched.now += timedelta(hours=8)
    watched.minutes(4)
    assert watched.silences() == []


def test_a_gateway_whose_keys_are_retired_is_not_silent(watched):
    watched.minutes(3)
    with watched.stores.database.write() as session:
        session.execute(update(GatewayKeyRow).values(retired_at=watched.now))
    watched.minutes(4, home=False)
    assert watched.silences() == []


def notes(kept, name="note", seconds=60):
    return (Chore(name=name, every=timedelta(seconds=seconds), do=lambda _, turn: kept.append(turn.real)),)


def test_a_chore_is_done_once_an_interval_also_over_a_change_of_leaders(watched):
    done = []
    first, second = watched.another("a", notes(done)), watched.another("b", notes(done))
    began = watched.now
    for step in range(13):
        watched.now = began + timedelta(seconds=10 * step)
        if step == 4:
            first.resign()
        (first if step < 4 else second).look()
    assert [at - began for at in done] == [timedelta(seconds=60 * n) for n in range(3)]


def test_a_standby_does_nothing_and_takes_over_when_the_leader_died(watched):
    done = []
    leader, standby = watched.another("a", notes([])), watched.another("b", notes(done, "other"))
    leader.look()
    standby.look()
    assert (leader.leads, standby.leads, done) == (True, False, [])
    watched.now += timedelta(seconds=20)
    standby.look()
    assert (standby.leads, len(done)) == (True, 1)
    leader.look()
    assert not leader.leads


def test_a_leader_that_was_overtaken_commits_nothing(watched):
    """It looked within its lease, and slept before it acted."""

    def steal_then_write(session, turn):
        session.add(SilenceRow(part="gateway", name="x", since_at=turn.real, found_at=turn.real))

    leader = watched.another("a", (Chore(name="write", every=timedelta(seconds=1), do=steal_then_write),))
    leader._lead()
    with watched.stores.database.write() as session:
        session.execute(update(LeaseRow).values(holder="b"))
    leader.look()
    assert watched.silences() == []


def test_a_chore_that_fails_is_tried_again_and_keeps_no_other_from_being_done(watched):
    done, tries = [], []

    def fail(_session, turn):
        tries.append(turn)
        raise RuntimeError("a fault of ours")

    chores = (Chore(name="bad", every=timedelta(hours=1), do=fail), *notes(done))
    watcher = watched.another("a", chores)
    watcher.look()
    watched.now += timedelta(seconds=1)
    watcher.look()
    assert (len(tries), len(done)) == (2, 1)


def test_two_watches_that_run_have_one_leader_and_a_clean_stop_hands_over_at_once(watched):
    stops = [Event(), Event()]
    watchers = [Watcher(watched.stores.database, watched.stores.clocks, name, CHORES) for name in ("a", "b")]
    threads = [Thread(target=one.run, args=(stop, Event().set)) for one, stop in zip(watchers, stops, strict=True)]
    for thread in threads:
        thread.start()
    wait_for(lambda: any(one.leads for one in watchers))
    leader = next(number for number, one in enumerate(watchers) if one.leads)
    assert not watchers[1 - leader].leads
    stops[leader].set()
    threads[leader].join(30)
    with watched.stores.database.read() as session:
        assert session.scalar(select(LeaseRow.holder)) in {"", "ab"[1 - leader]}
    wait_for(lambda: watchers[1 - leader].leads)
    stops[1 - leader].set()
    threads[1 - leader].join(30)


def wait_for(condition, seconds=30):
    until = monotonic() + seconds
    while not condition():
        assert monotonic() < until
        sleep(0.02)


def test_logins_that_are_over_go_and_others_stay(watched):
    with watched.stores.database.write() as session:
        user = UserRow(
            id=CLINIC, clinic_id=CLINIC, login="s", name="S", role="operator", password_hash="-", created_at=watched.now
        )
        session.add(user)
        session.flush()
        for name, hours in (("over", -1), ("good", 1)):
            expires = watched.now + timedelta(hours=hours)
            session.add(
                LoginRow(token_hash=name, user_id=CLINIC, csrf_token="-", created_at=watched.now, expires_at=expires)
            )
    watched.watcher.look()
    assert [row.token_hash for row in rows(watched.stores, LoginRow)] == ["good"]


def test_old_changes_go_and_the_newest_stays_however_old_it_is(watched):
    with watched.stores.database.write() as session:
        for days in (9, 8, 7):
            at = watched.now - timedelta(days=days)
            session.add(ChangeRow(clinic_id=CLINIC, at=at, kind="device", subject_id=str(days), patient_id=None))
            session.flush()
    watched.watcher.look()
    assert [row.subject_id for row in rows(watched.stores, ChangeRow)] == ["7"]


def refused(number, part="body"):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return QuarantineRow(
        digest=f"{part}{number:027d}".encode(),
        times=1,
        clinic_id=CLINIC,
        gateway_id=GATEWAY,
        topic="t",
        part=part,
        reason="r",
        data=b"x",
        received_at=at,
        last_at=at,
    )


def test_very_many_refused_batches_of_a_gateway_lose_the_oldest_with_a_word_and_no_record_goes(watched):
    with watched.stores.database.write() as session:
        session.add_all(refused(number, "record") for number in range(3))
        session.add_all(refused(number) for number in range(BATCHES_KEPT + 5))
    watched.watcher.look()
    left = rows(watched.stores, QuarantineRow)
    assert sum(row.part == "record" for row in left) == 3
    batches = sorted(row.digest for row in left if row.part == "body")
    assert len(batches) == BATCHES_KEPT
    assert batches[0] == refused(5).digest
    (told,) = [row for row in rows(watched.stores, AuditRow) if row.action == "quarantine thinned"]
    assert (told.actor_kind, told.detail) == ("watch", {"dropped": 5})
