"""The virtual panel speaks the bytes of the capture, and counts down as the real one does."""

from collections import Counter
from datetime import timedelta
from random import Random
from statistics import median

from firmware_bridge.virtual.blockbluelight.habits import LATEST, SOONEST, Habits
from firmware_bridge.virtual.blockbluelight.panel import By, Panel, SwitchedOff, SwitchedOn
from firmware_bridge.virtual.blockbluelight.words import Request, reply, requests
from tests.device_drivers.panel_frames import REPLIES, REQUESTS

SECOND = timedelta(seconds=1)


def asked(panel, *names):
    (*_, last) = [panel.answer(request) for name in names for request in requests(REQUESTS[name])]
    return last


def status(panel):
    _, on, *times = asked(panel, "status")[4:10]
    return bool(on), *(times[at] << 8 | times[at + 1] for at in (0, 2))


def test_it_answers_with_the_bytes_of_the_capture():
    panel = Panel(600 * SECOND)
    assert asked(panel, "timer_1200_s", "on") == REPLIES["power_taken"]
    panel.advance(2.4 * SECOND)
    assert asked(panel, "status") == REPLIES["status_on_1200_s_set_1198_s_left"]
    (brightness,) = requests(bytes.fromhex("3a01400000410a"))
    assert panel.answer(brightness) == REPLIES["brightness_all_100_percent"]


def test_off_freezes_what_is_left_and_on_begins_anew():
    panel = Panel(600 * SECOND)
    panel.switch_on(By.PERSON)
    panel.advance(100 * SECOND)
    panel.switch_off(By.PERSON)
    panel.advance(900 * SECOND)
    assert status(panel) == (False, 600, 500)
    panel.switch_on(By.PERSON)
    assert status(panel) == (True, 600, 600)


def test_a_countdown_that_runs_out_switches_it_off_at_that_moment():
    panel = Panel(30 * SECOND)
    panel.advance(5 * SECOND)
    panel.switch_on(By.RADIO)
    panel.advance(500 * SECOND)
    assert panel.collect() == (
        SwitchedOn(5 * SECOND, By.RADIO, 30 * SECOND),
        SwitchedOff(35 * SECOND, By.TIMER, 30 * SECOND),
    )
    assert status(panel) == (False, 30, 0)


def test_a_channel_is_dimmed_over_the_air():
    panel = Panel(600 * SECOND)
    asked(panel, "channel_1_at_100_percent")
    panel.answer(Request(0x41, bytes([1, 40])))
    panel.answer(Request(0x41, bytes([9, 40])))
    assert panel.answer(Request(0x40, b""))[5:10] == bytes([100, 40, 100, 100, 100])


def test_requests_may_share_a_write_and_what_is_none_is_skipped():
    written = b"\x3a\x01" + REQUESTS["on"] + b"\xff" + REQUESTS["status"] + REQUESTS["timer_900_s"][:-2]
    assert list(requests(written)) == [Request(0x20, b"\x01"), Request(0x10, b"")]


def test_a_request_of_unknown_meaning_is_answered_and_does_nothing():
    panel = Panel(600 * SECOND)
    assert panel.answer(Request(0x75, b"")) == reply(0x75, b"\0\0")
    assert panel.answer(Request(0x52, b"\0")) == reply(0x52, b"")
    assert panel.collect() == ()


def test_replies_are_as_late_as_in_the_capture():
    habits = Habits(Random(1))
    late = [habits.latency() for _ in range(20_000)]
    assert SOONEST <= min(late) <= max(late) <= LATEST
    assert abs(median(late) - timedelta(milliseconds=58)) < timedelta(milliseconds=1)


def test_replies_are_cut_joined_and_begin_with_stray_bytes_and_none_is_lost():
    habits = Habits(Random(5))
    spoken = [habits.notifications(reply(0x10, number.to_bytes(5, "big"))) for number in range(2_000)]
    lengths = Counter(len(piece) for pieces in spoken for piece in pieces)
    stream = b"".join(piece for pieces in spoken for piece in pieces)
    assert max(lengths) == 20
    assert [] in spoken
    assert all(reply(0x10, number.to_bytes(5, "big")) in stream for number in range(1_990))
    assert 30 < stream.count(b"\x2a\x2a\x01") < 100
