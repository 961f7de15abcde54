"""The panel's driver reads a stream however it is cut, loses nothing valid, and refuses the rest."""

from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.blockbluelight.frames import (
    BRIGHTNESS,
    LONGEST_PAYLOAD,
    POWER_OFF,
    POWER_ON,
    STATUS,
    Command,
    Frame,
    abandon,
    parse,
    timer,
)
from device_drivers.blockbluelight.record import FIRST, PanelAccount, dump_record, read_record
from device_drivers.blockbluelight.status import Status, read_brightness, read_status
from device_drivers.errors import FrameRefused
from device_drivers.families import BLOCKBLUELIGHT, HETS, family_heard
from tests.device_drivers.panel_frames import REPLIES, REQUESTS, replies, reply
from vocabulary.instants import Tick
from vocabulary.readings import EndReason, RecordFlag

SECOND = timedelta(seconds=1)
ACK = REPLIES["power_taken"]
FRAME = Frame(Command.POWER, b"")
SILENCE = bytes(LONGEST_PAYLOAD + 7)


def parsed(*pieces):
    rest, frames = b"", ()
    for piece in pieces:
        rest, more = parse(rest, piece)
        frames += more
    return frames


def pieces_of(stream, cuts):
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    return [stream[start:end] for start, end in pairwise(ends)]


def test_requests_have_the_bytes_of_the_capture():
    requests = {"on": POWER_ON, "off": POWER_OFF, "status": STATUS}
    assert requests.items() <= REQUESTS.items()
    assert timer(900 * SECOND) == REQUESTS["timer_900_s"]
    assert timer(1200 * SECOND) == REQUESTS["timer_1200_s"]
    assert BRIGHTNESS.hex() == "3a01400000410a"


@pytest.mark.parametrize("seconds", [0, 65536])
def test_a_time_that_two_bytes_cannot_say_is_refused(seconds):
    with pytest.raises(FrameRefused, match=r"timer\.seconds"):
        timer(seconds * SECOND)


def test_replies_of_the_capture_read_as_they_were_understood():
    status, brightness, ack = parsed(*REPLIES.values())
    assert read_status(status.payload) == Status(on=True, initial=1200 * SECOND, remaining=1198 * SECOND)
    assert read_brightness(brightness.payload) == (100,) * 5
    assert [frame.command for frame in (status, brightness, ack)] == [0x10, 0x40, 0x20]


@given(frames=st.lists(replies, max_size=8), cuts=st.lists(st.integers(0, 200), max_size=12))
def test_a_stream_gives_the_same_frames_however_it_is_cut_and_joined(frames, cuts):
    stream = b"".join(frames)
    whole = [Frame(frame[2], frame[5:-2]) for frame in frames]
    assert list(parsed(*pieces_of(stream, cuts))) == whole


@given(stream=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=12))
def test_any_bytes_give_the_same_frames_however_they_are_cut(stream, cuts):
    assert parsed(*pieces_of(stream, cuts)) == parsed(stream)


@pytest.mark.parametrize(
    "garbage",
    [
        "2a",
        "2a01",
        "2a0110",
        "2a01100005",
        "2a01100005010a2a",
        "2a0110ffff",
        "2a0110000b",
        "2a011000050104b004ae7e0a",
        "2a011000050104b004ae7d0b",
        "0a0a3a01100000110a",
    ],
)
def test_a_frame_after_garbage_is_not_lost(garbage):
    assert parsed(bytes.fromhex(garbage) + ACK + SILENCE) == (FRAME,)


def test_a_stray_start_before_a_frame_costs_nothing():
    rest, frames = parse(b"", b"\x2a" + ACK)
    assert (rest, frames) == (b"", (FRAME,))


def occurrences(stream):
    """Where a frame lies, by its grammar alone: start and end of each."""
    for start in range(len(stream)):
        for end in range(start + 7, min(start + 7 + LONGEST_PAYLOAD, len(stream)) + 1):
            frame = stream[start:end]
            framed = (frame[0], frame[1], frame[-1]) == (0x2A, 1, 0x0A)
            if framed and frame[3] * 256 + frame[4] == len(frame) - 7 and sum(frame[1:-2]) % 256 == frame[-2]:
                yield start, end


@given(garbage=st.lists(st.one_of(st.binary(max_size=20), replies, replies.map(lambda whole: whole[:-3]))))
def test_only_a_frame_that_another_one_begins_before_can_be_missed(garbage):
    stream = b"".join(garbage)
    expected, free_from = [], 0
    for start, end in occurrences(stream):
        if start >= free_from:
            expected.append(Frame(stream[start + 2], stream[start + 5 : end - 2]))
            free_from = end
    assert list(parsed(stream + SILENCE)) == expected


