"""State and Features: what a device says of itself, and that it says so when it changes."""

import struct
from datetime import timedelta

from firmware_bridge.virtual.hets.codes import State
from firmware_bridge.virtual.hets.happenings import Refused, StateChanged
from firmware_bridge.virtual.hets.products import MASK, RF
from tests.firmware_bridge.hets.rig import Bench, with_limits

STATE = struct.Struct("<BBIIIHBBH")
COOL_DOWN = timedelta(minutes=30)


def states(bench):
    return [changed.report.state for changed in bench.happened(StateChanged)]


def test_a_new_device_is_ready_without_records():
    state, lockout, newest, oldest, timeline, minutes, faults, battery, left = STATE.unpack(Bench().state)
    assert (state, lockout, newest, oldest, timeline, minutes, faults, left) == (1, 0, 0, 0, 1, 0, 0, 0xFFFF)
    assert battery <= 100


def test_a_session_shows_in_the_state_and_its_record_only_when_it_has_ended():
    bench = Bench()
    bench.device.begin(0)
    emitting = STATE.unpack(bench.state)
    bench.device.stop_by_user()
    ended = STATE.unpack(bench.state)
    assert (emitting[0], emitting[2], ended[0], ended[2], ended[3]) == (State.EMITTING, 0, State.READY, 1, 1)


def test_every_change_of_the_state_is_told():
    bench = Bench(cool_down=COOL_DOWN)
    bench.device.begin(0)
    bench.device.stop_by_user()
    bench.wait(1801)
    assert states(bench)[0] is State.READY
    assert [state for state, before in zip(states(bench)[1:], states(bench), strict=False) if state is not before] == [
        State.EMITTING,
        State.LOCKED,
        State.READY,
    ]


def test_what_is_told_is_what_state_reads():
    bench = Bench()
    bench.device.begin(0)
    assert bench.happened(StateChanged)[-1].report.encode() == bench.state


def test_a_cool_down_counts_down_in_minutes_begun():
    bench = Bench(cool_down=COOL_DOWN)
    bench.device.begin(0)
    bench.device.stop_by_user()
    bench.wait(61)
    assert STATE.unpack(bench.state)[:2] + STATE.unpack(bench.state)[5:6] == (State.LOCKED, 0x10, 29)


def test_a_cool_down_ends_on_time_even_in_one_long_wait():
    bench = Bench(cool_down=COOL_DOWN)
    bench.device.begin(0)
    bench.device.stop_by_user()
    bench.wait(100_000)
    unlocked = bench.happened(StateChanged)[-1]
    assert (unlocked.report.state, unlocked.at) == (State.READY, COOL_DOWN)


def test_a_hot_head_locks_without_saying_for_how_long():
    bench = Bench(RF)
    bench.skin.skin_celsius = 41.6
    bench.wait(1)
    assert STATE.unpack(bench.state)[:2] + STATE.unpack(bench.state)[5:6] == (State.LOCKED, 0x19, 0xFFFF)


def test_an_empty_battery_locks():
    product = with_limits(MASK, battery_to_start_percent=101)
    assert Bench(product).lockout == 0x1B


def test_an_rf_device_off_the_skin_is_ready_and_refuses_to_start():
    bench = Bench(RF)
    bench.skin.touching = False
    bench.device.begin(0)
    assert bench.state[0] == State.READY
    assert [refused.result for refused in bench.happened(Refused)] == [0x1A]


def test_a_mask_starts_off_the_skin():
    bench = Bench()
    bench.skin.touching = False
    bench.device.begin(0)
    assert bench.state[0] == State.EMITTING


def test_overwriting_what_nobody_has_is_a_fault_until_records_are_acknowledged():
    bench = Bench()
    for _ in range(129):
        bench.device.begin(0)
        bench.device.stop_by_user()
    assert (STATE.unpack(bench.state)[2:4], bench.faults) == ((129, 2), 1 << 5)
    bench.device.acknowledge(129)
    assert bench.faults == 0


def test_overwriting_what_was_acknowledged_is_no_fault():
    bench = Bench()
    for _ in range(129):
        bench.device.begin(0)
        bench.device.stop_by_user()
        bench.device.acknowledge(bench.device.memory.records.newest)
    assert (STATE.unpack(bench.state)[2:4], bench.faults) == ((129, 2), 0)


def test_the_mask_declares_what_it_can_do():
    assert Bench(MASK).device.read_features().hex() == "0100" + "cf500000" + "8000" + "0100" + "0010" + "04" + "00"


def test_the_rf_device_declares_what_it_can_do():
    assert Bench(RF).device.read_features().hex() == "0100" + "ef4b0000" + "8000" + "0200" + "1903" + "06" + "00"
