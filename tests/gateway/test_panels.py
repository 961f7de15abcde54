"""A panel counts no sessions and keeps no records: its gateway does, out of the countdown and nothing else."""

import asyncio
from datetime import timedelta
from functools import wraps

import pytest

from gateway.ble.blockbluelight import panel_uid
from gateway.ble.calibration import Calibration, load_calibrations
from gateway.ble.questions import ASK_STATUS, Questions
from gateway.errors import LinkLost, LinkRefused, LinkUnsupported
from tests.device_drivers.panel_frames import reply, status_reply
from tests.gateway.panels import ADDRESS, EPOCH, SECOND, SECRET, UID, Gateway, PanelLink, World
from vocabulary.devices import DeviceState
from vocabulary.errors import SettingsError
from vocabulary.readings import EndReason, RecordFlag, Sign
from vocabulary.wire.batches import ReportedMark, SampleBlock, SeenAnchor, SeenDevice, StoredRecord


def in_time(test):
    @wraps(test)
    def run(*arguments, **fixtures):
        asyncio.run(asyncio.wait_for(test(*arguments, **fixtures), 8))

    return run


@in_time
async def test_each_second_of_the_countdown_is_a_sample_and_the_end_a_record():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(6)
        world.off()
        await gateway.looks()
    assert world.seconds() == [0, 1, 2, 3, 4, 5]
    assert [block.columns.active_s for block in world.of(SampleBlock)] == [[n] for n in range(1, 7)]
    assert [block.columns.remaining_s for block in world.of(SampleBlock)] == [[600 - n] for n in range(1, 7)]
    (record,) = world.records()
    assert (record.counter, record.active, record.planned) == (1, 6 * SECOND, 600 * SECOND)
    assert (record.end_reason, record.flags) == (EndReason.USER, (RecordFlag.ABORTED,))
    assert world.gaps() == []


@in_time
async def test_without_a_calibration_there_is_no_irradiance_and_no_dose():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    for block in world.of(SampleBlock):
        assert (block.columns.irradiance_mw_per_cm2, block.columns.fluence_j_per_cm2) == (None, None)
        assert block.columns.signs == [Sign(0)]
    (record,) = world.records()
    assert (record.fluence_j_per_cm2, record.peak_irradiance_mw_per_cm2) == (None, None)


@in_time
async def test_a_countdown_that_runs_out_is_done():
    world = World()
    world.initial_s = world.frozen_s = 5
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(7)
    (record,) = world.records()
    assert (record.active, record.end_reason, record.flags) == (5 * SECOND, EndReason.DONE, ())


@in_time
async def test_switched_off_and_on_it_is_another_session_also_between_two_looks():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(4)
        world.off()
        world.on()
        await gateway.passes(3)
        world.off()
        await gateway.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 4 * SECOND), (2, 3 * SECOND)]
    assert (world.seconds(1), world.seconds(2)) == ([0, 1, 2, 3], [0, 1, 2])
    first, second = world.records()
    assert second.previous_crc == first.crc


@in_time
async def test_switched_off_and_on_just_before_it_runs_out_it_is_not_done():
    world = World()
    world.initial_s = world.frozen_s = 8
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(6)
        world.on()
        await gateway.passes(1)
    assert [(one.active, one.end_reason) for one in world.records()] == [(6 * SECOND, EndReason.USER)]


@in_time
async def test_a_countdown_that_begins_anew_within_its_first_seconds_is_another_session():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(2)
        world.on()
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 2 * SECOND), (2, 2 * SECOND)]


@in_time
async def test_a_second_that_no_look_saw_is_a_gap():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(2)
        world.now += 3 * SECOND
        await gateway.passes(1)
    assert world.seconds() == [0, 1, 5]
    assert world.gaps() == [(1, 2, 4)]


@in_time
async def test_a_countdown_that_went_on_while_the_link_was_lost_is_the_same_session():
    world = World()
    gateway = Gateway(world)
    world.on()
    async with gateway.linked():
        await gateway.passes(3)
    world.now += 60 * SECOND
    async with gateway.linked():
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 65 * SECOND)]
    assert world.gaps() == [(1, 3, 61)]


