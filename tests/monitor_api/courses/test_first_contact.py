"""The first contact with a device that has a past: nobody is called for silence before it is known to be one."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from msgspec import structs

from clinical.adherence.slots import COUNTLESS
from clinical.course import CourseDevice
from clinical.practice import PRACTICE
from monitor_api.courses.reading import read_course
from monitor_api.records.attention import AlertRow
from monitor_api.records.courses import CourseDueRow, CourseFindingRow
from monitor_api.records.devices import AssignmentRow, GatewayRow, MarkRow, NamedRow
from monitor_api.records.sessions import RegimenVersionRow
from tests.monitor_api.check.line import HOUR, Line, ago, assignment, new_lines, stored
from tests.monitor_api.courses.watched import KEY, Watched
from tests.records import rf_record
from tests.service import GATEWAY, PATIENT, UID, FakeBroker, rf_device, rows
from vocabulary.devices import DeviceState
from vocabulary.wire.batches import Body, ReportedMark, SeenClock, SeenDevice, encode_body

PAST = [(number, 24 * day) for number, day in enumerate((15, 13, 11, 9, 7, 5, 3, 1), 1)]
"""Sessions by counter and hours ago: three in a week are planned, and one may be late by an interval and a half."""

SILENCE = "clinical-silence"


def treated(line: Line) -> Line:
    """With a regimen of sixteen days."""
    with line.stores.database.write() as session:
        for row in session.query(RegimenVersionRow):
            row.from_at = ago(24 * 16)
    return line


@pytest.fixture
def new_line(data) -> Iterator[Callable[[], Line]]:
    """Makes lines with their records on each store."""
    with new_lines(data) as make:
        yield lambda: treated(make())


@pytest.fixture
def line(tmp_path) -> Iterator[Line]:
    line = Line(tmp_path)
    with closing(line.stores):
        yield treated(line)


def mark(newest: int, hours: float = 0, state: DeviceState = DeviceState.READY) -> ReportedMark:
    return ReportedMark(device=UID, at=ago(hours), state=state, newest=newest, timeline=1)


def record(counter: int, hours: float):
    return stored(rf_record(counter, start=ago(hours)))


def silence(line: Line, after: timedelta = timedelta(0), *, check: bool = True) -> list[tuple[str, str]]:
    """What is said of silences that go on, when all that is due by then is judged."""
    if check:
        line.check()
    Watched(line, datetime.now(UTC) + after).look()
    found = [row for row in rows(line.stores, CourseFindingRow) if row.rule == SILENCE and row.cleared_at is None]
    return [(row.outcome, row.because) for row in found]


def calls(line: Line) -> int:
    return sum(1 for row in rows(line.stores, AlertRow) if row.rule == SILENCE)


def device(line: Line) -> CourseDevice:
    with line.stores.database.read() as session:
        return next(one for one in read_course(session, KEY).devices if one.uid == UID)


def learned(line: Line, hours: float) -> None:
    """Have the service know for so long what it has just learned of states."""
    with line.stores.database.write() as session:
        for row in (*session.query(NamedRow), *session.query(MarkRow)):
            row.learned_at = ago(hours)


def test_while_a_past_is_downloaded_nobody_is_called_and_when_it_is_here_there_is_no_silence(new_line):
    line = new_line()
    line.bring(rf_device(), mark(len(PAST)))
    (said,) = silence(line)
    assert said[0] == "undetermined"
    assert said[1].endswith("but records are still on their way")
    for one in PAST:
        line.bring(record(*one))
        silence(line, check=False)
        silence(line)
    assert (silence(line), calls(line)) == ([], 0)
    assert device(line).proof.missing == ()


@pytest.mark.parametrize("seed", range(6))
def test_in_whatever_order_a_first_contact_comes_nobody_is_called_and_the_verdict_is_the_same(new_line, seed):
    batches = [[rf_device()], [mark(len(PAST))], *([record(*one)] for one in PAST)]
    chance = Random(seed)
    arriving = [*batches, *chance.sample(batches, 3)]
    chance.shuffle(arriving)
    line = new_line()
    for batch in arriving:
        line.bring(*batch)
        silence(line)
    assert (silence(line), calls(line)) == ([], 0)


def test_a_download_that_never_ends_hides_no_silence_for_longer_than_two_hours(new_line):
    line = new_line()
    line.bring(rf_device(), mark(len(PAST)), *(record(*one) for one in PAST[:2]))
    assert [outcome for outcome, _ in silence(line, timedelta(hours=1, minutes=50))] == ["undetermined"]
    assert calls(line) == 0
    ((outcome, because),) = silence(line, timedelta(hours=2, minutes=40))
    assert (outcome, calls(line)) == ("fires", 1)
    assert because.endswith("and not all of its records are here")


def test_a_course_is_judged_again_when_the_wait_for_records_is_over(line):
    line.bring(rf_device(), mark(len(PAST), hours=3))
    silence(line, timedelta(hours=1, minutes=50))
    ((named,), (course,)) = rows(line.stores, NamedRow), rows(line.stores, CourseDueRow)
    assert course.due_at == named.learned_at + timedelta(hours=2)


def test_a_device_that_is_heard_again_and_again_without_an_end_is_called_about_once_and_for_all(line):
    line.bring(rf_device(), mark(3, hours=30), *(record(*one) for one in PAST[:2]))
    learned(line, hours=30)
    line.bring(mark(4))
    ((outcome, _),) = silence(line)
    assert (outcome, calls(line)) == ("fires", 1)


def test_what_comes_after_an_outage_is_waited_for_from_when_it_came(new_line):
    line = new_line()
    line.bring(rf_device(), mark(len(PAST), hours=3), *(record(*one) for one in PAST))
    ((outcome, because),) = silence(line, check=False)
    assert (outcome, because.endswith("but records are still on their way"), calls(line)) == ("undetermined", True, 0)
    ((outcome, _),) = silence(line, timedelta(hours=2, minutes=40), check=False)
    assert (outcome, calls(line)) == ("fires", 1)


def test_a_number_that_fell_in_an_outage_is_waited_for_from_when_that_came(line):
    line.bring(rf_device(), mark(2, hours=24 * 12), *(record(*one) for one in PAST[:2]))
    line.check()
    learned(line, hours=24 * 12)
    line.bring(mark(0, hours=4), mark(2, hours=3))
    assert ([outcome for outcome, _ in silence(line)], calls(line)) == (["undetermined"], 0)
    assert [outcome for outcome, _ in silence(line, timedelta(hours=2, minutes=40))] == ["fires"]


def test_an_older_state_that_comes_late_prolongs_no_wait(new_line):
    line = new_line()
    line.bring(rf_device(), mark(4, hours=5), *(record(*one) for one in PAST[:2]))
    learned(line, hours=3)
    line.bring(mark(3, hours=6))
    assert [round((datetime.now(UTC) - one.known_at) / HOUR) for one in device(line).proof.missing] == [3, 3]
    ((outcome, _),) = silence(line)
    assert (outcome, calls(line)) == ("fires", 1)


def test_a_state_that_comes_before_its_device_said_what_it_is_says_that_there_is_more_to_come(line):
    line.bring(mark(len(PAST), hours=3), *(record(*one) for one in PAST[:2]))
    assert ([outcome for outcome, _ in silence(line)], calls(line)) == (["undetermined"], 0)
    assert [outcome for outcome, _ in silence(line, timedelta(hours=2, minutes=40))] == ["fires"]


def test_a_silence_that_the_records_prove_is_called_at_once(new_line):
    line = new_line()
    line.bring(rf_device(), mark(2), *(record(*one) for one in PAST[:2]))
    ((outcome, because),) = silence(line)
    assert (outcome, calls(line)) == ("fires", 1)
    assert because == "No session for 13 days, its records prove it"


def test_a_device_that_counted_no_session_at_all_proves_that_at_its_first_contact(line):
    line.bring(rf_device(), mark(0))
    ((outcome, because),) = silence(line)
    assert (outcome, because.endswith("its records prove it")) == ("fires", True)


def test_the_first_state_of_a_device_has_the_courses_judged_that_its_introduction_left_open(line):
    line.bring(rf_device())
    assert [outcome for outcome, _ in silence(line)] == ["undetermined"]
    line.bring(mark(0))
    assert [outcome for outcome, _ in silence(line)] == ["fires"]
    assert all(row.due_at > datetime.now(UTC) for row in rows(line.stores, CourseDueRow))


def test_a_proof_of_ten_days_ago_is_said_to_be_one_of_the_days_before(line):
    line.bring(rf_device(), mark(2, hours=24 * 6), *(record(*one) for one in PAST[:2]))
    assert [because for _, because in silence(line)] == ["No session for 13 days, its records prove the first 7 days"]


def test_a_device_that_nobody_has_heard_proves_nothing_and_is_not_waited_for(line):
    line.bring(rf_device(), mark(1, hours=24 * 15 - 1), record(*PAST[0]))
    ((outcome, because),) = silence(line)
    assert (outcome, because.endswith("and no records either")) == ("fires", True)


def test_a_record_that_came_and_is_not_checked_yet_proves_nothing(line):
    line.bring(rf_device(), mark(len(PAST)), *(record(*one) for one in PAST))
    assert [outcome for outcome, _ in silence(line, check=False)] == ["undetermined"]


def test_a_session_that_runs_is_not_named_and_so_nothing_is_proven_until_it_is_over(line):
    line.bring(rf_device(), mark(0, hours=24 * 10), mark(0, state=DeviceState.EMITTING))
    assert device(line).proof.until < ago(24 * 9)


def test_a_device_whose_numbers_are_its_gateways_proves_nothing_by_them(line):
    panel = SeenDevice(
        device=UID,
        family="blockbluelight/1",
        modality="rf",
        model="P",
        serial="1",
        firmware="",
        features=["live"],
    )
    line.bring(panel, mark(0))
    assert device(line).proof is None
    ((outcome, because),) = silence(line)
    assert (outcome, because.endswith("and no records either")) == ("fires", True)


def test_what_a_device_did_before_it_was_theirs_is_not_missed_of_them(line):
    line.bring(rf_device(), mark(300, hours=24 * 5))
    with line.stores.database.write() as session:
        for row in session.query(AssignmentRow):
            row.from_at = ago(24 * 4)
    line.bring(mark(300))
    ((outcome, because),) = silence(line)
    assert (outcome, "not all" in because, "on their way" in because) == ("fires", False, False)
    assert device(line).missing(ago(24 * 900), ago(0)) == ()


def test_a_device_given_to_another_is_proven_for_them_by_the_records_of_both(line):
    line.bring(rf_device(), mark(2, hours=24 * 12), *(record(*one) for one in PAST[:2]))
    line.check()
    with line.stores.database.write() as session:
        for row in session.query(AssignmentRow):
            row.until_at = ago(24 * 10)
        other = assignment(UID, PATIENT)
        other.id, other.from_at = KEY.patient, ago(24 * 10)
        session.add(other)
    line.bring(mark(3), record(3, 24 * 2))
    line.check()
    assert device(line).proof.missing == ()


def test_a_memory_that_was_replaced_leaves_open_what_was_before_it_was_noticed(new_line):
    line = new_line()
    line.bring(rf_device(), mark(2, hours=24 * 12), *(record(*one) for one in PAST[:2]))
    line.check()
    line.bring(mark(0))
    assert [outcome for outcome, _ in silence(line)] == ["undetermined"]
    later = PRACTICE.reading_patience + HOUR
    assert silence(line, later)[0][1].endswith("and not all of its records are here")


def test_a_memory_that_was_replaced_is_not_proven_by_the_sessions_of_the_one_before(new_line):
    line = new_line()
    line.bring(rf_device(), mark(3, hours=24 * 6), *(record(*one) for one in PAST[:3]))
    line.check()
    line.bring(mark(0, hours=48), mark(3))
    assert [one.count for one in device(line).proof.missing] == [COUNTLESS, 3]
    assert ([outcome for outcome, _ in silence(line)], calls(line)) == (["undetermined"], 0)


def test_a_memory_that_was_replaced_long_ago_is_not_proven_by_those_sessions_either(new_line):
    line, long_ago = new_line(), 24 * 130
    with line.stores.database.write() as session:
        session.get_one(GatewayRow, GATEWAY).registered_at = ago(24 * 200)
    line.bring(rf_device(), mark(3, hours=long_ago), *(record(number, long_ago + 90 - number) for number in (1, 2, 3)))
    line.check()
    line.bring(mark(0, hours=24 * 125), mark(1, hours=24 * 2), mark(3))
    counts = [(one.count, round((datetime.now(UTC) - one.before) / HOUR)) for one in device(line).proof.missing]
    assert counts == [(1, 48), (2, 0)]


def test_a_state_by_a_clock_that_was_never_set_bounds_what_was_before_it_by_when_it_came(new_line):
    line = new_line()
    line.bring(rf_device(), mark(1, hours=24 * 6), record(*PAST[0]))
    unset = structs.replace(mark(3), at=datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    compared = SeenClock(boot=1, at=ago(24 * 6), service_at=ago(24 * 6), uncertainty_s=1)
    body = Body(sealed_at=datetime(1970, 1, 1, 0, 6, tzinfo=UTC), boot=2, clocks=[compared], marks=[unset])
    line.worker.handle([line.gateway.sealed(encode_body(body), 99)], FakeBroker(), lambda _: True)
    line.check()
    (missing,) = device(line).proof.missing
    since, until = (round((datetime.now(UTC) - at) / HOUR) for at in (missing.after, missing.before))
    assert (missing.count, since, until) == (2, 24 * 6, 0)
    line.bring(mark(3), record(2, hours=24 * 5), record(3, hours=24 * 4))
    line.check()
    assert device(line).proof.missing == ()


def test_states_that_name_the_same_again_and_again_say_no_more_than_the_first_and_the_last(new_line):
    line = new_line()
    line.bring(rf_device(), *(mark(5, hours=hours) for hours in range(40, 30, -1)), mark(6, hours=20), mark(6))
    first, second = device(line).proof.missing
    assert (first.count, second.count) == (5, 1)
    assert [round((second.before - at) / HOUR) for at in (first.before, second.after)] == [20, 11]


def test_a_device_that_names_the_highest_number_there_is_has_that_many_sessions_missing(new_line):
    line = new_line()
    line.bring(rf_device(), mark(2**32 - 1), record(*PAST[0]))
    line.check()
    assert [one.count for one in device(line).proof.missing] == [2**32 - 2]
