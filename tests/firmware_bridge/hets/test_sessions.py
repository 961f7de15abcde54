"""A session on a device: its samples, its end and its record."""

import struct
from datetime import timedelta

import pytest

from firmware_bridge.virtual.hets.codes import EndReason
from firmware_bridge.virtual.hets.happenings import Refused
from firmware_bridge.virtual.hets.products import RF
from tests.firmware_bridge.hets.rig import Bench, seconds

LIVE = struct.Struct("<BBHHHHHhHHBB")
TRIP = 1 << 5
PAUSED = 1 << 4


@pytest.fixture
def bench():
    return Bench()


def live(bench):
    return [LIVE.unpack(sample.frame) for sample in bench.samples]


def test_sample_k_is_produced_at_elapsed_second_k_plus_1(bench):
    bench.device.begin(0)
    bench.wait(300)
    frame = live(bench)[299]
    assert (frame[2], frame[4], frame[5]) == (299, 300, 300)


def test_a_session_produces_a_sample_for_each_second_and_no_more(bench):
    bench.device.begin(0)
    bench.wait(5000)
    assert [sample.sequence for sample in bench.samples] == list(range(600))
    assert bench.ends == [("DONE", 600)]


def test_samples_are_the_same_however_time_is_cut():
    whole, cut = Bench(), Bench()
    whole.device.begin(0)
    whole.wait(60)
    cut.device.begin(0)
    for _ in range(600):
        cut.wait(0.1)
    assert [sample.frame for sample in whole.samples] == [sample.frame for sample in cut.samples]


def test_samples_go_on_through_a_pause_and_say_so(bench):
    bench.device.begin(0)
    bench.wait(3)
    bench.device.pause()
    bench.wait(2)
    frames = live(bench)
    assert [frame[2] for frame in frames] == [0, 1, 2, 3, 4]
    assert [bool(frame[-1] & PAUSED) for frame in frames] == [False, False, False, True, True]
    assert [frame[4] for frame in frames] == [1, 2, 3, 3, 3]


def test_a_pause_emits_nothing(bench):
    bench.device.begin(0)
    bench.wait(3)
    bench.device.pause()
    bench.wait(100)
    assert bench.device.memory.running.dose == pytest.approx(0.09)


def test_a_pause_of_more_than_the_device_allows_ends_the_session(bench):
    bench.device.begin(0)
    bench.device.pause()
    bench.wait(700)
    assert bench.ends == [("LIMIT", 600)]


def test_each_pause_has_its_own_patience(bench):
    bench.device.begin(0)
    for _ in range(2):
        bench.device.pause()
        bench.wait(400)
        bench.device.resume()
    bench.wait(600)
    assert bench.ends == [("DONE", 1400)]


def test_a_session_ends_before_its_record_cannot_count_it_any_more(bench):
    bench.device.begin(0)
    for _ in range(120):
        bench.device.pause()
        bench.wait(599)
        bench.device.resume()
    assert bench.ends == [("LIMIT", 0xFFFF)]


def test_the_dose_is_the_sum_of_what_was_delivered(bench):
    bench.device.begin(0)
    bench.wait(600)
    assert struct.unpack_from("<I", bench.records[0], 32) == (18_000,)


def test_a_record_tells_how_the_session_went(bench):
    bench.device.begin(2)
    bench.wait(10)
    bench.device.pause()
    bench.wait(5)
    bench.device.resume()
    bench.wait(1)
    bench.device.stop_by_user()
    (record,) = bench.records
    program, _, planned, active, elapsed, reason, pauses = struct.unpack_from("<BHHHHBB", record, 20)
    assert (program, planned, active, elapsed, reason, pauses) == (2, 900, 11, 16, EndReason.USER, 1)


def test_counters_rise_by_one_and_records_are_chained(bench):
    for _ in range(3):
        bench.device.begin(1)
        bench.wait(300)
    first, second, third = bench.records
    assert [struct.unpack_from("<I", record, 2)[0] for record in (first, second, third)] == [1, 2, 3]
    assert (first[52:54], second[52:54], third[52:54]) == (b"\xff\xff", first[54:], second[54:])


def test_a_session_that_was_stopped_is_marked_as_aborted(bench):
    bench.device.begin(0)
    bench.wait(2)
    bench.device.stop()
    assert bench.records[0][1] == 0b100


