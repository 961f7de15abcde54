"""The cohort: the same people from the same seed, believable ones, and labels that say what truly was done."""

from collections import Counter
from datetime import UTC, date, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from statistics import median

import pytest
from msgspec.structs import astuple

from firmware_bridge.virtual.cohort.behaviour import Behaviour, draw_will
from firmware_bridge.virtual.cohort.homes import Home
from firmware_bridge.virtual.cohort.labels import Done
from firmware_bridge.virtual.cohort.people import make_person, people
from firmware_bridge.virtual.cohort.samples import longest_seen
from firmware_bridge.virtual.cohort.span import Cohort
from vocabulary.readings import Sign

COHORT = Cohort(seed=7, days=60)


@cache
def crowd():
    return tuple(people(COHORT, range(250)))


def sessions_of(person):
    return {one.past.session: one for one in person.sessions}


def labelled(kind):
    return [(person, label) for person in crowd() for label in person.labels if label.kind is kind]


def test_a_person_is_the_same_however_they_are_made():
    alone = make_person(COHORT, 41)
    assert alone == crowd()[41]


def test_another_seed_gives_other_people():
    assert make_person(Cohort(seed=8, days=60), 41) != crowd()[41]


def test_shares_of_behaviour_are_those_published():
    counts = Counter(draw_will(Random(number)).behaviour for number in range(4000))
    published = {"steady": 0.55, "declining": 0.25, "stopping": 0.12, "over-user": 0.05, "sharer": 0.03}
    for behaviour in Behaviour:
        assert counts[behaviour] / 4000 == pytest.approx(published[behaviour], abs=0.02)


def test_those_who_stop_do_so_by_the_published_median_and_within_two_weeks():
    stops = [will.turns_on_day for number in range(6000) if (will := draw_will(Random(number))).behaviour == "stopping"]
    assert 3.5 < median(stops) < 6.5
    assert max(stops) < 14


def test_those_who_decline_use_the_device_less_from_the_fifth_week_on():
    early = late = 0
    for person in crowd():
        if person.behaviour is Behaviour.DECLINING:
            for one in person.sessions:
                at = one.past.started.at if one.past.started else one.past.heard_at
                early += timedelta(0) <= at - person.began < timedelta(days=14)
                late += at - person.began >= timedelta(days=32)
    assert late < early / 2


def test_the_steady_keep_to_two_thirds_of_their_plan_and_more():
    steady = [person for person in crowd() if person.behaviour is Behaviour.STEADY and not person.holds]
    planned = sum(
        one.per_week * (COHORT.until_at - person.began) / timedelta(weeks=1)
        for person in steady
        for one in person.prescribed
    )
    kept = sum(1 for person in steady for one in person.sessions if one.past.regimen)
    assert 0.65 < kept / planned < 0.95


@pytest.mark.parametrize("kind", list(Done))
def test_everything_that_can_be_done_is_done_to_somebody(kind):

    more = people(COHORT, range(250, 2000))
    found = labelled(kind) or any(label.kind is kind for one in more for label in one.labels)
    assert found


def test_an_overheated_head_is_as_hot_in_the_samples_as_it_was_but_for_the_sensor():
    seen = 0
    for person, label in labelled(Done.OVERHEATED_HEAD):
        one = sessions_of(person).get(label.session)
        if one and label.seen == label.lasted:
            seen += 1
            device = next(device for device in person.devices if device.uid == label.device)
            off = max(one.samples.skin_celsius) - label.value.value
            assert abs(off) <= device.calibration.skin_celsius + 0.2
            near = [skin > label.value.value + off - 0.4 for skin in one.samples.skin_celsius]
            assert sum(near) >= label.lasted.total_seconds()
    assert seen


def test_after_a_trip_energy_goes_on_for_as_long_as_the_label_says():
    for person, label in labelled(Done.WENT_ON_AFTER_TRIP):
        one = sessions_of(person).get(label.session)
        if one and label.seen == label.lasted:
            tripped = [signs for signs in one.samples.signs if signs & int(Sign.TRIP)]
            assert len(tripped) - 1 == label.lasted.total_seconds()


def test_samples_stored_and_missing_are_all_that_were_produced():
    for person in crowd()[:200]:
        for one in person.sessions:
            if one.samples.sequence:
                assert len(one.samples.sequence) + one.missing == one.past.elapsed.total_seconds()
            assert len({len(column) for column in astuple(one.samples)}) == 1


def test_figures_are_off_by_no_more_than_their_sheet_says():
    for person in crowd()[:200]:
        devices = {device.uid: device for device in person.devices}
        for label in person.labels:
            one = sessions_of(person).get(label.session)
            if one and label.kind is Done.OVER_LONG:
                assert one.past.active.total_seconds() == label.value.value
                assert devices[label.device].calibration.dose_fraction is not None


def test_a_start_lies_where_the_store_places_it_unless_somebody_set_the_clock():
    for person, label in labelled(Done.OVER_LONG):
        one = sessions_of(person).get(label.session)
        if one and one.past.started:
            assert one.past.started.earliest <= label.at <= one.past.started.latest


def test_sessions_of_one_device_never_overlap():
    for person in crowd()[:200]:
        for device in person.devices:
            own = [one.past for one in person.sessions if one.past.device == device.uid and one.past.started]
            live = [past for past in own if past.started.known == "seen as it happened"]
            for before, after in pairwise(sorted(live, key=lambda past: past.counter)):
                assert after.started.latest > before.started.earliest + before.elapsed


def test_records_come_late_from_a_gateway_that_was_away():
    late = 0
    for person, label in labelled(Done.GATEWAY_OFFLINE):
        for one in person.sessions:
            started = one.past.started
            if started and label.at <= started.earliest and started.latest < label.until:
                assert one.past.heard_at >= label.until
                late += 1
    assert late


@pytest.mark.parametrize(
    ("zone", "day", "hour", "offsets"),
    [
        ("Australia/Lord_Howe", date(2026, 10, 4), 20.0, {11.0}),
        ("Australia/Lord_Howe", date(2026, 10, 3), 20.0, {10.5}),
        ("Asia/Kolkata", date(2026, 9, 1), 20.0, {5.5}),
        ("Pacific/Chatham", date(2026, 9, 27), 20.0, {13.75}),
        ("Europe/Zurich", date(2026, 10, 25), 2.5, {1.0, 2.0}),
    ],
)
def test_people_keep_to_the_time_on_their_own_wall(zone, day, hour, offsets):
    home = Home(zone=zone, away=None, hour=hour, wavers_h=0.0)
    moments = [home.moment(Random(number), day) for number in range(20)]
    naive = [moment.astimezone(UTC).replace(tzinfo=None) for moment in moments]
    hours = {(24 * (day - moment.date()).days + hour - moment.hour - moment.minute / 60) for moment in naive}
    assert hours == offsets


@pytest.mark.parametrize(
    ("sequence", "longest"), [((), 0), ((1, 2, 3), 3), ((1, 2, 5, 6, 7), 3), ((0, 1, 8, 9), 1), ((4,), 1)]
)
def test_what_was_seen_without_a_break_is_counted_within_bounds(sequence, longest):
    assert longest_seen(sequence, 1, 9) == longest
