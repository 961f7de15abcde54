"""Serials and clocks of devices: kept as gateways tell of them, and judged at once, whatever order they come in."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_api.records.attention import AlertRow
from monitor_api.records.courses import CourseDueRow, CourseFindingRow
from monitor_api.sessions.device_clocks import Ahead, jumps
from monitor_api.sessions.placing import DRIFT
from tests.monitor_api.check.line import HOUR, Line, ago, new_lines
from tests.monitor_api.courses.identities import PUT_BACK, SECOND, a_story, anchor, met, seen_live
from tests.monitor_api.courses.watched import Watched, findings
from tests.service import FakeBroker, rf_device, rows
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import Body, SeenAnchor, SeenClock, encode_body

NUMBERS = count(1000)
OF_IDENTITY = {"device-cloned", "clock-stepped"}


@pytest.fixture
def new_line(data):
    with new_lines(data) as make:
        yield make


@pytest.fixture
def line(tmp_path):
    line = Line(tmp_path)
    with closing(line.stores):
        yield line


def in_boot(line: Line, boot: int, *anchors: SeenAnchor, clocks=()):
    """Ingest anchors of one boot of the gateway."""
    text = encode_body(Body(sealed_at=ago(0), boot=boot, anchors=list(anchors), clocks=list(clocks)))
    line.worker.handle([line.gateway.sealed(text, next(NUMBERS))], FakeBroker(), lambda _: True)


def judged(line: Line):
    """What the checkers find of identities by now, and whom that calls."""
    line.check()
    Watched(line, datetime.now(UTC) + timedelta(minutes=2)).look()
    found = [row for row in rows(line.stores, CourseFindingRow) if row.rule in OF_IDENTITY]
    return (
        {(row.id, row.rule, row.outcome, row.because, row.began_at) for row in found},
        {(row.id, row.severity) for row in rows(line.stores, AlertRow) if row.rule in OF_IDENTITY},
    )


def rules(line: Line) -> dict[str, str]:
    judged(line)
    return {rule: row.outcome for rule, row in findings(line).items()}


def due_now(line: Line) -> bool:
    return any(row.due_at <= datetime.now(UTC) for row in rows(line.stores, CourseDueRow))


def test_a_device_that_gives_another_serial_is_one_of_two(line):
    line.bring(*met("A1", ago(30)))
    assert "device-cloned" not in rules(line)
    changed_at = ago(2)
    line.bring(*met("B7", changed_at))
    assert due_now(line)
    assert rules(line)["device-cloned"] == "fires"
    assert findings(line)["device-cloned"].because == "One identity, and 2 serials: A1, B7"
    assert findings(line)["device-cloned"].began_at == changed_at
    assert [(row.rule, row.severity) for row in rows(line.stores, AlertRow) if row.rule == "device-cloned"] == [
        ("device-cloned", "medium")
    ]


def test_a_serial_that_is_known_is_no_news(line):
    line.bring(*met("A1", ago(30)))
    judged(line)
    line.bring(*met("A1", ago(2)))
    assert not due_now(line)


def test_two_devices_that_give_one_serial_cannot_both_be_it(line):
    other = DeviceUid("00112233445566aa")
    line.add_device(other)
    line.bring(*met("A1", ago(30)))
    judged(line)
    line.bring(*met("A1", ago(2), other))
    assert rules(line)["device-cloned"] == "fires"


def test_devices_without_a_serial_are_not_taken_for_one_another(line):
    other = DeviceUid("00112233445566aa")
    line.add_device(other)
    line.bring(*met("", ago(30)), *met("", ago(30), other))
    assert "device-cloned" not in rules(line)


def test_a_clock_that_runs_as_it_should_says_nothing(line):
    line.bring(*(anchor(ago(30 - hours), hours * HOUR) for hours in range(0, 30, 3)))
    assert "clock-stepped" not in rules(line)


def test_a_clock_whose_ticks_jump_within_a_timeline_was_stepped(line):
    line.bring(anchor(ago(6), 20 * HOUR))
    judged(line)
    line.bring(anchor(ago(5), 21 * HOUR - PUT_BACK))
    assert due_now(line)
    assert rules(line)["clock-stepped"] == "fires"
    assert findings(line)["clock-stepped"].because == "The clock jumped by -600.0 min"


def test_a_new_timeline_is_a_loss_that_the_device_owns_up_to(line):
    line.bring(anchor(ago(6), 20 * HOUR), anchor(ago(5), HOUR, timeline=2))
    assert "clock-stepped" not in rules(line)


def test_ticks_of_two_boots_are_compared_in_the_time_of_the_service(line):
    off = timedelta(days=3)  # the second boot of the gateway is by a clock that was set back
    known = [SeenClock(boot=2, at=ago(4) - off, service_at=ago(4), uncertainty_s=0.1)]
    in_boot(line, 1, anchor(ago(6), 20 * HOUR))
    in_boot(line, 2, anchor(ago(5) - off, 21 * HOUR), clocks=known)
    assert "clock-stepped" not in rules(line)
    in_boot(line, 3, anchor(ago(3), 23 * HOUR - PUT_BACK))
    assert rules(line)["clock-stepped"] == "fires"


def test_ticks_that_two_boots_of_which_one_is_not_placed_saw_show_nothing(line):
    in_boot(line, 1, anchor(ago(6), 20 * HOUR))
    in_boot(line, 2, anchor(datetime(1970, 1, 1, 12, tzinfo=UTC), 21 * HOUR))
    assert "clock-stepped" not in rules(line)


def test_a_clock_that_was_put_back_between_two_sessions_was_stepped(line):
    line.bring(rf_device(), *seen_live(1, 60), *seen_live(2, 30))
    assert "clock-stepped" not in rules(line)
    line.bring(*seen_live(3, 3, -PUT_BACK))
    assert rules(line)["clock-stepped"] == "fires"
    assert findings(line)["clock-stepped"].evidence["measured"]["value"] == pytest.approx(36000, abs=60)


def test_late_duplicate_and_reordered_facts_of_identity_are_found_as_those_in_order(new_line):
    once, story = new_line(), a_story()
    for items in story:
        once.bring(*items)
    expected = judged(once)
    assert sorted(rule for _, rule, *_ in expected[0]) == ["clock-stepped", "clock-stepped", "device-cloned"]
    again, shuffled = new_line(), Random(1).sample(story + story[:4], len(story) + 4)
    for items in shuffled[:9]:
        again.bring(*items)
    judged(again)
    for items in shuffled[9:]:
        again.bring(*items)
    assert judged(again) == expected


moments = st.lists(st.integers(0, 10**6), min_size=2, max_size=8, unique=True)


def readings(seconds, off, doubt=SECOND):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [Ahead(shown_by=str(at), at=start + at * SECOND, by=off(at), doubt=doubt) for at in seconds]


@given(moments, st.floats(-DRIFT, DRIFT), st.floats(-3600, 3600), st.data())
def test_a_clock_that_drifts_and_is_always_off_never_jumps(seconds, drift, off_s, data):
    errors = {at: data.draw(st.floats(-0.9, 0.9)) for at in seconds}
    known = readings(seconds, lambda at: timedelta(seconds=off_s + drift * at + errors[at]))
    assert list(jumps(known)) == []


@given(moments, st.data())
def test_a_clock_that_is_set_jumps_once_where_it_was_set_whatever_order_it_was_read_in(seconds, data):
    first_after = data.draw(st.sampled_from(sorted(seconds)[1:]))
    size = data.draw(st.sampled_from([-1, 1])) * timedelta(hours=2)
    known = readings(seconds, lambda at: size if at >= first_after else timedelta(0))
    (step,) = jumps(data.draw(st.permutations(known)))
    assert (step.shown_by, step.by) == (str(first_after), size)
    assert step.doubt < abs(size)


def test_two_readings_that_agree_within_their_doubt_show_no_jump():
    near, wide = readings([0, 60], lambda at: at * SECOND / 30)
    assert list(jumps([near, wide])) == []
    assert len(list(jumps([replace(near, doubt=SECOND / 2), replace(wide, doubt=SECOND / 2)]))) == 1