@in_time
async def test_another_countdown_found_after_a_lost_link_is_another_session_and_the_end_of_the_first_is_not_known():
    world = World()
    gateway = Gateway(world)
    world.on()
    async with gateway.linked():
        await gateway.passes(3)
    world.now += 60 * SECOND
    world.off()
    world.on()
    world.now += 10 * SECOND
    async with gateway.linked():
        await gateway.passes(1)
    (record,) = world.records()
    assert (record.counter, record.active, record.end_reason) == (1, 3 * SECOND, EndReason.UNKNOWN)
    assert world.seconds(2) == [9, 10]
    assert world.gaps() == [(2, 0, 8)]


@in_time
async def test_found_off_after_a_lost_link_its_frozen_countdown_says_when_it_ended():
    world = World()
    gateway = Gateway(world)
    world.on()
    async with gateway.linked():
        await gateway.passes(3)
    world.now += 30 * SECOND
    world.off()
    world.now += timedelta(hours=8)
    async with gateway.linked():
        pass
    (record,) = world.records()
    assert (record.active, record.end_reason) == (33 * SECOND, EndReason.USER)
    assert world.gaps() == [(1, 3, 32)]


@in_time
async def test_a_session_goes_on_over_a_restart_of_the_gateway_under_the_same_numbers():
    world = World()
    before = Gateway(world)
    world.on()
    async with before.linked():
        await before.passes(3)
    world.now += 20 * SECOND
    after = Gateway(world)
    async with after.linked():
        await after.passes(1)
        world.off()
        await after.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 24 * SECOND)]
    assert {item.epoch for item in (*world.of(SampleBlock), *world.of(StoredRecord))} == {EPOCH}
    assert world.seconds() == [0, 1, 2, 22, 23]


@in_time
async def test_the_counter_and_the_chain_go_on_over_a_restart():
    world = World()
    for _ in range(2):
        world.now += 60 * SECOND
        world.on()
        gateway = Gateway(world)
        async with gateway.linked():
            await gateway.passes(2)
            world.off()
            await gateway.looks()
    first, second = world.records()
    assert (first.counter, second.counter, second.previous_crc) == (1, 2, first.crc)
    assert world.drawn == 2
    assert {item.epoch for item in world.of(StoredRecord)} == {EPOCH}


@in_time
async def test_a_timer_changed_while_it_is_on_ends_nothing():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(3)
        world.initial_s, world.began_at = 900, world.now
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    (record,) = world.records()
    assert (record.active, record.planned) == (5 * SECOND, 903 * SECOND)
    assert world.seconds() == [0, 1, 2, 3, 4]


@in_time
async def test_a_session_that_was_off_before_its_first_second_is_none():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.looks()
        world.off()
        await gateway.looks()
        world.on()
        await gateway.passes(1)
        world.off()
        await gateway.looks()
    assert [one.counter for one in world.records()] == [1]


@in_time
async def test_each_contact_anchors_the_countdown_on_a_timeline_of_its_own():
    world = World()
    gateway = Gateway(world)
    world.on()
    began = world.now
    for _ in range(2):
        async with gateway.linked():
            await gateway.passes(2)
    anchors = world.of(SeenAnchor)
    assert [(one.timeline, one.tick_s) for one in anchors] == [(0xAB, 1.5), (0xAB, 2.5)]
    for one in anchors:
        assert abs(one.at - began - timedelta(seconds=one.tick_s)) <= timedelta(seconds=one.uncertainty_s)


@in_time
async def test_it_reports_whether_it_emits_and_rests_when_it_does_not():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked() as link:
        assert link.resting is True
        world.on()
        await gateway.passes(1)
        assert link.resting is False
    states = [mark.state for mark in world.of(ReportedMark)]
    assert states == [DeviceState.READY, DeviceState.EMITTING]


