"""Whatever is written to a device, at whatever moment: it answers, and lives on."""

from contextlib import suppress

from hypothesis import given
from hypothesis.strategies import binary, integers, lists, one_of, sampled_from, tuples

from firmware_bridge.virtual.errors import RefusedWriteError
from firmware_bridge.virtual.hets.control import control
from firmware_bridge.virtual.hets.products import MASK, RF
from firmware_bridge.virtual.hets.racp import respond
from tests.firmware_bridge.hets.rig import Bench

VALID_STARTS = sampled_from([b"\x10\x00\x3c\x00\x00\x10\x2c\x01", b"\x10\x01\x3c\x00\x08\x00\x64\x00"])
REQUESTS = one_of(binary(min_size=1, max_size=24), VALID_STARTS, sampled_from([b"\x12", b"\x13", b"\x11"]))
TIMES = binary(min_size=9, max_size=9).map(lambda value: b"\x02" + value[1:])
WRITES = one_of(
    tuples(sampled_from(["control", "racp"]), REQUESTS),
    tuples(sampled_from(["time"]), one_of(binary(max_size=12), TIMES)),
)


def write(bench, where, value):
    device = bench.device
    if where == "control":
        control(device, value)
    elif where == "racp":
        device.read_records(respond(value, device.memory.records).counters)
    else:
        with suppress(RefusedWriteError):
            device.write_elapsed_time(value)


@given(product=sampled_from([MASK, RF]), writes=lists(tuples(WRITES, integers(0, 90)), max_size=12))
def test_a_device_lives_on_and_counts_on_whatever_is_written(product, writes):
    bench = Bench(product)
    for (where, value), seconds in writes:
        bench.device.press()
        write(bench, where, value)
        bench.wait(seconds)
    bench.ask("11")
    before = bench.device.memory.counter
    bench.device.begin(0)
    bench.wait(1)
    bench.ask("11")
    counters = [int.from_bytes(record[2:6], "little") for record in bench.records]
    assert counters == list(range(1, before + 2))
    assert len(bench.device.read_elapsed_time()) == 11
