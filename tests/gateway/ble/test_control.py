"""What a HETS device is told: each request gets its own answer, and a permit travels in segments."""

import asyncio
from dataclasses import replace

import pytest

from device_drivers.hets import gatt
from gateway.ble.control import Control, HetsCommands
from gateway.errors import LinkLost, LinkRefused, LinkUnsupported
from gateway.reach import Reach
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.devices import MASK
from tests.gateway.houses import Heard, House, happens, listening
from tests.vectors import VECTORS
from vocabulary.devices import DeviceState, Feature
from vocabulary.wire.batches import ReportedMark, StoredRecord

PERMIT = bytes.fromhex(VECTORS["prescription"]["enforce_seq_7"])
SEGMENTS = [bytes.fromhex(segment) for segment in VECTORS["prescription"]["segments_mtu_23_of_seq_7"]]
TAKES_PERMITS = replace(MASK, features=(*MASK.features, Feature.PRESCRIPTION))
STOP, ACKNOWLEDGE = b"\x11", b"\x30\x05\x00\x00\x00"
REPLAY = bytes.fromhex(VECTORS["prescription"]["answer_replay"])


class Device:
    """A device at the other end of a link that keeps its answers back until it is told to give them."""

    address = "C0:00:00:00:00:01"

    def __init__(self):
        self.written, self.take = [], {}

    async def write(self, characteristic, value):
        await asyncio.sleep(0)
        self.written.append((characteristic, value))

    async def subscribe(self, characteristic, take):
        self.take[characteristic] = take

    def payload(self, _characteristic):
        return 20

    def say(self, characteristic, hexadecimal):
        self.take[characteristic](bytes.fromhex(hexadecimal))


class Deaf(Device):
    """A device that a request does not reach."""

    async def write(self, _characteristic, _value):
        raise LinkLost(self.address, "writing", "gone")


async def told(description=TAKES_PERMITS, device=None):
    device = device or Device()
    control = Control(device)
    commands = HetsCommands(device, description, control)
    await commands.subscribe()
    return device, control, commands


async def written(device, count):
    await until(lambda: len(device.written) == count)


@in_a_loop
async def test_an_answer_goes_to_the_request_of_its_operation():
    device, control, _ = await told()
    acknowledging, stopping = (asyncio.ensure_future(control.ask(request)) for request in (ACKNOWLEDGE, STOP))
    await written(device, 2)
    device.say(gatt.CONTROL, "801101")
    assert (await stopping).operation == 0x11
    assert not acknowledging.done()
    device.say(gatt.CONTROL, "803005")
    assert ((await acknowledging).operation, (await acknowledging).result) == (0x30, 5)


@in_a_loop
async def test_two_requests_of_one_operation_get_an_answer_each():
    device, control, _ = await told()
    both = [asyncio.ensure_future(control.ask(STOP)) for _ in range(2)]
    await written(device, 2)
    device.say(gatt.CONTROL, "801101")
    device.say(gatt.CONTROL, "801104")
    assert [(await one).result for one in both] == [1, 4]


@in_a_loop
async def test_an_answer_that_nobody_waits_for_or_that_does_not_read_is_dropped():
    device, control, _ = await told()
    device.say(gatt.CONTROL, "801104")
    device.say(gatt.CONTROL, "ff")
    stopping = asyncio.ensure_future(control.ask(STOP))
    await written(device, 1)
    device.say(gatt.CONTROL, "801101")
    assert (await stopping).result == 1


@in_a_loop
async def test_a_request_that_did_not_go_out_waits_for_nothing():
    device = Deaf()
    _, control, _ = await told(device=device)
    with pytest.raises(LinkLost, match="gone"):
        await control.ask(STOP)
    device.say(gatt.CONTROL, "801101")


@in_a_loop
async def test_an_answer_to_a_request_that_was_just_cancelled_goes_to_nobody_and_breaks_nothing():
    device, control, _ = await told()
    cancelled, next_one = (asyncio.ensure_future(control.ask(STOP)) for _ in range(2))
    await written(device, 2)
    cancelled.cancel()
    device.say(gatt.CONTROL, "801131")
    device.say(gatt.CONTROL, "801101")
    assert (await next_one).result == 1


@pytest.mark.parametrize(
    ("answer", "error", "words"), [("801102", LinkUnsupported, "unsupported"), ("801131", LinkRefused, "active")]
)
@in_a_loop
async def test_a_stop_that_is_not_done_is_refused_with_the_reason(answer, error, words):
    device, _, commands = await told()
    stopping = asyncio.ensure_future(commands.stop())
    await written(device, 1)
    device.say(gatt.CONTROL, answer)
    with pytest.raises(error, match=words):
        await stopping


@pytest.mark.parametrize("answer", [b"\x01", REPLAY])
@in_a_loop
async def test_a_permit_travels_in_segments_and_one_that_was_applied_before_is_no_failure(answer):
    device, _, commands = await told()
    permitting = asyncio.ensure_future(commands.permit(PERMIT))
    await written(device, len(SEGMENTS))
    device.say(gatt.PRESCRIPTION, answer.hex())
    await permitting
    assert device.written == [(gatt.PRESCRIPTION, segment) for segment in SEGMENTS]


@pytest.mark.parametrize(
    ("answer", "words"), [("20", "signature"), ("11", "day"), ("77", "0x77"), ("0102", "no answer")]
)
@in_a_loop
async def test_a_permit_that_is_not_taken_is_refused_with_the_reason(answer, words):
    device, _, commands = await told()
    permitting = asyncio.ensure_future(commands.permit(PERMIT))
    await written(device, len(SEGMENTS))
    device.say(gatt.PRESCRIPTION, answer)
    with pytest.raises(LinkRefused, match=words):
        await permitting


@in_a_loop
async def test_a_device_without_prescriptions_is_not_bothered_with_a_permit():
    device, _, commands = await told(MASK)
    with pytest.raises(LinkUnsupported):
        await commands.permit(PERMIT)
    assert not device.written


@pytest.mark.alone
@in_a_loop
async def test_a_stop_takes_less_than_a_second_in_the_middle_of_a_download(bus):
    heard, reach = Heard(), Reach()
    async with House(bus).lived_in() as house:
        house.mask.host.gatt_server.max_mtu = 23
        house.mask.record(sessions=100)
        house.mask.begin()
        async with listening(heard.put, reach):
            await happens(lambda: house.mask.segments_sent > 20)
            loop = asyncio.get_running_loop()
            asked_at = loop.time()
            await reach.get(house.mask.uid).stop()
            assert loop.time() - asked_at <= 1
            assert house.mask.bench.device.state.name == "READY"
            assert len(heard.of(StoredRecord)) < 100
            await happens(lambda: heard.of(ReportedMark)[-1].state is DeviceState.READY)


@in_a_loop
async def test_a_device_is_within_reach_while_it_is_linked(bus):
    heard, reach = Heard(), Reach()
    async with House(bus).lived_in() as house, listening(heard.put, reach):
        await happens(lambda: reach.get(house.mask.uid))
        house.mask.go(in_range=False)
        await happens(lambda: reach.get(house.mask.uid) is None)
