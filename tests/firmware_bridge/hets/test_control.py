"""Control: requests from afar, the vectors among them, and what each is answered."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import binary

from firmware_bridge.virtual.hets.codes import Feature
from firmware_bridge.virtual.hets.control import control
from firmware_bridge.virtual.hets.products import MASK, RF
from tests.firmware_bridge.hets.rig import Bench, seconds, with_feature
from tests.vectors import VECTORS

CONTROL = VECTORS["control"]
START = CONTROL["start_program_2_600s_whole_face_level_352"]
STOP = CONTROL["stop"]
ACKNOWLEDGE_43 = CONTROL["acknowledge_to_43"]
START_OK, START_ACTIVE, START_CONFIRM, START_RANGE = "801001", "801031", "801030", "801005"


@pytest.fixture
def bench():
    return Bench()


def test_a_start_after_a_press_begins_the_session_it_names(bench):
    bench.device.press()
    assert bench.ask(START) == START_OK
    session = bench.device.memory.running
    assert (session.program, session.planned_s, session.level) == (2, 600, 35.2)


def test_a_start_without_a_press_asks_for_one(bench):
    assert bench.ask(START) == START_CONFIRM
    assert bench.samples == []


def test_a_press_is_valid_for_30_seconds(bench):
    bench.device.press()
    bench.wait(30)
    assert bench.ask(START) == START_OK


def test_a_press_is_not_valid_after_30_seconds(bench):
    bench.device.press()
    bench.wait(31)
    assert bench.ask(START) == START_CONFIRM


def test_a_press_is_good_for_one_start(bench):
    bench.device.press()
    bench.ask("1000010000102c01")
    bench.wait(1)
    assert bench.ends == [("DONE", 1)]
    assert bench.ask(START) == START_CONFIRM


def test_a_stop_voids_a_press(bench):
    bench.device.press()
    bench.ask(STOP)
    assert bench.ask(START) == START_CONFIRM


def test_a_stop_by_the_user_voids_a_press(bench):
    bench.device.press()
    bench.device.stop_by_user()
    assert bench.ask(START) == START_CONFIRM


def test_a_second_start_is_told_that_a_session_is_active(bench):
    bench.device.begin(0)
    bench.device.press()
    assert bench.ask(START) == START_ACTIVE


@pytest.mark.parametrize(
    ("out_of", "operands"),
    [
        ("programs", "04" + "5802" + "0010" + "6001"),
        ("no time", "02" + "0000" + "0010" + "6001"),
        ("too long", "02" + "110e" + "0010" + "6001"),
        ("no zone", "02" + "5802" + "0000" + "6001"),
        ("another zone", "02" + "5802" + "0110" + "6001"),
        ("a zone that nobody has", "02" + "5802" + "0030" + "6001"),
        ("no level", "02" + "5802" + "0010" + "0000"),
        ("too strong", "02" + "5802" + "0010" + "9101"),
    ],
)
def test_a_start_out_of_range_is_refused_and_leaves_the_press_valid(bench, out_of, operands):
    del out_of
    bench.device.press()
    assert bench.ask("10" + operands) == START_RANGE
    assert bench.ask(START) == START_OK


def test_a_stop_ends_the_session_and_is_answered_as_in_the_vectors(bench):
    bench.device.begin(0)
    bench.wait(5)
    assert bench.ask(STOP) == CONTROL["answer_stop_ok"]
    assert bench.ends == [("REMOTE", 5)]


def test_a_stop_is_accepted_when_there_is_nothing_to_stop(bench):
    assert bench.ask(STOP) == CONTROL["answer_stop_ok"]


def test_a_stop_is_accepted_in_a_cool_down():
    bench = Bench(cool_down=timedelta(hours=1))
    bench.device.begin(0)
    bench.ask(STOP)
    assert bench.ask(STOP) == CONTROL["answer_stop_ok"]


def test_a_start_in_a_cool_down_is_answered_as_in_the_vectors():
    bench = Bench(cool_down=timedelta(minutes=30))
    bench.device.begin(0)
    bench.ask(STOP)
    bench.device.press()
    assert bench.ask(START) == CONTROL["answer_start_cool_down_1800s"]


def test_pause_holds_emission_and_resume_lets_it_go_on(bench):
    bench.device.begin(0)
    bench.wait(10)
    assert bench.ask("12") == "801201"
    bench.wait(5)
    assert bench.ask("13") == "801301"
    bench.wait(1)
    session = bench.device.memory.running
    assert (session.active_s, session.elapsed_s, session.pauses) == (11, 16, 1)


@pytest.mark.parametrize("request_", ["12", "13"])
def test_pause_and_resume_fail_without_a_session(bench, request_):
    assert bench.ask(request_) == f"80{request_}04"


def test_a_second_pause_fails(bench):
    bench.device.begin(0)
    bench.ask("12")
    assert bench.ask("12") == "801204"


def test_a_record_can_be_acknowledged(bench):
    for _ in range(43):
        bench.device.begin(0)
        bench.device.stop_by_user()
    assert bench.ask(ACKNOWLEDGE_43) == "803001"
    assert bench.device.memory.records.acknowledged == 43


def test_an_acknowledgement_above_the_newest_is_out_of_range_and_has_no_effect(bench):
    bench.device.begin(0)
    bench.device.stop_by_user()
    assert bench.ask(ACKNOWLEDGE_43) == "803005"
    assert bench.device.memory.records.acknowledged == 0


def test_a_nonce_is_64_bits_and_never_the_same(bench):
    first, second = bench.ask("22"), bench.ask("22")
    assert first[:6] == "802201"
    assert len(first) == 22
    assert first != second


def test_identify_is_accepted(bench):
    assert bench.ask("31") == "803101"


def test_a_self_test_passes(bench):
    assert bench.ask("50") == "805001"


def test_a_self_test_is_refused_while_emitting(bench):
    bench.device.begin(0)
    assert bench.ask("50") == "805031"


def test_a_maintenance_window_needs_the_update_feature(bench):
    assert bench.ask("40") == "804002"


def test_a_maintenance_window_opens_on_a_device_that_can_be_updated():
    assert Bench(with_feature(MASK, Feature.UPDATE)).ask("40") == "804001"


def test_a_maintenance_window_is_refused_while_emitting():
    bench = Bench(with_feature(MASK, Feature.UPDATE))
    bench.device.begin(0)
    assert bench.ask("40") == "804031"


def test_a_maintenance_window_is_refused_with_a_battery_below_30_percent():
    bench = Bench(with_feature(MASK, Feature.UPDATE), longest=timedelta(hours=2))
    bench.device.press()
    bench.ask("10004c0e00100a00")
    bench.wait(3500)
    bench.ask(STOP)
    assert bench.ask("40") == "80401b"


@pytest.mark.parametrize("operation", ["00", "14", "21", "23", "80", "ff"])
def test_an_unknown_operation_is_unsupported(bench, operation):
    assert bench.ask(operation) == f"80{operation}02"


@pytest.mark.parametrize("request_", [START + "00", START[:-2], STOP + "00", "1200", "3000", "302b00000000", "2201"])
def test_an_operand_of_another_length_is_refused(bench, request_):
    assert bench.ask(request_) == f"80{request_[:2]}03"


@given(request_=binary(min_size=1, max_size=20))
def test_any_bytes_are_answered_and_without_a_press_nothing_emits(request_):
    bench = Bench(RF)
    answer = control(bench.device, request_)
    bench.wait(2)
    assert answer[:2] == bytes((0x80, request_[0]))
    assert bench.samples == []


@given(request_=binary(min_size=1, max_size=20))
def test_whatever_was_asked_before_a_stop_stops(request_):
    bench = Bench()
    bench.device.begin(0)
    control(bench.device, request_)
    assert bench.ask(STOP) == CONTROL["answer_stop_ok"]
    before = len(bench.samples)
    bench.device.advance(bench.device.now + seconds(3))
    assert len(bench.samples) == before
