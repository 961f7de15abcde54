"""Power that fails at any moment: no counter is lost or used twice, and a record tells of it."""

import struct
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import floats, integers, sampled_from

from firmware_bridge.virtual.hets.codes import State
from firmware_bridge.virtual.hets.happenings import Began, Ended, PowerChanged, Recorded
from firmware_bridge.virtual.hets.products import MASK, RF
from tests.firmware_bridge.hets.rig import Bench, seconds

CONTINUES = 1 << 6
UTC_WRITE = bytes.fromhex("02") + (812345678).to_bytes(6, "little") + bytes((1, 0))


def cut(bench, off_for=60):
    bench.device.power_off()
    bench.wait(off_for)
    bench.device.power_on()


def timeline(bench):
    return struct.unpack_from("<I", bench.state, 10)[0]


@pytest.mark.parametrize("second", range(301))
def test_a_power_cut_at_any_second_leaves_one_record_with_what_was_done(second):
    bench = Bench()
    bench.device.begin(1)
    bench.wait(second)
    cut(bench)
    (record,) = bench.records
    counter, active, elapsed = struct.unpack_from("<I", record, 2)[0], *struct.unpack_from("<HH", record, 25)
    assert (counter, active, elapsed) == (1, second, second)


def test_the_record_of_a_cut_session_says_why_and_keeps_its_own_timeline():
    bench = Bench()
    bench.device.begin(0)
    bench.wait(100)
    cut(bench)
    (record,) = bench.records
    assert (record[29], struct.unpack_from("<I", record, 6)[0], timeline(bench)) == (7, 1, 2)


def test_the_session_after_a_cut_says_that_it_continues_and_the_one_after_does_not():
    bench = Bench()
    bench.device.begin(0)
    bench.wait(100)
    cut(bench)
    for _ in range(2):
        bench.device.begin(1)
        bench.wait(300)
    assert [bool(record[1] & CONTINUES) for record in bench.records] == [False, True, False]


def test_emission_does_not_go_on_by_itself_when_power_is_back():
    bench = Bench()
    bench.device.begin(0)
    bench.wait(100)
    cut(bench)
    bench.wait(100)
    assert bench.state[0] == 1
    assert bench.ends == [("POWER_LOST", 100)]


def test_every_loss_of_power_begins_a_timeline():
    bench = Bench()
    for _ in range(3):
        cut(bench)
    assert timeline(bench) == 4


def test_ticks_begin_anew_with_a_timeline():
    bench = Bench()
    bench.wait(500)
    cut(bench)
    bench.wait(30)
    bench.device.begin(0)
    bench.device.stop_by_user()
    assert int.from_bytes(bench.records[0][10:16], "little") == 30


def test_a_device_without_power_does_nothing():
    bench = Bench()
    bench.device.power_off()
    bench.device.press()
    bench.device.begin(0)
    bench.wait(10)
    assert bench.happened(Began) == []


def test_a_press_does_not_survive_a_loss_of_power():
    bench = Bench()
    bench.device.press()
    cut(bench, off_for=1)
    assert bench.ask("1002580200106001") == "801030"


def test_a_power_cut_shortens_a_cool_down_by_whole_minutes_under_power_only():
    bench = Bench(cool_down=timedelta(minutes=30))
    bench.device.begin(0)
    bench.device.stop_by_user()
    bench.wait(150)
    cut(bench, off_for=3600)
    bench.device.press()
    assert bench.ask("1002580200106001") == "801010" + (28 * 60).to_bytes(4, "little").hex()


def test_a_trip_is_still_a_fault_after_a_loss_of_power():
    bench = Bench(RF)
    bench.device.begin(0)
    bench.skin.skin_celsius = 44.0
    bench.wait(2)
    cut(bench)
    assert (bench.state[0], bench.faults) == (State.FAULT, 1)


def test_a_clock_that_was_set_is_reported_as_lost():
    bench = Bench(RF)
    bench.device.write_elapsed_time(UTC_WRITE)
    cut(bench)
    assert bench.faults == 1 << 6


class Life(RuleBasedStateMachine):
    """People, power and requests in any order."""

    def __init__(self):
        super().__init__()
        self.bench = Bench(MASK)
        self.device = self.bench.device

    @rule(lasting=floats(0, 400))
    def wait(self, lasting):
        self.bench.wait(lasting)

    @rule(program=integers(0, 3))
    def begin(self, program):
        self.device.begin(program)

    @precondition(lambda self: self.device.state is not State.OFF)
    @rule()
    def stop_from_afar_always_works(self):
        assert self.bench.ask("11") == "801101"
        assert self.device.state is not State.EMITTING

    @rule(act=sampled_from(["press", "stop_by_user", "pause", "resume", "power_off", "power_on"]))
    def act(self, act):
        getattr(self.device, act)()

    @invariant()
    def counters_rise_by_one(self):
        counters = [began.counter for began in self.bench.happened(Began)]
        assert counters == list(range(1, len(counters) + 1))

    @invariant()
    def every_session_but_a_running_one_ends_once_with_all_its_samples(self):
        ends = [(ended.counter, ended.samples) for ended in self.bench.happened(Ended)]
        begun = len(self.bench.happened(Began))
        emitting = self.device.state is State.EMITTING
        counted = [
            (counter, sum(sample.counter == counter for sample in self.bench.samples))
            for counter in range(1, begun + 1 - emitting)
        ]
        assert ends == counted

    @invariant()
    def every_ended_session_is_recorded_once_as_soon_as_there_is_power(self):
        recorded = [happening.counter for happening in self.bench.happened(Recorded)]
        ended = [happening.counter for happening in self.bench.happened(Ended)]
        waiting = self.device.state is State.OFF and self.device.memory.running is not None
        assert recorded == (ended[:-1] if waiting else ended)

    @invariant()
    def a_timeline_is_never_used_twice(self):
        timelines = [power.timeline for power in self.bench.happened(PowerChanged) if power.on]
        assert timelines == list(range(1, len(timelines) + 1))


class TestLife(Life.TestCase):
    settings = settings(max_examples=60, stateful_step_count=30)


def test_a_cut_just_before_a_second_is_over_takes_only_that_second():
    bench = Bench()
    bench.device.begin(0)
    bench.device.advance(seconds(10.999))
    cut(bench)
    assert struct.unpack_from("<H", bench.records[0], 27) == (10,)
