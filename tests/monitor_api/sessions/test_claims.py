"""Checkers that claim at once: none takes what another has, nothing is left, and what a dead one had is taken over."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest

from monitor_api.errors import ClaimLost
from monitor_api.records.sessions import DueRow
from monitor_api.sessions.due import LEASE, claim_due, give_back, mark_due, release
from monitor_api.telemetry.series import SeriesKey
from tests.service import CLINIC, open_service, rows
from vocabulary.identity import SessionId

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LATER = NOW + LEASE + timedelta(seconds=1)
CHECKERS = 4
KEYS = [SeriesKey(clinic=CLINIC, session=SessionId(UUID(int=number))) for number in range(1, 201)]


@pytest.fixture
def stores(data):
    made = open_service(data)
    with made.database.write() as session:
        mark_due(session, KEYS, NOW)
    yield made
    made.close()


def at_once(work):
    """What each of some checkers brings, with connections of their own, all starting at one moment."""
    start = Barrier(CHECKERS)

    def checker(number):
        start.wait(30)
        return work(f"check-{number}")

    with ThreadPoolExecutor(CHECKERS) as pool:
        return [one for found in pool.map(checker, range(CHECKERS)) for one in found]


def claim_all(stores, name, now=NOW, most=7):
    taken = []
    while True:
        with stores.database.write() as session:
            some = claim_due(session, name, now, most)
        assert len(some) <= most
        if not some:
            return taken
        taken += some


def finish(stores, claim, name, touched=()):
    with stores.database.write() as session:
        release(session, claim, name, touched=touched, now=NOW)


def test_every_mark_is_claimed_by_one_checker_and_none_is_left(stores):
    claims = at_once(lambda name: claim_all(stores, name))
    assert Counter(claim.key for claim in claims) == Counter(KEYS)


def test_what_a_dead_checker_had_is_taken_over_by_one_when_its_lease_is_over(stores):
    claim_all(stores, "dead")
    assert at_once(lambda name: claim_all(stores, name)) == []
    claims = at_once(lambda name: claim_all(stores, name, LATER))
    assert Counter(claim.key for claim in claims) == Counter(KEYS)


def test_who_was_overtaken_loses_the_claim_and_changes_nothing(stores):
    (late,) = claim_all(stores, "slow", most=1)[:1]
    claim_all(stores, "quick", LATER)
    with pytest.raises(ClaimLost):
        finish(stores, late, "slow")
    assert {row.claimed_by for row in rows(stores, DueRow)} == {"quick"}


def test_checkers_that_touch_each_others_sessions_all_come_to_an_end(stores):
    def check(name):
        done = claim_all(stores, name)
        for claim in done:
            finish(stores, claim, name, touched=KEYS[:3])
        return done

    assert Counter(claim.key for claim in at_once(check)) >= Counter(KEYS)
    left = {SeriesKey(clinic=CLINIC, session=SessionId(row.session_id)) for row in rows(stores, DueRow)}
    assert left <= set(KEYS[:3])


def test_facts_that_come_while_checkers_work_leave_their_sessions_due(stores):
    claims = claim_all(stores, "check")

    def work(name):
        if name == "check-0":
            with stores.database.write() as session:
                mark_due(session, reversed(KEYS), NOW)
        else:
            mine = claims[int(name[-1]) - 1 :: CHECKERS - 1]
            for claim in mine:
                finish(stores, claim, "check")
        return ()

    at_once(work)
    free = {row.session_id for row in rows(stores, DueRow)}
    assert free == {key.session for key in KEYS}


def test_what_is_given_back_is_free_at_once(stores):
    claims = claim_all(stores, "check")
    with stores.database.write() as session:
        give_back(session, claims, "check")
    assert len(claim_all(stores, "other")) == len(KEYS)


def test_who_was_overtaken_gives_back_nothing_that_is_another_ones(stores):
    claims, later = claim_all(stores, "check"), NOW + LEASE + timedelta(seconds=1)
    assert len(claim_all(stores, "other", later)) == len(KEYS)
    with stores.database.write() as session:
        give_back(session, claims, "check")
    assert claim_all(stores, "third", later) == []
