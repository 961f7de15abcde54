"""Therapy days where clocks change, where they change by half an hour, and where they never do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from clinical.adherence.days import TherapyDays
from clinical.practice import PRACTICE

ZURICH, KOLKATA, LORD_HOWE = (ZoneInfo(name) for name in ("Europe/Zurich", "Asia/Kolkata", "Australia/Lord_Howe"))
BERLIN, NEW_YORK, CHATHAM, APIA = (
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Pacific/Chatham", "Pacific/Apia")
)
NIGHTS = {
    BERLIN: (date(2026, 3, 29), date(2026, 10, 25)),
    NEW_YORK: (date(2026, 3, 8), date(2026, 11, 1)),
    LORD_HOWE: (date(2026, 4, 5), date(2026, 10, 4)),
    CHATHAM: (date(2026, 4, 5), date(2026, 9, 27)),
    KOLKATA: (date(2026, 3, 29), date(2026, 10, 25)),
}
"""Mornings on which clocks were changed; in Kolkata they were not."""


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        (datetime(2026, 3, 4, 2, 59, tzinfo=UTC), ZURICH, date(2026, 3, 3)),
        (datetime(2026, 3, 4, 3, 0, tzinfo=UTC), ZURICH, date(2026, 3, 4)),
        (datetime(2026, 3, 3, 22, 29, tzinfo=UTC), KOLKATA, date(2026, 3, 3)),
        (datetime(2026, 3, 3, 22, 30, tzinfo=UTC), KOLKATA, date(2026, 3, 4)),
        (datetime(2026, 1, 9, 16, 59, tzinfo=UTC), LORD_HOWE, date(2026, 1, 9)),
        (datetime(2026, 1, 9, 17, 0, tzinfo=UTC), LORD_HOWE, date(2026, 1, 10)),
        (datetime(2026, 7, 9, 17, 29, tzinfo=UTC), LORD_HOWE, date(2026, 7, 9)),
        (datetime(2026, 7, 9, 17, 30, tzinfo=UTC), LORD_HOWE, date(2026, 7, 10)),
    ],
)
def test_a_therapy_day_starts_at_four_where_the_patient_lives(at, zone, day):
    assert TherapyDays(zone, PRACTICE.day_starts).of(at) == day


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (ZURICH, date(2026, 3, 28), 23),
        (ZURICH, date(2026, 10, 24), 25),
        (ZURICH, date(2026, 3, 29), 24),
        (LORD_HOWE, date(2026, 4, 4), 24.5),
        (LORD_HOWE, date(2026, 10, 3), 23.5),
        (KOLKATA, date(2026, 3, 28), 24),
        (NEW_YORK, date(2026, 3, 7), 23),
        (NEW_YORK, date(2026, 10, 31), 25),
        (CHATHAM, date(2026, 4, 4), 25),
        (CHATHAM, date(2026, 9, 26), 23),
        (APIA, date(2011, 12, 29), 24),
        (APIA, date(2011, 12, 30), 0),
    ],
)
def test_the_day_of_a_night_when_clocks_change_is_longer_or_shorter(zone, day, hours):
    days = TherapyDays(zone, PRACTICE.day_starts)
    assert days.start(day + timedelta(days=1)) - days.start(day) == timedelta(hours=hours)


@given(
    now=integers(0, 10 * 366 * 86400).map(lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    zone=sampled_from([ZURICH, KOLKATA, LORD_HOWE]),
    count=integers(1, 30),
)
def test_the_last_days_leave_no_instant_out_and_end_with_the_one_that_is_running(now, zone, count):
    days = TherapyDays(zone, PRACTICE.day_starts).last(count, now)
    assert len(days) == count
    assert all(before.end == after.start for before, after in pairwise(days))
    assert days[-1].start <= now < days[-1].end


@pytest.mark.parametrize("zone", NIGHTS, ids=str)
@pytest.mark.parametrize("which", [0, 1])
def test_around_a_change_of_clocks_every_minute_is_of_the_day_that_a_clock_on_the_wall_says(zone, which):
    noon = datetime.combine(NIGHTS[zone][which] - timedelta(days=1), time(12), zone).astimezone(UTC)
    minutes = [noon + timedelta(minutes=minute) for minute in range(24 * 60)]
    on_the_wall = [at.astimezone(zone).replace(tzinfo=None) - timedelta(hours=4) for at in minutes]
    days = [TherapyDays(zone, PRACTICE.day_starts).of(at) for at in minutes]
    assert days == [one.date() for one in on_the_wall]
    assert days == sorted(days)


def test_a_day_that_a_zone_left_out_has_no_minute_and_the_night_is_of_the_evening_before_it():
    evening = datetime(2011, 12, 30, 9, 59, tzinfo=UTC)
    days = [TherapyDays(APIA, PRACTICE.day_starts).of(evening + timedelta(minutes=minute)) for minute in range(24 * 60)]
    assert sorted(set(days)) == [date(2011, 12, 29), date(2011, 12, 31)]
    assert days.count(date(2011, 12, 29)) == 4 * 60 + 1
