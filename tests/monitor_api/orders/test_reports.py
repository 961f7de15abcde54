"""What homes report is stored once, of their own clinic only, and ends what is settled."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from monitor_api.orders.asking import ask_hold, ask_stop
from monitor_api.records.attention import AlertRow, ChangeRow
from monitor_api.records.orders import GuardStopRow, IncidentRow, OrderReportRow, SendingRow, WishRow
from monitor_api.records.sessions import SessionRow
from tests.monitor_api.orders.desk import Desk
from tests.monitor_api.orders.test_sending import OTHER, other_gateway, reported
from tests.service import CLINIC, GATEWAY, UID, key_of, rf_samples, rows
from vocabulary.wire.batches import GuardStop, Incident, IncidentKind, OrderOutcome, SeenClock


def changes(desk: Desk) -> list[tuple[str, str]]:
    with desk.stores.database.read() as session:
        return [tuple(row) for row in session.execute(select(ChangeRow.kind, ChangeRow.subject_id))]


def test_a_report_says_when_the_gateway_had_the_wish_and_is_announced(desk: Desk):
    wish = desk.ask(ask_hold, None)
    desk.dispatch()
    taken_at = datetime.now(UTC)
    desk.report(reported(wish, at=taken_at))
    (sending,) = rows(desk.stores, SendingRow)
    assert (sending.taken_at, sending.due_at) == (taken_at, None)
    assert changes(desk)[-1] == ("device", UID)


def test_the_same_report_again_changes_nothing(desk: Desk):
    wish = desk.ask(ask_stop)
    first = reported(wish, "done", at=desk.now)
    desk.report(first)
    (ended_at,) = [row.ended_at for row in rows(desk.stores, WishRow)]
    desk.report(reported(wish, "done", at=datetime.now(UTC)))
    assert [(row.outcome, row.at) for row in rows(desk.stores, OrderReportRow)] == [("done", first.at)]
    assert [row.ended_at for row in rows(desk.stores, WishRow)] == [ended_at]


def test_a_device_that_was_out_of_reach_may_come_back_while_the_stop_is_good(desk: Desk):
    wish = desk.ask(ask_stop)
    desk.dispatch()
    desk.report(reported(wish, "unreachable"))
    assert [row.ended_at for row in rows(desk.stores, WishRow)] == [None]
    assert [row.taken_at for row in rows(desk.stores, SendingRow)] == [None]


@pytest.mark.parametrize("outcome", ["taken", "done"])
def test_a_gateway_speaks_for_itself_only(desk: Desk, outcome: str):
    other_gateway(desk)
    wish = desk.ask(ask_hold, None)
    with desk.stores.database.write() as session:
        session.add(SendingRow(wish_id=session.scalar(select(WishRow.id)), gateway_id=OTHER, times=0))
    desk.report(reported(wish, outcome))
    taken = {row.gateway_id: row.taken_at is not None for row in rows(desk.stores, SendingRow)}
    assert taken == {GATEWAY: True, OTHER: False}


def test_a_report_of_a_wish_that_nobody_made_is_not_taken_and_harms_nothing(desk: Desk, caplog):
    desk.report(reported("0" * 32))
    assert rows(desk.stores, OrderReportRow) == []
    assert "never sent" in caplog.text


def test_a_gateway_says_nothing_of_a_stop_that_went_to_another(desk: Desk):
    other_gateway(desk)
    wish = desk.ask(ask_stop)
    with desk.stores.database.write() as session:
        session.execute(update(SendingRow).values(gateway_id=OTHER))
    desk.report(reported(wish, "done"))
    assert [row.ended_at for row in rows(desk.stores, WishRow)] == [None]
    assert rows(desk.stores, OrderReportRow) == []


def test_a_stop_is_not_settled_by_what_is_said_of_another_device(desk: Desk):
    wish = desk.ask(ask_stop)
    desk.report(replace(reported(wish, "done"), device="00000000000000ff"))
    assert [row.ended_at for row in rows(desk.stores, WishRow)] == [None]


@pytest.mark.parametrize("outcome", ["refused", "unsupported", "expired"])
def test_a_stop_that_one_gateway_gives_up_goes_on_at_another_until_that_one_does_too(desk: Desk, outcome: str):
    other_gateway(desk)
    wish = desk.ask(ask_stop)
    with desk.stores.database.write() as session:
        session.add(SendingRow(wish_id=session.scalar(select(WishRow.id)), gateway_id=OTHER, times=0))
    desk.report(reported(wish, outcome))
    assert [row.ended_at for row in rows(desk.stores, WishRow)] == [None]
    with desk.stores.database.write() as session:
        session.add(
            OrderReportRow(
                clinic_id=CLINIC, wish_id=UUID(wish), gateway_id=OTHER, outcome="refused", at=desk.now, detail=""
            )
        )
    desk.report(reported(wish, outcome))
    assert [row.ended_at is None for row in rows(desk.stores, WishRow)] == [False]


def test_what_a_gateway_reports_is_in_the_services_time_however_its_clock_goes(desk: Desk):
    wish = desk.later(hours=-1).ask(ask_stop)
    real, shown = desk.now + timedelta(minutes=59), datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
    stop = GuardStop(device=UID, counter=1, rule="too-hot", because="hot", at=shown, outcome=OrderOutcome.DONE)
    incident = Incident(kind=IncidentKind.DISK_FAILED, at=shown, until=shown, detail="")
    clock = SeenClock(boot=1, at=shown, service_at=real, uncertainty_s=0.0)
    desk.report(clock, *(reported(wish, one, at=shown) for one in ("taken", "done")), stop, incident)
    (sending,), (ended,) = rows(desk.stores, SendingRow), rows(desk.stores, WishRow)
    reports, (stopped,), (failed,) = (rows(desk.stores, one) for one in (OrderReportRow, GuardStopRow, IncidentRow))
    told = [sending.taken_at, *(one.at for one in reports), stopped.at, failed.at, failed.until_at]
    assert all(abs(at - real) < timedelta(seconds=1) for at in told)
    assert ended.ended_at > real


def test_no_report_is_said_to_be_older_than_its_wish_where_nothing_is_known_of_the_clock(desk: Desk):
    wish = desk.ask(ask_stop)
    desk.report(reported(wish, "done", at=datetime(1970, 1, 1, 0, 3, tzinfo=UTC)))
    assert [row.at for row in rows(desk.stores, OrderReportRow)] == [desk.now]


INSTANTS = [
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=14))),
]


@pytest.mark.parametrize("odd", INSTANTS)
def test_an_incident_at_a_time_that_no_clock_shows_is_kept_and_costs_nothing_else(desk: Desk, odd: datetime):
    desk.report(rf_samples(0), Incident(kind=IncidentKind.DISK_FAILED, at=odd, until=odd, detail="worn out"))
    (row,) = rows(desk.stores, IncidentRow)
    assert row.detail == "worn out"
    assert all(
        datetime(1970, 1, 1, tzinfo=UTC) <= at < datetime(2200, 1, 1, tzinfo=UTC) for at in (row.at, row.until_at)
    )
    assert len(rows(desk.stores, SessionRow)) == 1


def test_a_stop_by_the_guard_is_stored_with_its_session_and_raises_no_alert_of_its_own(desk: Desk):
    stop = GuardStop(
        device=UID,
        counter=1,
        rule="too-hot",
        because="skin at 42.6 Cel, above 42.5 Cel",
        at=desk.now,
        outcome=OrderOutcome.DONE,
    )
    desk.report(stop)
    desk.report(stop)
    (row,) = rows(desk.stores, GuardStopRow)
    assert (row.session_id, row.rule, row.outcome) == (key_of().session, "too-hot", "done")
    assert changes(desk)[-1] == ("session", str(key_of().session))
    assert rows(desk.stores, AlertRow) == []


def test_an_incident_that_goes_on_is_one_with_a_later_end(desk: Desk):
    for minutes in (1, 5):
        desk.report(
            Incident(
                kind=IncidentKind.OUTBOX_FULL,
                at=desk.now - timedelta(minutes=10),
                until=desk.now - timedelta(minutes=10 - minutes),
                detail=f"{minutes} samples",
            )
        )
    (row,) = rows(desk.stores, IncidentRow)
    assert (row.until_at - row.at, row.detail) == (timedelta(minutes=5), "5 samples")
    assert changes(desk)[-1] == ("gateway", GATEWAY)


def test_an_incident_never_becomes_shorter_whatever_comes_late(desk: Desk):
    began = desk.now - timedelta(hours=3)
    for hours in (3, 1):
        until = began + timedelta(hours=hours)
        desk.report(Incident(kind=IncidentKind.OUTBOX_FULL, at=began, until=until, detail=f"{hours} hours"))
    (row,) = rows(desk.stores, IncidentRow)
    assert (row.until_at - row.at, row.detail) == (timedelta(hours=3), "3 hours")
