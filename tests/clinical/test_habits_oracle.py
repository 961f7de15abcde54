"""Who is who, and what a device puts out, by a plain reading of each rule: every session against all those before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from clinical.course import Course
from clinical.misuse.adherence import drift
from clinical.misuse.ageing import output_drift, worn_tip
from clinical.misuse.course_rules import course_at
from clinical.misuse.impostors import device_cloned, other_person
from clinical.practice import PRACTICE
from clinical.verdicts import Outcome
from tests.clinical.courses import DAY, MINUTE, SIGNS, done, phase, written
from vocabulary.devices import Modality
from vocabulary.identity import GatewayId, PatientId
from vocabulary.quantities import Quantity, Unit

START = datetime(2026, 3, 2, 18, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Zurich")
TOLD = st.booleans()


def told(**of_sessions):
    """Sessions of one device, one a day, by what is told of each."""
    columns = [[(name, value) for value in values] for name, values in of_sessions.items()]
    return [
        structs.replace(done(number + 1, START + number * DAY), **dict(row))
        for number, row in enumerate(zip(*columns, strict=True))
    ]


def course(sessions):
    return Course(
        patient=PatientId(UUID(int=9)),
        zone=ZONE.key,
        sessions=tuple(sessions),
        regimens=(),
        holds=(),
        excuses=(),
        devices=(),
    )


def figure(*values):
    """Now about as usual, now not, sometimes not known: what is usual is not told."""
    return st.sampled_from([*values, None])


@st.composite
def habits(draw):
    """Sessions of one device, one a day, with what is told of habits."""
    figures = st.tuples(
        figure(*[0.6 + 0.05 * step for step in range(9)]),
        figure(*[0.05 * step for step in range(9)]),
        figure(*[200.0 + 20 * step for step in range(9)]),
        st.sampled_from([0, 0, 0, 60, 150, 250, 500]),
        TOLD,
    )
    sessions = []
    for number, (contact, moving, ohm, later, placed) in enumerate(draw(st.lists(figures, min_size=6, max_size=60))):
        at = START + number * DAY + later * MINUTE
        one = done(number + 1, at if placed or number % 4 else None, heard_at=at)
        wear = structs.replace(SIGNS, contact_fraction=contact, moving_fraction=moving)
        sessions.append(structs.replace(one, wear=wear, impedance_ohm=ohm))
    return sessions


def hour(session):
    if session.started is None:
        return None
    local = session.started.at.astimezone(ZONE)
    return (local.hour - 4 + local.minute / 60) % 24


def unlike_before(session, before):
    """In how many habits it is unlike the usual ones, contact and impedance being one."""

    def usual(of):
        known = [value for one in before[-PRACTICE.baseline :] if (value := of(one)) is not None]
        return median(known) if len(known) >= PRACTICE.learned else None

    def away(of, far):
        own, normal = of(session), usual(of)
        return own is not None and normal is not None and far(own, normal)

    coupling = away(lambda one: one.wear.contact_fraction, lambda own, normal: abs(own - normal) > 0.15) or away(
        lambda one: one.impedance_ohm, lambda own, normal: abs(own - normal) > 0.25 * normal
    )
    motion = away(lambda one: one.wear.moving_fraction, lambda own, normal: abs(own - normal) > 0.15)
    time_of_day = away(hour, lambda own, normal: min(abs(own - normal), 24 - abs(own - normal)) > 3)
    return coupling + motion + time_of_day


@settings(max_examples=150, deadline=None)
@given(habits())
def test_sessions_look_like_another_persons_just_where_two_habits_differ_from_all_that_were_as_usual(sessions):
    as_usual, strange, expected = [], [], {}
    for place, session in enumerate(sessions):
        if unlike_before(session, as_usual) >= 2:
            strange.append(place)
            again = any(place - 3 < one < place for one in strange)
            expected[str(session.session)] = Outcome.FIRES if again else Outcome.UNDETERMINED
        else:
            as_usual.append(session)
    now = START + 61 * DAY
    lately = {
        str(one.session) for one in sessions if (one.started.at if one.started else one.heard_at) > now - 28 * DAY
    }
    found = other_person.judge(course_at(course(sessions), now, worn={}))
    assert {one.onset: one.verdict.outcome for one in found} == {
        onset: outcome for onset, outcome in expected.items() if onset in lately
    }


A, B, STRANGE = (0.80, 0.05), (0.94, 0.19), (0.2, 0.9)


@pytest.mark.parametrize(
    ("before", "last", "is_unlike"),
    [
        ([A] * 4 + [B] * 3 + [(0.96, 0.21)], (0.96, 0.21), True),
        ([A] * 17 + [B] * 14, (1.0, 0.25), False),
        ([A] * 8 + [STRANGE] * 3 + [A] * 17 + [B] * 14, (1.0, 0.25), False),
        ([A] * 14 + [STRANGE] * 3 + [B] * 14, (0.75, 0.0), False),
        ([A] * 11 + [B] * 14, (0.75, 0.0), True),
    ],
)
def test_usual_is_the_median_of_the_last_28_sessions_that_were_as_usual(before, last, is_unlike):
    sessions = [
        structs.replace(
            done(number + 1, START + number * DAY),
            wear=structs.replace(SIGNS, contact_fraction=contact, moving_fraction=moving),
        )
        for number, (contact, moving) in enumerate([*before, last])
    ]
    found = other_person.judge(course_at(course(sessions), START + (len(before) + 1) * DAY, worn={}))
    assert (str(sessions[-1].session) in {one.onset for one in found}) is is_unlike


@st.composite
def runs(draw):
    """Sessions of one device that follow each other, now and then too closely, backwards or in another home."""
    steps = st.tuples(
        st.sampled_from([5, 12, 40, 300, 1400]), st.sampled_from([1, 1, 1, 1, -3]), st.sampled_from("aab")
    )
    sessions, at, counter, used = [], START, 50, set()
    for minutes, count, home in draw(st.lists(steps, min_size=2, max_size=12)):
        at, counter = at + minutes * MINUTE, counter + count
        while counter in used:
            counter += 1
        used.add(counter)
        sessions.append(structs.replace(done(counter, at, late=MINUTE / 4), gateway=GatewayId(home)))
    return sessions


@settings(max_examples=150, deadline=None)
@given(runs(), st.randoms())
def test_clones_are_found_just_where_neighbours_in_time_cannot_be_one_device(sessions, chance):
    ordered = sorted(sessions, key=lambda one: (one.started.at, one.counter))
    expected = {}
    for before, after in pairwise(ordered):
        pause = after.started.latest - before.started.earliest - before.elapsed
        together = pause < timedelta(0)
        went_back = after.counter < before.counter and after.started.earliest > before.started.latest
        if together or went_back:
            expected[str(after.session)] = Outcome.FIRES
        elif before.gateway != after.gateway and pause < timedelta(hours=1):
            expected[str(after.session)] = Outcome.UNDETERMINED
    chance.shuffle(sessions)
    found = device_cloned.judge(course_at(course(sessions), START + 30 * DAY, worn={}))
    assert {one.onset: one.verdict.outcome for one in found} == expected


def shifts_of(figures, away):
    """Each run of at least three that lie away from the median of those before that did not, and its length."""
    usual, run, found = [], [], {}
    for place, value in [(place, value) for place, value in enumerate(figures) if value is not None]:
        if len(usual) >= PRACTICE.learned and away(value, median(usual[-PRACTICE.baseline :])):
            run.append(place)
            if len(run) >= 3:
                found[run[0]] = len(run)
        else:
            usual, run = [*usual, value], []
    return found


def fired(rule, what, sessions):
    found = rule.judge(course_at(course(sessions), START + 41 * DAY, worn={}))
    places = {str(one.session): place for place, one in enumerate(sessions)}
    return {
        places[one.onset.removeprefix(f"{what}:")]: len(one.sessions)
        for one in found
        if one.verdict.outcome is Outcome.FIRES and one.onset.startswith(f"{what}:")
    }


def figures(*values):
    return st.lists(st.sampled_from([*values, None]), min_size=8, max_size=40)


@settings(max_examples=100, deadline=None)
@given(figures(30.0, 30.0, 30.0, 31.0, 20.0, 41.0))
def test_output_drifts_just_where_three_in_a_row_lie_a_fifth_from_the_median_of_those_that_did_not(levels):
    expected = shifts_of(levels, lambda now, normal: abs(now - normal) > 0.2 * normal)
    assert fired(output_drift, "output", told(output_level=levels)) == expected


@settings(max_examples=100, deadline=None)
@given(figures(0.95, 0.95, 0.9, 0.84, 0.7), st.randoms())
def test_a_tip_is_worn_just_where_three_in_a_row_touch_worse(contacts, chance):
    ohms = [chance.choice([240.0, 240.0, 250.0, 320.0, None]) for _ in contacts]
    wear = [structs.replace(SIGNS, contact_fraction=contact) for contact in contacts]
    sessions = told(wear=wear, impedance_ohm=ohms, modality=[Modality.RF] * len(contacts))
    assert fired(worn_tip, "contact", sessions) == shifts_of(contacts, lambda now, normal: now < normal - 0.1)
    assert fired(worn_tip, "impedance", sessions) == shifts_of(ohms, lambda now, normal: now > normal * 1.3)


def drifts_of(figures, far):
    """Each run of three or more on one side of the median of up to 28 before each, by place: where it ended, if so."""
    known = [(place, value) for place, value in enumerate(figures) if value is not None]
    sides = []
    for index, (_, value) in enumerate(known):
        before = [one for _, one in known[max(0, index - PRACTICE.baseline) : index]]
        away = value - median(before) if len(before) >= PRACTICE.learned else 0
        sides.append(0 if not away or abs(away) <= far * median(before) + 1e-9 else 1 if away > 0 else -1)
    found, begin = {}, 0
    for index in range(1, len(known) + 1):
        if index == len(known) or sides[index] != sides[begin]:
            if sides[begin] and index - begin >= 3:
                ended = known[index][0] if index < len(known) else None
                found[known[begin][0]] = (known[index - 1][0], ended)
            begin = index
    return found


def prescribed(sessions, *phases, changes_on=None):
    later = None if changes_on is None else START + changes_on * DAY
    versions = [written(phases[0], from_at=START - DAY, until_at=later)]
    versions += [written(one, from_at=later, version=2) for one in phases[1:]]
    return replace(course(sessions), regimens=tuple(versions))


def drifted(one, on):
    return {
        found.onset: found.cleared_at
        for found in drift.judge(course_at(one, START + on * DAY, worn={}))
        if found.onset.startswith("dose:")
    }


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([10.0, 10.0, 11.0, 6.0, 14.0, 20.0, None]), st.integers(1, 5)),
        min_size=8,
        max_size=40,
    ),
    st.integers(0, 70),
)
def test_habits_drift_just_where_three_in_a_row_lie_to_one_side_and_until_one_does_not(stretches, on):
    doses = [dose for dose, times in stretches for _ in range(times)]
    sessions = told(dose=[None if one is None else Quantity(one, Unit.JOULE_PER_CM2) for one in doses])
    on += len(doses)
    expected = {
        f"dose:{sessions[first].session}": None if ended is None else sessions[ended].started.earliest
        for first, (last, ended) in drifts_of(doses, PRACTICE.drift_fraction).items()
        if ended is None or sessions[last].started.earliest > START + (on - PRACTICE.look_back_days) * DAY
    }
    assert drifted(prescribed(sessions, phase(7, 7)), on) == expected


def test_what_drifted_and_came_back_is_told_under_its_first_session_until_it_is_too_old():
    doses = [Quantity(dose, Unit.JOULE_PER_CM2) for dose in (*(10.0,) * 12, *(15.0,) * 4, *(10.0,) * 30)]
    sessions = told(dose=doses)
    seen = [drifted(prescribed(sessions[:on], phase(7, 7)), on) for on in range(1, len(doses) + 1)]
    onset = f"dose:{sessions[12].session}"
    assert [set(one) for one in seen] == [set()] * 14 + [{onset}] * 28 + [set()] * 4
    assert {one[onset] for one in seen[14:16]} == {None}
    assert {one[onset] for one in seen[16:42]} == {sessions[16].started.earliest}


def test_what_a_physician_prescribes_is_no_drift_and_what_a_patient_keeps_doing_is():
    half = replace(phase(7, 7), duration=5 * MINUTE, dose=Quantity(5.0, Unit.JOULE_PER_CM2))
    full, less = (10.0, 10 * MINUTE), (5.0, 5 * MINUTE)
    for later, on in ((less, set()), (full, {"dose", "duration"})):
        did = [full] * 12 + [later] * 6
        sessions = told(
            dose=[Quantity(dose, Unit.JOULE_PER_CM2) for dose, _ in did], active=[active for _, active in did]
        )
        one = prescribed(sessions, phase(7, 7), half, changes_on=11.5)
        found = list(drift.judge(course_at(one, START + 19 * DAY, worn={})))
        assert {episode.onset.split(":")[0] for episode in found} == on
        assert all("200% of what was planned, usually 100%" in episode.verdict.because for episode in found)


def test_a_phase_that_follows_another_is_no_drift_either():
    first = replace(phase(7, 7), lasts=14 * DAY)
    second = replace(phase(7, 7), dose=Quantity(20.0, Unit.JOULE_PER_CM2))
    doses = [Quantity(10.0 if day < 13 else 20.0, Unit.JOULE_PER_CM2) for day in range(30)]
    version = replace(
        written(first, from_at=START - DAY),
        regimen=replace(written(first, from_at=START).regimen, phases=(first, second)),
    )
    one = replace(course(told(dose=doses)), regimens=(version,))
    assert drifted(one, 31) == {}


def test_habits_drift_although_most_of_the_last_sessions_do_not_tell():
    tells = [Quantity(dose, Unit.JOULE_PER_CM2) for dose in (10.0,) * 28]
    lately = [None] * 24 + [Quantity(5.0, Unit.JOULE_PER_CM2)] * 3
    sessions = told(dose=[*tells, *lately])
    written_for = replace(course(sessions), regimens=(written(phase(7, 7), from_at=START),))
    found = drift.judge(course_at(written_for, START + 60 * DAY, worn={}))
    assert [one.onset for one in found] == [f"dose:{sessions[-3].session}"]


@settings(max_examples=60, deadline=None)
@given(st.integers(40, 90), st.integers(0, 30), st.lists(st.tuples(st.integers(0, 89), st.integers(0, 89)), max_size=4))
def test_of_each_device_rules_see_the_look_back_and_two_baselines_before_it_by_counter(count, later, swapped):
    """Some counters are out of order, as where a device was reset."""
    counters = list(range(1, count + 1))
    for one, other in swapped:
        counters[one % count], counters[other % count] = counters[other % count], counters[one % count]
    sessions = [done(counter, START + day * DAY, heard_at=START + day * DAY) for day, counter in enumerate(counters)]
    now = START + (count + later) * DAY
    counted = sorted(sessions, key=lambda one: one.counter)
    lately = [place for place, one in enumerate(counted) if one.started.at > now - PRACTICE.look_back_days * DAY]
    first = lately[0] if lately else count
    (seen,) = course_at(course(sessions), now, worn={}).by_device.values()
    assert list(seen) == counted[max(0, first - 2 * PRACTICE.baseline) :]