def joined_now_and_then():
    """Each third reply comes with the one after it."""
    count, held = iter(range(10**6)), []

    def spoil(replied):
        held.append(replied)
        if next(count) % 3 == 1:
            return []
        joined = b"".join(held)
        held.clear()
        return [joined]

    return spoil


def lost_now_and_then():
    count = iter(range(10**6))
    return lambda replied: [] if next(count) % 3 == 1 else [replied]


HABITS = {
    "cut": lambda: lambda replied: [replied[:5], replied[5:]],
    "cut after each byte": lambda: lambda replied: [bytes([octet]) for octet in replied],
    "stray": lambda: lambda replied: [b"\x2a" + replied],
    "garbage": lambda: lambda replied: [b"\x2a\x01\x10\x00\x20" + replied],
    "twice": lambda: lambda replied: [replied + replied],
    "joined": joined_now_and_then,
    "lost": lost_now_and_then,
}


@pytest.mark.parametrize("habit", HABITS)
@in_time
async def test_whatever_the_link_does_to_its_replies_no_time_is_lost(habit):
    world = World()
    gateway = Gateway(world)
    world.spoil = HABITS[habit]()
    async with gateway.linked():
        world.on()
        await gateway.passes(5)
        world.off()
        await gateway.looks(4)
    assert [(one.counter, one.active) for one in world.records()] == [(1, 5 * SECOND)]


async def asked(*notified, before=()):
    """The answer to one question for the status, to which these notifications come."""
    world = World()
    world.spoil = lambda _: notified
    link = PanelLink(world)
    questions = Questions(link, UID, 0.03)
    await questions.begin()
    for late in before:
        link.take(late)
    return await questions.ask(ASK_STATUS)


OLDER, NEWER = status_reply(1, 600, 500), status_reply(1, 600, 499)


@in_time
async def test_of_two_replies_that_come_together_the_newer_one_counts():
    assert (await asked(OLDER + NEWER)).remaining == 499 * SECOND


@in_time
async def test_a_reply_that_came_before_the_question_is_no_answer():
    assert await asked(before=[OLDER]) is None


@in_time
async def test_a_length_that_lies_keeps_no_reply_from_the_question():
    assert (await asked(b"\x2a\x01\x10\x00\x20" + NEWER)).remaining == 499 * SECOND


@in_time
async def test_a_reply_that_does_not_read_is_none():
    assert await asked(reply(0x10, b"\x07\0\0\0\0")) is None


@in_time
async def test_a_panel_that_answers_nothing_is_gone():
    world = World()
    world.spoil = lambda _: []
    gateway = Gateway(world)
    link = PanelLink(world)
    description = await gateway.speech.introduce(link)
    await gateway.speech.book.meet(description)
    with pytest.raises(LinkLost, match=r"no reply in 0.03 s, 10 times in a row"):
        await gateway.speech.converse(link, description)


@in_time
async def test_a_stop_switches_it_off_and_says_so_when_the_panel_does():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(3)
        await gateway.reach.get(UID).stop()
        assert world.began_at is None
    (record,) = world.records()
    assert (record.active, record.end_reason) == (3 * SECOND, EndReason.REMOTE)


@in_time
async def test_with_a_disk_that_takes_nothing_a_panel_is_stopped_and_its_next_session_is_followed_and_counted():
    world, takes, shown = World(), asyncio.Event(), []
    world.takes = takes.wait
    gateway = Gateway(world, watch=shown.extend)
    takes.set()
    async with gateway.linked():
        world.on()
        await gateway.passes(3)
        takes.clear()
        await gateway.reach.get(UID).stop()
        world.now += 60 * SECOND
        world.on()
        await gateway.passes(4)
        assert [block.first for block in shown if isinstance(block, SampleBlock) and block.counter == 2] == [0, 1, 2, 3]
        takes.set()
        world.off()
        await gateway.looks()
    assert [(one.counter, one.active) for one in world.records()] == [(1, 3 * SECOND), (2, 4 * SECOND)]
    assert world.seconds(2) == [0, 1, 2, 3]


@in_time
async def test_a_panel_that_stays_on_refuses_the_stop():
    world = World()
    world.off = lambda: None
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(1)
        with pytest.raises(LinkRefused, match=f"{UID}: switching off"):
            await gateway.reach.get(UID).stop()


