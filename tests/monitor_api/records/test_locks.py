"""Two that write at once: what one has looked at to change it is so until it ends, and the other goes on from there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from alerts.desk import acknowledge
from alerts.errors import MoveRefused
from monitor_api.clock import Moment
from monitor_api.courses.due import CourseKey, claim_courses, mark_course_due
from monitor_api.http.policy import Role
from monitor_api.records.alert_store import SqlAlertStore
from monitor_api.records.trail import Actor, ActorKind
from monitor_api.sessions.due import claim_due, mark_due
from monitor_api.telemetry.series import SeriesKey
from monitor_api.watch.lease import LASTS, is_held, take
from tests.monitor_api.http.tenants import Tenant, fill
from tests.servers import postgres
from vocabulary.identity import AlertId, PatientId, SessionId, UserId

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LATER = NOW + 2 * LASTS


@pytest.fixture
def database():
    with postgres.database() as made:
        yield made


def beside(database, first, second):
    """Whether work had to wait that began while the transaction of another was open, and what it gave."""

    def do_the_second():
        with database.write() as session:
            return second(session)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            first(session)
            later = pool.submit(do_the_second)
            waited = postgres.meets_a_lock(database.engine.url.database, later)
        return waited, later.result()


def test_of_two_who_take_a_lease_that_is_over_the_second_waits_and_finds_it_taken(database):
    with database.write() as session:
        take(session, "watch", "dead", NOW)
    assert beside(
        database,
        lambda session: take(session, "watch", "a", LATER),
        lambda session: take(session, "watch", "b", LATER),
    ) == (True, False)


def test_who_finds_a_lease_held_has_it_until_the_transaction_ends(database):
    with database.write() as session:
        take(session, "watch", "a", NOW)
    assert beside(
        database,
        lambda session: is_held(session, "watch", "a"),
        lambda session: take(session, "watch", "b", LATER),
    ) == (True, True)


def test_of_two_who_take_an_alert_on_at_once_the_second_is_refused(database):
    tenant = Tenant("a")
    fill(database, [tenant])
    who = UserId(tenant.users[Role.PHYSICIAN])

    def take_on(session):
        store = SqlAlertStore(session, Actor(kind=ActorKind.USER, id=who), NOW + timedelta(days=1))
        acknowledge(store, (tenant.id, AlertId(tenant.alert)), who, NOW + timedelta(days=1))

    with pytest.raises(MoveRefused):
        beside(database, take_on, take_on)


def test_who_claims_checks_passes_by_those_that_another_claims_and_does_not_wait(database):
    keys = [SeriesKey(clinic=Tenant("a").id, session=SessionId(UUID(int=number))) for number in (1, 2)]
    with database.write() as session:
        mark_due(session, keys, NOW)
    taken = []
    waited, others = beside(
        database,
        lambda session: taken.extend(claim_due(session, "a", NOW, 1)),
        lambda session: claim_due(session, "b", NOW, 1),
    )
    assert not waited
    assert {claim.key for claim in (*taken, *others)} == set(keys)


def test_who_claims_courses_passes_by_those_that_another_claims_and_does_not_wait(database):
    tenant, now = Tenant("a"), Moment(civil=NOW, real=NOW)
    fill(database, [tenant])
    keys = [CourseKey(tenant.id, PatientId(one)) for one in (tenant.patient, tenant.other_patient)]
    with database.write() as session:
        mark_course_due(session, keys, NOW)
    taken = []
    waited, others = beside(
        database,
        lambda session: taken.extend(claim_courses(session, "a", now, 1)),
        lambda session: claim_courses(session, "b", now, 1),
    )
    assert not waited
    assert {claim.key for claim in (*taken, *others)} == set(keys)
