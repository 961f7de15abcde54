"""Sessions of one device lie in the order of their numbers: each is placed anew when what bounds it is."""

import pytest

from tests.monitor_api.check.line import ago, stored, ticked_record
from tests.monitor_api.check.test_checker import anchor
from tests.records import rf_record


@pytest.mark.parametrize("last", [1, 3])
def test_a_session_without_a_clock_is_between_its_neighbours_whichever_comes_last(line, last):
    known = {1: stored(rf_record(1, start=ago(60))), 2: stored(ticked_record(100, timeline=9, counter=2))}
    known[3] = stored(rf_record(3, start=ago(10)))
    line.know(*(record for counter, record in known.items() if counter != last))
    latest = line.session(2).started_latest
    assert latest is None or latest > ago(1)
    line.know(known[last])
    placed = line.session(2)
    assert ago(60) <= placed.started_earliest < placed.started_latest <= ago(10)


@pytest.mark.parametrize(("lost", "placed"), [(2, 3), (3, 2)])
def test_a_session_without_a_clock_is_placed_anew_when_its_neighbour_is(line, lost, placed):
    records = {1: stored(rf_record(1, start=ago(60))), 4: stored(rf_record(4, start=ago(1)))}
    records |= {counter: stored(ticked_record(1000, timeline=counter, counter=counter)) for counter in (lost, placed)}
    line.know(*records.values())
    before = line.session(lost)
    assert before.started_earliest < ago(20) < before.started_latest
    line.know(anchor(1000, ago(20), timeline=placed))
    after = line.session(lost)
    assert (after.started_latest <= ago(20)) is (lost < placed)
    assert (after.started_earliest >= ago(20)) is (lost > placed)
