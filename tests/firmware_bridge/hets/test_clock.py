"""Current Elapsed Time: ticks of a timeline, or UTC once it has been set."""

import struct

import pytest

from firmware_bridge.virtual.errors import RefusedWriteError
from firmware_bridge.virtual.hets.products import RF
from tests.firmware_bridge.hets.rig import Bench

UTC_812345678 = bytes.fromhex("02" + "4e696b300000" + "01" + "00")
UTC_812345678_PLUS_1_HOUR_ZONE = bytes.fromhex("12" + "4e696b300000" + "01" + "04")


@pytest.fixture
def rf():
    return Bench(RF)


def timeline(bench):
    return struct.unpack_from("<I", bench.state, 10)[0]


def test_a_device_without_a_clock_gives_ticks_and_asks_for_nothing():
    bench = Bench()
    bench.wait(300.9)
    assert bench.device.read_elapsed_time().hex() == "21" + "2c0100000000" + "07" + "00" + "00" + "00"


def test_a_clock_that_is_not_set_gives_ticks_and_says_that_it_needs_to_be_set(rf):
    rf.wait(300)
    assert rf.device.read_elapsed_time().hex() == "21" + "2c0100000000" + "07" + "00" + "01" + "00"


def test_a_clock_gives_utc_once_it_is_set(rf):
    rf.wait(100)
    rf.device.write_elapsed_time(UTC_812345678)
    rf.wait(2)
    assert rf.device.read_elapsed_time().hex() == "22" + "50696b300000" + "01" + "00" + "00" + "00"


def test_a_clock_gives_back_the_offset_it_was_set_with(rf):
    rf.device.write_elapsed_time(UTC_812345678_PLUS_1_HOUR_ZONE)
    assert rf.device.read_elapsed_time().hex() == "32" + "4e696b300000" + "01" + "04" + "00" + "00"


def test_every_write_begins_a_timeline(rf):
    rf.device.write_elapsed_time(UTC_812345678)
    rf.device.write_elapsed_time(UTC_812345678)
    assert timeline(rf) == 3


def test_a_record_carries_the_utc_of_its_start(rf):
    rf.device.write_elapsed_time(UTC_812345678)
    rf.wait(10)
    rf.device.begin(0)
    rf.device.stop_by_user()
    assert rf.records[0][:20].hex() == "01" + "05" + "01000000" + "02000000" + "58696b300000" + "02000101"


def test_a_write_during_a_session_is_noted_in_its_record_and_leaves_its_start_alone(rf):
    rf.wait(50)
    rf.device.begin(0)
    rf.device.write_elapsed_time(UTC_812345678)
    rf.device.stop_by_user()
    assert rf.records[0][:17].hex() == "01" + "06" + "01000000" + "01000000" + "320000000000" + "01"


def test_old_records_stay_as_they_are_but_are_no_longer_of_the_current_timeline(rf):
    rf.device.begin(0)
    rf.device.stop_by_user()
    (before,) = rf.device.read_records((1,))
    rf.device.write_elapsed_time(UTC_812345678)
    (after,) = rf.device.read_records((1,))
    assert (before[16], after[16]) == (0x21, 0x01)
    assert before[:16] + before[17:] == after[:16] + after[17:]


def test_a_write_lifts_no_cool_down():
    bench = Bench(RF, cool_down=RF.limits.longest)
    bench.device.begin(0)
    bench.device.stop_by_user()
    bench.device.write_elapsed_time(UTC_812345678)
    assert bench.lockout == 0x10


def test_a_write_of_another_length_is_an_invalid_length(rf):
    with pytest.raises(RefusedWriteError) as refusal:
        rf.device.write_elapsed_time(UTC_812345678 + b"\0\0")
    assert refusal.value.code == 0x0D


def test_a_time_that_nobody_lives_to_see_is_out_of_range(rf):
    with pytest.raises(RefusedWriteError) as refusal:
        rf.device.write_elapsed_time(bytes.fromhex("02" + "ffffffffffff" + "01" + "00"))
    assert refusal.value.code == 0xFF


@pytest.mark.parametrize("flags", [0x01, 0x03, 0x06, 0x0A, 0x00])
def test_a_write_of_anything_but_utc_in_seconds_is_an_incorrect_format(rf, flags):
    with pytest.raises(RefusedWriteError) as refusal:
        rf.device.write_elapsed_time(bytes((flags,)) + UTC_812345678[1:])
    assert refusal.value.code == 0x81


def test_a_device_without_a_clock_refuses_the_time_and_keeps_its_timeline():
    bench = Bench()
    with pytest.raises(RefusedWriteError) as refusal:
        bench.device.write_elapsed_time(UTC_812345678)
    assert (refusal.value.code, timeline(bench)) == (0x81, 1)
