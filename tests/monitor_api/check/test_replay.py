"""The live path and a replay find the same: whatever comes in whatever order, and however often it is checked."""

from random import Random

import pytest

from monitor_api.records.attention import AlertRow, FindingRow
from tests.monitor_api.check.line import Line, ago, stored
from tests.records import rf_record
from tests.service import rf_device, rf_samples, rows
from vocabulary.wire.batches import Gap


def a_day():
    """Three sessions of one device: as prescribed, too soon and too hot, too much with half of its samples lost."""
    first, second, third = ago(60), ago(28), ago(8)
    return [
        rf_device(),
        *(rf_samples(number, 60, counter=1, at=first) for number in range(0, 240, 60)),
        stored(rf_record(1, start=first)),
        *(rf_samples(number, 60, counter=2, skin=43.5, at=second) for number in range(0, 240, 60)),
        stored(rf_record(2, start=second, skin=43.5, energy_j=1950)),
        rf_samples(0, 120, counter=3, at=third),
        Gap(device=rf_device().device, counter=3, first=120, last=239),
        stored(rf_record(3, start=third, skin=44.0, energy_j=3000)),
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
    made = []

    def make():
        directory = data / str(len(made))
        directory.mkdir()
        made.append(Line(directory))
        return made[-1]

    yield make
    for line in made:
        line.stores.close()


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
    }
    assert sorted((rule, severity) for rule, severity, *_ in alerts.values()) == [
        ("over-dose", "medium"),
        ("too-hot", "high"),
        ("too-hot", "medium"),
        ("too-soon", "medium"),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_the_live_path_finds_what_a_replay_finds(seed, new_line, day):
    shuffled = Random(seed).sample(day[1:], len(day) - 1)
    assert lived(new_line(), [day[0], *shuffled]) == replayed(new_line(), day)


def test_judging_the_whole_store_again_finds_the_same(new_line, day):
    line = new_line()
    before = replayed(line, day)
    for counter in (3, 1, 2):
        line.mark(counter)
    line.check()
    assert found_by(line) == before