@given(pieces=st.lists(st.binary(max_size=60)))
def test_what_is_kept_of_an_unfinished_frame_is_bounded(pieces):
    rest = b""
    for piece in pieces:
        rest, _ = parse(rest, piece)
        assert len(rest) < LONGEST_PAYLOAD + 7


def test_a_length_that_lies_holds_nobody_up_once_it_is_given_up():
    rest, frames = parse(b"", bytes.fromhex("2a01100020") + ACK)
    assert frames == ()
    assert abandon(rest) == (b"", (FRAME,))


@given(rest=st.binary(max_size=39))
def test_giving_up_ends(rest):
    for _ in range(40):
        rest, _frames = abandon(rest)
    assert rest == b""


@pytest.mark.parametrize(
    ("read", "payload", "where"),
    [
        (read_status, "0204b004ae", r"status\.on: 2 is none of \[0, 1\]"),
        (read_status, "0104b004", r"status\.length: 4 bytes, expected 5"),
        (read_brightness, "64656464640000", r"brightness\.channel_2_percent: 101 is outside 0 to 100"),
        (read_brightness, "", r"brightness\.length"),
    ],
)
def test_a_payload_that_is_none_is_refused_by_field(read, payload, where):
    with pytest.raises(FrameRefused, match=where):
        read(bytes.fromhex(payload))


def account(**changes):
    values = {
        "counter": 7,
        "timeline": 4_000_000_000,
        "planned": 1200 * SECOND,
        "active": 754 * SECOND,
        "end_reason": EndReason.USER,
        "fluence_j_per_cm2": None,
        "peak_irradiance_mw_per_cm2": None,
        "previous_crc": FIRST,
    }
    return PanelAccount(**(values | changes))


def test_a_record_says_what_the_countdown_told_and_no_dose():
    record = read_record(dump_record(account()))
    assert (record.counter, record.planned, record.active, record.elapsed) == (
        7,
        *(s * SECOND for s in (1200, 754, 754)),
    )
    assert record.start == Tick(timeline=4_000_000_000, since_start=timedelta(0))
    assert (record.end_reason, record.flags) == (EndReason.USER, (RecordFlag.ABORTED,))
    assert (record.fluence_j_per_cm2, record.peak_irradiance_mw_per_cm2, record.highest_skin_celsius) == (None,) * 3


def test_a_record_of_a_calibrated_panel_says_that_its_dose_is_estimated():
    record = read_record(
        dump_record(account(end_reason=EndReason.DONE, fluence_j_per_cm2=33.456, peak_irradiance_mw_per_cm2=40.04))
    )
    assert (record.fluence_j_per_cm2, record.peak_irradiance_mw_per_cm2) == (33.456, 40.0)
    assert record.flags == (RecordFlag.DOSE_ESTIMATED,)


def test_a_record_names_the_checksum_of_the_one_before_it():
    first = read_record(dump_record(account()))
    second = read_record(dump_record(account(counter=8, previous_crc=first.crc)))
    assert (first.previous_crc, second.previous_crc) == (0xFFFF, first.crc)
    assert first.content != second.content


def test_a_record_with_any_bit_changed_is_refused():
    whole = dump_record(account())
    for bit in range(len(whole) * 8):
        frame = bytearray(whole)
        frame[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FrameRefused):
            read_record(bytes(frame))


@pytest.mark.parametrize("read", [read_status, read_brightness, read_record])
@given(frame=st.one_of(st.binary(max_size=64), *(st.binary(min_size=n, max_size=n) for n in (5, 7, 24))))
def test_any_bytes_decode_or_are_refused(read, frame):
    with suppress(FrameRefused):
        read(frame)


@pytest.mark.parametrize(
    ("name", "services", "found"),
    [
        ("BLOCKA4C138001122", (), BLOCKBLUELIGHT),
        ("BLOCKa4c138001122", ("0000fff0-0000-1000-8000-00805f9b34fb",), BLOCKBLUELIGHT),
        ("BLOCKA4C13800112", (), None),
        ("A BLOCKA4C138001122", (), None),
        (None, ("0000fff0-0000-1000-8000-00805f9b34fb",), None),
        ("BLOCKA4C138001122", (HETS.advertised,), HETS),
    ],
)
def test_a_panel_is_told_by_its_whole_name(name, services, found):
    assert family_heard(name, services) is found


def test_a_reply_with_an_unknown_command_is_a_frame_too():
    assert parsed(reply(0x75, b"\0\0")) == (Frame(0x75, b"\0\0"),)
