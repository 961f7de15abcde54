"""Commands and acknowledgements over MQTT, from JSON to what the device does."""

import json

import pytest
from hypothesis import given
from hypothesis.strategies import binary, dictionaries, floats, integers, lists, none, one_of, sampled_from, text

from firmware_bridge.virtual.errors import MalformedJsonError
from firmware_bridge.virtual.hets.happenings import Ended
from firmware_bridge.virtual.hets.products import MASK, RF
from firmware_bridge.virtual.wifi.requests import Commands, acknowledge
from tests.firmware_bridge.hets.rig import Bench

OPS = ("stop", "pause", "resume", "identify", "time", "start", "prescription")
START = {"op": "start", "program": 1, "duration_s": 120, "zones": ["whole face"], "level": 20}
RESULTS = {
    "ok",
    "unsupported",
    "operand",
    "failed",
    "range",
    "cool-down",
    "hot",
    "no contact",
    "battery",
    "confirm",
    "active",
}


@pytest.fixture
def bench():
    return Bench()


def asked(bench, command):
    return dict(Commands(bench.device).outcome("a-1", json.dumps(command).encode()))


def test_a_stop_ends_the_session_as_remote(bench):
    bench.device.begin(0)
    bench.wait(3)
    assert asked(bench, {"op": "stop"}) == {"result": "ok"}
    assert [ended.reason.name for ended in bench.happened(Ended)] == ["REMOTE"]


def test_a_stop_is_accepted_without_a_session(bench):
    assert asked(bench, {"op": "stop"}) == {"result": "ok"}


def test_a_pause_and_its_end(bench):
    bench.device.begin(0)
    assert [asked(bench, {"op": op})["result"] for op in ("resume", "pause", "pause", "resume")] == [
        "failed",
        "ok",
        "failed",
        "ok",
    ]


def test_time_gives_the_tick_and_its_timeline(bench):
    bench.wait(75)
    assert asked(bench, {"op": "time"}) == {"result": "ok", "timeline": 1, "tick_s": 75}


def test_time_gives_the_tick_of_a_clock_that_is_set():
    bench = Bench(RF)
    bench.wait(10)
    bench.device.write_elapsed_time(bytes.fromhex("024e696b3000000100"))
    bench.wait(5)
    assert asked(bench, {"op": "time"}) == {"result": "ok", "timeline": 2, "tick_s": 5}


def test_identify_is_done(bench):
    assert asked(bench, {"op": "identify"}) == {"result": "ok"}


def test_a_start_needs_a_press(bench):
    assert asked(bench, START) == {"result": "confirm"}


def test_a_start_after_a_press_is_what_was_asked_for(bench):
    bench.device.press()
    assert asked(bench, START) == {"result": "ok"}
    running = bench.device.memory.running
    assert (running.program, running.planned_s, running.level) == (1, 120, 20)


def test_a_start_during_a_session_is_refused(bench):
    bench.device.begin(0)
    assert asked(bench, START) == {"result": "active"}


@pytest.mark.parametrize(
    "change",
    [
        {"program": 4},
        {"program": -1},
        {"duration_s": 0},
        {"duration_s": 3601},
        {"duration_s": 10**30},
        {"zones": []},
        {"zones": ["nose"]},
        {"zones": ["ear"]},
        {"level": 41},
        {"level": 0},
    ],
)
def test_a_start_beyond_the_device_is_out_of_range(bench, change):
    bench.device.press()
    assert asked(bench, START | change) == {"result": "range"}


@pytest.mark.parametrize("field", ["program", "duration_s", "zones", "level"])
def test_a_start_without_one_of_its_fields_is_malformed(bench, field):
    assert asked(bench, {name: value for name, value in START.items() if name != field}) == {"result": "operand"}


@pytest.mark.parametrize(
    "payload", [b"", b"stop", b"[]", b"{}", b'{"op":1}', b'{"op":"\xff"}', b"[" * 8000, b" " * 9000]
)
def test_what_is_no_command_is_malformed(bench, payload):
    assert Commands(bench.device).outcome("a-1", payload) == {"result": "operand"}


@pytest.mark.parametrize("op", ["dance", "prescription"])
def test_what_the_device_does_not_do_is_unsupported(bench, op):
    assert asked(bench, {"op": op}) == {"result": "unsupported"}


def test_fields_that_nobody_named_are_ignored(bench):
    assert asked(bench, {"op": "identify", "colour": "red"}) == {"result": "ok"}


def test_a_command_that_comes_again_is_answered_alike_and_not_done_again(bench):
    commands = Commands(bench.device)
    bench.device.begin(0)
    assert commands.outcome("p", b'{"op":"pause"}') == {"result": "ok"}
    bench.device.resume()
    assert commands.outcome("p", b'{"op":"pause"}') == {"result": "ok"}
    assert not bench.device.memory.running.paused


def test_the_last_64_commands_are_known_again(bench):
    commands = Commands(bench.device)
    for number in range(65):
        bench.wait(1)
        commands.outcome(str(number), b'{"op":"time"}')
    bench.wait(1)
    assert [commands.outcome(name, b'{"op":"time"}')["tick_s"] for name in ("1", "64", "0")] == [2, 65, 66]


def test_what_is_acknowledged_is_safe(bench):
    for _ in range(2):
        bench.device.begin(0)
        bench.device.stop_by_user()
    acknowledge(bench.device, b'{"upto":1}')
    assert bench.device.memory.records.unacknowledged == (2,)


def test_an_acknowledgement_above_the_newest_has_no_effect(bench):
    bench.device.begin(0)
    bench.device.stop_by_user()
    acknowledge(bench.device, b'{"upto":2}')
    assert bench.device.memory.records.unacknowledged == (1,)


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"upto":-1}', b'{"upto":true}', b'{"upto":1.5}', b'{"upto":"1"}'])
def test_an_acknowledgement_that_is_none_is_refused(bench, payload):
    with pytest.raises(MalformedJsonError):
        acknowledge(bench.device, payload)


VALUES = one_of(none(), integers(), floats(), text(max_size=5), lists(sampled_from(["whole face", "nose", "ear"])))
COMMANDS = dictionaries(sampled_from(tuple(START)), VALUES).flatmap(
    lambda fields: sampled_from([json.dumps(fields | {"op": op}).encode() for op in OPS])
)


@given(payload=one_of(binary(max_size=200), COMMANDS))
def test_any_command_is_answered(payload):
    bench = Bench(MASK)
    bench.device.press()
    assert Commands(bench.device).outcome("x", payload)["result"] in RESULTS