@in_time
async def test_it_takes_no_permits_and_is_out_of_reach_without_a_link():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        with pytest.raises(LinkUnsupported):
            await gateway.reach.get(UID).permit(b"")
    assert gateway.reach.get(UID) is None


def test_its_uid_is_minted_here_stable_and_tells_no_address():
    assert panel_uid(SECRET, ADDRESS) == panel_uid(SECRET, ADDRESS.lower())
    assert int(UID[:2], 16) & 0x03 == 0x02
    assert len({panel_uid(SECRET, ADDRESS), panel_uid(bytes(32), ADDRESS), panel_uid(SECRET, "C0:00:00:00:00:02")}) == 3


@in_time
async def test_what_leaves_the_home_names_neither_its_address_nor_its_name():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(1)
    said = repr(world.items).upper()
    assert ADDRESS.replace(":", "") not in said.replace(":", "")
    seen = world.of(SeenDevice)[0]
    assert (seen.model, seen.serial, seen.firmware) == ("BlockBlueLight panel", "", "")


CALIBRATION = """\
model = "Panel 600"
panels = ["{uid}"]
channel_mw_per_cm2 = [10.0, 20.0, 0, 0, 0]
distance_cm = 20
uncertainty_fraction = 0.2
source = "measured by hand"
"""


def calibrated(tmp_path, text=CALIBRATION, name="one.toml"):
    (tmp_path / name).write_text(text.format(uid=UID))
    return load_calibrations(tmp_path)


@in_time
async def test_a_calibrated_panel_gives_an_estimated_dose(tmp_path):
    world = World()
    world.percent = (100, 50, 100, 0, 0)
    gateway = Gateway(world, calibrated(tmp_path))
    async with gateway.linked():
        world.on()
        await gateway.passes(10)
        world.off()
        await gateway.looks()
    last = world.of(SampleBlock)[-1].columns
    assert (last.irradiance_mw_per_cm2, last.signs) == ([20.0], [Sign.DOSE_ESTIMATED])
    assert last.fluence_j_per_cm2 == [pytest.approx(0.2)]
    (record,) = world.records()
    assert (record.fluence_j_per_cm2, record.peak_irradiance_mw_per_cm2) == (pytest.approx(0.2), 20.0)
    assert RecordFlag.DOSE_ESTIMATED in record.flags
    assert {item.model for item in world.of(SeenDevice)} == {"Panel 600"}


@in_time
async def test_the_dose_goes_on_when_the_timer_is_changed(tmp_path):
    world = World()
    gateway = Gateway(world, calibrated(tmp_path))
    async with gateway.linked():
        world.on()
        await gateway.passes(3)
        world.initial_s, world.began_at = 900, world.now
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    assert [one.fluence_j_per_cm2 for one in world.records()] == [pytest.approx(0.05)]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("source", "origin", r"one.toml: origin: Extra inputs"),
        ("10.0, 20.0", "20.0", r"channel_mw_per_cm2: .* at least 5"),
        ("= 0.2", "= 1.5", r"uncertainty_fraction: "),
        ('["{uid}"]', '["nobody"]', r"panels.0: 'nobody' is no device uid"),
        ("model", "model model", r"one.toml: file: "),
    ],
)
def test_a_calibration_that_is_none_is_refused_with_its_file_and_key(tmp_path, before, after, problem):
    with pytest.raises(SettingsError, match=problem):
        calibrated(tmp_path, CALIBRATION.replace(before, after))


def test_a_panel_has_one_calibration(tmp_path):
    assert isinstance(calibrated(tmp_path)[UID], Calibration)
    with pytest.raises(SettingsError, match=r"two.toml: panels: .* has a calibration already"):
        calibrated(tmp_path, name="two.toml")


def test_a_directory_of_calibrations_that_is_none_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"calibrations: .*nowhere is no directory"):
        load_calibrations(tmp_path / "nowhere")
    assert load_calibrations(None) == {}
