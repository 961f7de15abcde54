"""Traces: what was on the link is in the file, at the time of the given clock, without keys."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import TraceError
from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.radio import (
    Direction,
    TracedPacket,
    att_pdus,
    attach_trace,
    make_host,
    notified_value,
    read_trace,
)
from firmware_bridge.virtual.radio.key_material import without_keys
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.firmware_bridge.radio.plain_peripheral import PlainPeripheral, room_with

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADER = bytes.fromhex("6274736e6f6f7000 00000001 000003ea")
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


def data_packet(handle, boundary, payload):
    header = (handle | boundary << 12).to_bytes(2, "little") + len(payload).to_bytes(2, "little")
    return b"\x02" + header + payload


def traced(packet, direction=RECEIVED, at=NOON):
    return TracedPacket(at=at, direction=direction, packet=packet)


async def traced_session(path):
    room = room_with(RoomSettings(connection_interval=None))
    central = make_host(room, "central", "F0:00:00:00:00:01")
    with attach_trace(central, path, lambda: NOON):
        await central.power_on()
        peripheral = await PlainPeripheral(room).start()
        link = await central.connect(peripheral.address)
        await link.pair()
        await link.gatt_client.request_mtu(517)
        heard = []
        link.gatt_client.notification_subscribers[peripheral.ticks.handle] = {heard.append}
        await link.gatt_client.write_value(peripheral.ticks.handle + 1, b"\x01\x00", with_response=True)
        for number in range(20):
            await peripheral.tick(bytes([number]) * 20 * number)
        await until(lambda: len(heard) == 20)
    return peripheral, heard


@in_a_loop
async def test_what_was_notified_is_in_the_trace(tmp_path):
    peripheral, heard = await traced_session(tmp_path / "trace")
    values = [notified_value(pdu) for pdu in att_pdus(read_trace(tmp_path / "trace"))]
    assert [value for value in values if value] == [(peripheral.ticks.handle, value) for value in heard]


@in_a_loop
async def test_no_key_is_in_the_trace(tmp_path):
    peripheral, _ = await traced_session(tmp_path / "trace")
    (keys,) = peripheral.host.keystore.all_keys.values()
    octets = (tmp_path / "trace").read_bytes()
    assert keys.ltk.value not in octets
    assert keys.irk.value not in octets
    assert peripheral.host.irk not in octets


@in_a_loop
async def test_a_trace_has_the_format_and_the_clock_it_is_given(tmp_path):
    path = tmp_path / "trace"
    central = make_host(room_with(RoomSettings()), "central", "F0:00:00:00:00:01")
    with attach_trace(central, path, lambda: NOON):
        await central.power_on()
    since_2000_s = 9_556 * 86_400 + 43_200
    at = (0x00E03AB44A676000 + since_2000_s * 1_000_000).to_bytes(8, "big")  # the format's own figure for 2000-01-01
    reset = bytes.fromhex("00000004 00000004 00000002 00000000") + at + bytes.fromhex("01030c00")
    assert path.read_bytes()[:16] == HEADER
    assert path.read_bytes()[16 : 16 + len(reset)].hex() == reset.hex()
    first, answer, *_ = read_trace(path)
    assert first == traced(bytes.fromhex("01030c00"), SENT)
    assert answer.direction is RECEIVED


@pytest.mark.parametrize(
    ("octets", "offset"),
    [(b"", 0), (b"btsnoop\0", 0), (HEADER[:-1] + b"\xe9", 0), (HEADER + bytes(23), 16), (HEADER + bytes(24), 16)],
)
def test_a_file_that_is_no_whole_trace_is_refused(tmp_path, octets, offset):
    path = tmp_path / "trace"
    path.write_bytes(octets)
    with pytest.raises(TraceError) as refusal:
        list(read_trace(path))
    assert (refusal.value.path, refusal.value.offset) == (str(path), offset)


@given(st.binary(max_size=200))
def test_any_octets_are_a_trace_or_are_refused(tmp_path_factory, octets):
    path = tmp_path_factory.getbasetemp() / "any-trace"
    path.write_bytes(HEADER + octets)
    with suppress(TraceError):
        assert all(packet.packet for packet in read_trace(path))


@given(st.binary(min_size=1, max_size=600), st.lists(st.integers(1, 251), min_size=1))
def test_an_attribute_pdu_is_put_together_however_it_was_cut(pdu, cuts):
    frame = len(pdu).to_bytes(2, "little") + b"\x04\x00" + pdu
    packets, boundary = [], 0b10
    while frame:
        cut = cuts[len(packets) % len(cuts)]
        packets.append(traced(data_packet(0x40, boundary, frame[:cut])))
        frame, boundary = frame[cut:], 0b01
    (found,) = att_pdus(packets)
    assert (found.connection_handle, found.pdu) == (0x40, pdu)


def test_fragments_of_two_links_and_directions_are_kept_apart():
    first, second = b"\x03\x00\x04\x00\x1b", b"\x05\x00"
    packets = [
        traced(data_packet(handle, boundary, part), direction, NOON + timedelta(seconds=number))
        for boundary, part in ((0b00, first), (0b01, second))
        for number, (handle, direction) in enumerate(((1, SENT), (1, RECEIVED), (2, SENT)))
    ]
    found = [(pdu.connection_handle, pdu.direction, pdu.pdu) for pdu in att_pdus(packets)]
    assert found == [(1, SENT, b"\x1b\x05\x00"), (1, RECEIVED, b"\x1b\x05\x00"), (2, SENT, b"\x1b\x05\x00")]


def test_other_channels_events_and_orphan_fragments_give_no_attribute_pdu():
    packets = [
        traced(bytes.fromhex("040e0401030c00")),
        traced(data_packet(1, 0b10, bytes.fromhex("0100060005"))),
        traced(data_packet(1, 0b01, b"orphan")),
        traced(b"\x02\x01"),
    ]
    assert list(att_pdus(packets)) == []


@given(st.lists(st.binary(min_size=1, max_size=30)))
def test_any_packets_give_attribute_pdus_or_none(packets):
    assert all(pdu.pdu for pdu in att_pdus(traced(b"\x02" + packet) for packet in packets))


@pytest.mark.parametrize(
    ("packet", "zeroed"),
    [
        ("0119201c4000 1111111111111111 2222" + "ab" * 16, "0119201c4000 1111111111111111 2222" + "00" * 16),
        ("011a20124000" + "ab" * 16, "011a20124000" + "00" * 16),
        ("01272027 01 0605040302c1" + "ab" * 32, "01272027 01 0605040302c1" + "00" * 32),
        ("0240001500110006000 6" + "ab" * 16, "0240001500110006000 6" + "00" * 16),
        ("0240201500110006000 8" + "ab" * 16, "0240201500110006000 8" + "00" * 16),
        ("0240201500110006000 a" + "ab" * 16, "0240201500110006000 a" + "00" * 16),
        ("0240201500110006000 3" + "ab" * 16, "0240201500110006000 3" + "ab" * 16),
        ("0240201500110004000 8" + "ab" * 16, "0240201500110004000 8" + "ab" * 16),
        ("0103 0c00", "0103 0c00"),
    ],
)
def test_keys_and_nothing_else_are_zeroed(packet, zeroed):
    assert without_keys(bytes.fromhex(packet.replace(" ", ""))) == bytes.fromhex(zeroed.replace(" ", ""))