def test_a_completed_session_has_no_flags(bench):
    bench.device.begin(0)
    bench.wait(600)
    assert bench.records[0][1] == 0


def test_a_session_without_a_second_leaves_a_record_without_a_temperature(bench):
    bench.device.begin(0)
    bench.device.stop_by_user()
    assert struct.unpack_from("<HHH", bench.records[0], 23) == (600, 0, 0)
    assert struct.unpack_from("<h", bench.records[0], 38) == (-0x8000,)


def test_zones_are_treated_one_after_the_other():
    bench = Bench(RF)
    bench.device.begin(5)
    bench.wait(480)
    zones = [frame[1] for frame in live(bench)]
    assert zones == [3] * 240 + [4] * 240


def test_the_cut_off_ends_the_session_with_a_trip_and_a_fault():
    bench = Bench(RF)
    bench.device.begin(0)
    bench.wait(5)
    bench.skin.skin_celsius = 42.6
    bench.wait(5)
    assert bench.ends == [("OVER_TEMPERATURE", 6)]
    assert [bool(frame[-1] & TRIP) for frame in live(bench)] == [False] * 5 + [True]
    assert bench.records[0][50] & 1
    assert (bench.state[0], bench.faults) == (4, 1)


@pytest.mark.parametrize("celsius", [41.4, 41.49])
def test_the_cut_off_leaves_what_is_below_its_tolerance_alone(celsius):
    bench = Bench(RF)
    bench.skin.skin_celsius = celsius
    bench.device.begin(0)
    bench.wait(240)
    assert bench.ends == [("DONE", 240)]


def test_a_failed_cut_off_lets_the_session_run_hot():
    bench = Bench(RF)
    bench.device.watch.cut_off_works = False
    bench.device.begin(0)
    bench.skin.skin_celsius = 44.0
    bench.wait(240)
    assert bench.ends == [("DONE", 240)]
    assert not any(frame[-1] & TRIP for frame in live(bench))


def test_a_fault_is_cleared_by_a_press_once_the_head_has_cooled():
    bench = Bench(RF)
    bench.device.begin(0)
    bench.skin.skin_celsius = 43.0
    bench.wait(2)
    bench.device.press()
    assert bench.state[0] == 4
    bench.skin.skin_celsius = 36.0
    bench.device.press()
    assert (bench.state[0], bench.faults) == (1, 0)


def test_nothing_starts_in_a_fault():
    bench = Bench(RF)
    bench.device.begin(0)
    bench.skin.skin_celsius = 43.0
    bench.wait(2)
    bench.device.begin(0)
    assert [refused.result for refused in bench.happened(Refused)] == [4]


def test_contact_lost_for_longer_than_a_flicker_is_a_fault_that_the_record_keeps():
    bench = Bench(RF)
    bench.device.begin(0)
    bench.skin.touching = False
    bench.wait(4)
    assert bench.faults == 0x80
    bench.skin.touching = True
    bench.wait(236)
    assert (bench.faults, bench.records[0][50]) == (0, 0x80)


def test_contact_lost_for_half_a_minute_ends_the_session():
    bench = Bench(RF)
    bench.device.begin(0)
    bench.wait(10)
    bench.skin.touching = False
    bench.wait(60)
    assert bench.ends == [("CONTACT", 40)]


def test_a_mask_does_not_mind_the_table(bench):
    bench.skin.touching = False
    bench.device.begin(0)
    bench.wait(600)
    assert bench.ends == [("DONE", 600)]
    assert bench.records[0][50:52] == b"\0\0"


def test_a_dry_electrode_is_a_fault_that_the_record_keeps():
    bench = Bench(RF)
    bench.device.begin(0)
    bench.skin.impedance_ohm = 1200.0
    bench.wait(240)
    assert struct.unpack_from("<H", bench.records[0], 50) == (1 << 9,)


def test_an_empty_battery_ends_the_session():
    bench = Bench(longest=timedelta(hours=2))
    bench.device.press()
    bench.ask("1000201c00100a00")
    bench.wait(7200)
    ((reason, samples),) = bench.ends
    assert reason == "BATTERY"
    assert samples < 4800


def test_a_session_begins_at_any_moment_and_samples_follow_at_whole_seconds(bench):
    bench.wait(0.7)
    bench.device.begin(0)
    bench.wait(2.9)
    assert [sample.at for sample in bench.samples] == [seconds(1.7), seconds(2.7)]
