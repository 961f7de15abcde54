"""The live path and a replay find the same: whatever comes in whatever order, and however often it is checked."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
import pytest

from monitor_api.courses.due import CourseKey, mark_course_due
from monitor_api.records.attention import AlertRow, FindingRow
from monitor_api.records.courses import CourseFindingRow
from tests.monitor_api.check.line import HOUR, ago, new_lines, stored
from tests.monitor_api.courses.identities import anchor, met
from tests.monitor_api.courses.watched import KEY, Watched
from tests.records import rf_record
from tests.service import CLINIC, PATIENT, key_of, rf_device, rf_samples, rows
from vocabulary.identity import DeviceUid
from vocabulary.readings import Sign
from vocabulary.wire.batches import Gap


def a_day():
    """Four sessions of one device: as prescribed, too soon and hot, too much and half lost, cut off and not ended.

    The last two are of one therapy day, yesterday's, whenever this is asked.
    """
    yesterday = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    first, second, third, fourth = (yesterday + hours * HOUR for hours in (-44, -12, 8, 14))
    return [
        rf_device(),
        *(rf_samples(number, 60, counter=1, at=first) for number in range(0, 240, 60)),
        stored(rf_record(1, start=first)),
        *(rf_samples(number, 60, counter=2, skin=43.5, at=second) for number in range(0, 240, 60)),
        stored(rf_record(2, start=second, skin=43.5, energy_j=1950)),
        rf_samples(0, 120, counter=3, at=third),
        Gap(device=rf_device().device, counter=3, first=120, last=239),
        stored(rf_record(3, start=third, skin=44.0, energy_j=3000)),
        rf_samples(0, 60, counter=4, at=fourth),
        rf_samples(60, 10, counter=4, signs=int(Sign.CONTACT | Sign.TRIP), at=fourth),
        stored(rf_record(4, start=fourth, elapsed_s=70, energy_j=560)),
    ]


def found_by(line):
    """All findings that are not clear, and whom they call."""
    findings = {
        row.id: (row.rule, row.rule_version, row.severity, row.outcome, row.because, str(row.evidence))
        for row in rows(line.stores, FindingRow)
        if row.outcome != "clear"
    }
    alerts = {row.id: (row.rule, row.severity, row.because, row.patient_id) for row in rows(line.stores, AlertRow)}
    return findings, alerts


@pytest.fixture
def new_line(data):
    with new_lines(data) as make:
        yield make


@pytest.fixture
def day():
    return a_day()


def replayed(line, items):
    """Everything is stored first, and checked once."""
    line.bring(*items)
    line.check()
    return found_by(line)


def lived(line, items):
    """Every item comes alone, and is checked at once."""
    for item in items:
        line.bring(item)
        line.check()
    return found_by(line)


def test_the_day_that_is_replayed_has_something_to_find(new_line, day):
    findings, alerts = replayed(new_line(), day)
    assert {(rule, outcome) for rule, _, _, outcome, *_ in findings.values()} == {
        ("too-hot", "fires"),
        ("too-soon", "fires"),
        ("too-hot", "undetermined"),
        ("over-dose", "fires"),
        ("energy-after-trip", "fires"),
        ("too-short", "fires"),
        ("under-dose", "fires"),
    }
    assert sorted((rule, severity) for rule, severity, *_ in alerts.values()) == [
        ("energy-after-trip", "high"),
        ("over-dose", "medium"),
        ("too-hot", "high"),
        ("too-hot", "medium"),
        ("too-soon", "medium"),
        ("too-soon", "medium"),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_the_live_path_finds_what_a_replay_finds(seed, new_line, day):
    shuffled = Random(seed).sample(day[1:], len(day) - 1)
    assert lived(new_line(), [day[0], *shuffled]) == replayed(new_line(), day)


def test_judging_the_whole_store_again_finds_the_same(new_line, day):
    line = new_line()
    before = replayed(line, day)
    for counter in (3, 1, 4, 2):
        line.mark(counter)
    line.check()
    assert found_by(line) == before


def another_home():
    """A device of another patient, that does all that calls somebody."""
    device = DeviceUid("00112233445566aa")
    began = ago(20)
    return device, [
        msgspec.structs.replace(item, device=device)
        for item in (
            *met("A1", ago(30)),
            *met("B7", ago(3)),
            anchor(ago(20), 20 * HOUR),
            anchor(ago(19), HOUR),
            *(rf_samples(number, 60, counter=2, skin=44.0, at=began) for number in range(0, 240, 60)),
            stored(rf_record(2, start=began, skin=44.0, energy_j=3000)),
        )
    ]


def test_what_is_judged_again_stays_as_it_was_whatever_is_known_of_other_people_and_devices(new_line, day):
    def judged(line):
        """What is found of our patient."""
        line.check()
        Watched(line, now).look()
        findings = [row for row in rows(line.stores, FindingRow) if row.session_id in mine]
        course = [row for row in rows(line.stores, CourseFindingRow) if row.patient_id == PATIENT]
        said = {(row.id, row.outcome, row.because, str(row.evidence), row.found_at) for row in findings}
        told = {(row.id, row.outcome, row.because, row.began_at, row.cleared_at) for row in course}
        return said, told, {row.id: row.raised_at for row in rows(line.stores, AlertRow) if row.patient_id == PATIENT}

    line, other, mine = new_line(), UUID(int=20), {key_of(counter).session for counter in range(1, 5)}
    line.bring(*day, *met("A1", ago(50)))
    now = datetime.now(UTC) + timedelta(minutes=2)
    before = judged(line)
    device, items = another_home()
    line.meet(other)
    line.add_device(device, other)
    for item in items:
        line.bring(item)
    for counter in (2, 1, 4, 3):
        line.mark(counter)
    with line.stores.database.write() as session:
        mark_course_due(session, [KEY, CourseKey(CLINIC, other)], now)
    assert judged(line) == before
    assert {"too-hot", "device-cloned", "clock-stepped"} <= {
        row.rule for row in rows(line.stores, AlertRow) if row.patient_id == other
    }
