"""What a fortnight shows: no data is not rest, and nothing is called missed that was never planned."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinical.adherence.days import TherapyDays
from monitor_api.screens.strip import EVER, Kind, Record, Span, Use, quiet_spans, strip
from vocabulary.devices import Modality
from vocabulary.instants import Known, Placed

DAYS = TherapyDays(ZoneInfo("Europe/Zurich"), time(4))
NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)
LED, RF = Modality.LED, Modality.RF
QUIET = ((Span(EVER, NOW),),)
"""One device that proves that it was never used."""


def placed(at: datetime, give_or_take: timedelta = timedelta(0)) -> Placed:
    return Placed(earliest=at - give_or_take, latest=at + give_or_take, known=Known.LIVE)


def evening(days_ago: int) -> datetime:
    return NOW - timedelta(days=days_ago, hours=1)


def use(days_ago: int, fraction: float | None = 1.0, limit: float | None = 1.1, modality: Modality = LED) -> Use:
    return Use(placed(evening(days_ago)), modality, fraction, limit)


def kinds(*uses: Use, quiet=QUIET, since=EVER) -> list[Kind]:
    """The last five days, the last of which is running."""
    return [cell.kind for cell in cells(*uses, quiet=quiet, since=since)]


def cells(*uses: Use, quiet=QUIET, since=EVER):
    record = Record(uses=uses, quiet=quiet, theirs_since=since, days=DAYS)
    return strip(DAYS.last(5, NOW), record)


def test_a_day_without_a_session_is_said_to_be_so_only_when_every_device_proves_it():
    all_quiet, unknown = (Span(EVER, NOW),), ()
    assert kinds(quiet=(all_quiet, all_quiet))[0] is Kind.NONE
    assert kinds(quiet=(all_quiet, unknown))[0] is Kind.UNKNOWN
    assert kinds(quiet=())[0] is Kind.UNKNOWN


def test_a_day_of_which_only_a_part_is_proven_is_no_data():
    assert kinds(quiet=((Span(EVER, evening(2)),),))[:4] == [Kind.NONE, Kind.NONE, Kind.UNKNOWN, Kind.UNKNOWN]


def test_today_is_running_until_there_is_a_session():
    assert kinds()[-1] is Kind.RUNNING
    assert kinds(use(0))[-1] is Kind.DOSE


def test_days_before_the_device_was_theirs_are_neither_rest_nor_missing():
    assert kinds(since=NOW - timedelta(days=2))[:3] == [Kind.BEFORE, Kind.BEFORE, Kind.NONE]


@pytest.mark.parametrize(("fraction", "step"), [(0.01, 1), (0.2, 1), (0.21, 2), (0.8, 4), (0.95, 5), (1.1, 5)])
def test_a_shade_is_a_fifth_of_the_prescribed_dose(fraction, step):
    assert cells(use(0, fraction))[-1].step == step


def test_sessions_of_one_day_and_kind_add_up_and_may_be_over_together():
    assert kinds(use(1, 0.6), use(1, 0.6))[3] is Kind.OVER
    assert kinds(use(1, 0.6), use(1, 0.6, modality=RF))[3] is Kind.DOSE


def test_a_dose_without_a_regimen_to_hold_it_against_is_only_used():
    assert kinds(use(1, None))[3] is Kind.UNMEASURED


def test_a_session_that_may_be_of_either_of_two_days_is_put_on_neither():
    doubtful = Use(placed(NOW - timedelta(days=1, hours=17), timedelta(hours=5)), LED, 1.0, 1.1)
    assert Kind.DOSE not in kinds(doubtful)


def test_a_session_after_midnight_is_of_the_evening_before():
    late = Use(placed(datetime(2026, 3, 4, 1, 30, tzinfo=UTC)), LED, 1.0, 1.1)
    assert {cell.day: cell.kind for cell in cells(late)}[date(2026, 3, 3)] is Kind.DOSE


def test_a_device_is_proven_quiet_between_sessions_whose_counters_follow_each_other():
    sessions = {1: placed(evening(9)), 2: placed(evening(7)), 4: placed(evening(3))}
    assert quiet_spans(sessions, newest=4, contact_at=NOW) == (
        Span(EVER, evening(9)),
        Span(evening(9), evening(7)),
        Span(evening(3), NOW),
    )


def test_a_record_that_the_device_named_and_nobody_has_leaves_the_time_since_the_last_one_open():
    assert quiet_spans({1: placed(evening(9))}, newest=2, contact_at=NOW) == (Span(EVER, evening(9)),)


def test_a_session_that_nothing_places_proves_nothing():
    assert quiet_spans({1: None}, newest=1, contact_at=NOW) == ()


def test_a_device_that_was_never_used_is_quiet_up_to_the_last_contact():
    assert quiet_spans({}, newest=0, contact_at=NOW) == (Span(EVER, NOW),)
