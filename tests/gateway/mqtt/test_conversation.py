"""The conversation with a mask on Wi-Fi: what it says is stored once, and it is told what is safe."""

import asyncio

import pytest

from device_drivers.families import HETS
from device_drivers.hets.topics import Said
from gateway.errors import LinkLost, LinkRefused, LinkUnsupported
from gateway.mqtt.commands import DeviceCommands
from gateway.mqtt.post import MESSAGES, Cut
from gateway.sessions.book import AHEAD, StoredBytes
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.devices import MASK, NOON, UID, reading
from tests.gateway.mqtt.masks import SECOND, Home, nothing, record
from vocabulary.wire.batches import ReportedMark, SampleBlock, SeenAnchor, SeenDevice, StoredRecord

UNREADABLE = bytes(56)


@in_a_loop
async def test_a_mask_that_connects_is_introduced_and_its_state_is_told():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state(newest=3))
    assert [seen.serial for seen in home.of(SeenDevice)] == ["M-7"]
    assert [mark.newest for mark in home.of(ReportedMark)] == [3]


@in_a_loop
async def test_what_comes_before_the_introduction_waits_for_it():
    async with Home().listening() as home:
        await home.hears(home.mask.live(0), home.mask.live(1), home.mask.session(1, elapsed_s=2))
        assert home.items == []
        await home.hears(home.mask.info())
        assert (home.samples, home.records) == ([(1, 0), (1, 1)], [1])


@in_a_loop
async def test_a_session_of_samples_and_its_record_leave_no_sample_untold():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state())
        await home.hears(*(home.mask.live(number) for number in (0, 1, 3)))
        await home.hears(home.mask.session(1, elapsed_s=6))
    assert home.samples == [(1, 0), (1, 1), (1, 3)]
    assert home.lost_samples == [(1, 2, 2), (1, 4, 5)]


@in_a_loop
async def test_a_sample_that_comes_after_its_record_is_in_the_gap_already():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.session(1, elapsed_s=3), home.mask.live(2))
    assert (home.samples, home.lost_samples) == ([], [(1, 0, 2)])


@in_a_loop
async def test_a_sample_says_which_session_it_is_of_whatever_newer_record_is_known():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state(newest=9), home.mask.live(0, counter=8))
    assert home.samples == [(8, 0)]


@in_a_loop
async def test_a_lockout_that_runs_down_is_no_news():
    async with Home().listening() as home:
        await home.hears(home.mask.info())
        for seconds in (90, 89, 88):
            await home.hears(home.mask.state(state="locked", lockout="cool-down", lockout_s=seconds))
    assert len(home.of(ReportedMark)) == 1


@in_a_loop
async def test_a_record_is_acknowledged_when_it_is_on_disk():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.session(1), home.mask.session(2))
    assert (home.records, home.acks) == ([1, 2], [2])


@in_a_loop
async def test_records_out_of_order_are_stored_at_once_and_acknowledged_up_to_the_first_that_is_missing():
    async with Home().listening() as home:
        await home.hears(home.mask.info())
        for counter in (3, 1, 5, 2, 4):
            await home.hears(home.mask.session(counter))
    assert (home.records, home.acks) == ([3, 1, 5, 2, 4], [1, 1, 3, 5])


@in_a_loop
async def test_what_another_gateway_acknowledged_is_not_waited_for():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.session(42, oldest=41), home.mask.session(41, oldest=41))
    assert home.acks == [42]


@in_a_loop
async def test_a_record_that_is_repeated_is_acknowledged_again_and_stored_once():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.session(1))
        await home.hears(home.mask.session(1))
    assert (home.records, home.acks) == ([1], [1, 1])


@in_a_loop
async def test_a_gateway_that_is_restarted_in_a_round_stores_the_rest_and_nothing_again():
    home = Home()
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.session(1), home.mask.session(3))
    home.restart()
    async with home.listening():
        await home.hears(home.mask.info(retained=True), *(home.mask.session(counter) for counter in (1, 2, 3)))
    assert (home.records, home.acks) == ([1, 3, 2], [1, 3])


@in_a_loop
async def test_no_more_than_64_records_are_stored_beyond_one_that_is_missing():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), *(home.mask.session(counter) for counter in range(2, 80)))
        assert (home.records, home.acks) == (list(range(2, 66)), [])
        await home.hears(*(home.mask.session(counter) for counter in range(1, 80)))
    assert (sorted(home.records), home.acks) == (list(range(1, 80)), [79])


@in_a_loop
async def test_a_record_that_does_not_read_is_kept_once_and_refused():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.session(2, data=UNREADABLE, oldest=2))
        await home.hears(home.mask.session(2, data=UNREADABLE, oldest=2))
    assert [stored.data for stored in home.of(StoredRecord)] == [UNREADABLE]
    (rejected,) = home.payloads("reject")
    assert (rejected["topic"], rejected["seq"]) == (f"het/v1/dev/{UID}/session", 1)
    assert rejected["reason"].startswith("record.")


@in_a_loop
async def test_records_that_do_not_read_count_as_stored_when_those_around_them_say_which_they_are():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state(newest=3), home.mask.session(1))
        await home.hears(home.mask.session(2, data=UNREADABLE), home.mask.session(3))
    assert home.acks == [1, 3]


@in_a_loop
async def test_with_a_message_lost_nobody_knows_which_record_did_not_read():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.session(1), home.mask.session(2, data=UNREADABLE))
        await home.hears(home.mask.session(3, seq=home.mask.seq + 1))
        assert home.acks == [1, 1]
        round_of = [home.mask.session(2, data=UNREADABLE, oldest=2), home.mask.session(3, oldest=2)]
        await home.hears(*round_of)
    assert home.acks == [1, 1, 3]


@pytest.mark.parametrize(("length", "kept"), [(600, [56, 512, 56]), (0, [56, 56])])
@in_a_loop
async def test_a_record_that_cannot_be_kept_whole_is_refused_and_nothing_from_it_on_is_acknowledged(length, kept):
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state(newest=3))
        await home.hears(home.mask.session(1), home.mask.session(2, data=b"\x01" * length), home.mask.session(3))
    assert ([len(stored.data) for stored in home.of(StoredRecord)], home.acks) == (kept, [1])
    assert home.payloads("reject")[0]["reason"].startswith(f"session.record: {length} bytes")


@in_a_loop
async def test_a_disk_that_takes_nothing_blinds_nobody_and_is_waited_for_only_to_acknowledge():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state())
        home.takes.clear()
        await home.hears(home.mask.session(1), *(home.mask.live(number, counter=2) for number in range(3)))
        await home.hears(home.mask.live(3, counter=2))
        assert [block.first for block in home.shown if isinstance(block, SampleBlock)] == [0, 1, 2, 3]
        assert home.acks == []
        home.takes.set()
        await home.hears()
        assert home.acks == [1]


@in_a_loop
async def test_a_stop_waits_for_nothing_that_came_before_its_answer():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state())
        home.takes.clear()
        crowd = [asyncio.ensure_future(home.book.links([home.talk.status])) for _ in range(AHEAD + 1)]
        await home.hears(home.mask.live(0), home.mask.live(1))
        await home.reach.get(UID).stop()
        home.takes.set()
        await asyncio.gather(*crowd)


@in_a_loop
async def test_a_message_of_an_earlier_boot_is_no_news():
    async with Home().listening() as home:
        late = home.mask.state(newest=0, state="emitting")
        home.mask.boot, home.mask.seq = 2, 0
        await home.hears(home.mask.info(), home.mask.state(), late)
    assert [mark.state for mark in home.of(ReportedMark)] == ["ready"]


@in_a_loop
async def test_what_is_refused_again_and_again_is_said_once_and_then_counted(caplog):
    async with Home().listening() as home:
        await home.hears(home.mask.info(), *(home.mask.says(Said.LIVE, b"{}") for _ in range(50)))
        await home.hears(home.mask.says(Said.EVENT, b"{}"))
    said = [line.partition(": ")[2] for line in caplog.messages]
    assert len(said) == 3
    assert said[1].startswith("49 more messages were refused: live.")


@in_a_loop
async def test_a_conversation_that_fails_is_logged_and_goes_on(caplog):
    home = Home()
    meet, faults = home.book.meet, iter([RuntimeError("a fault")])

    async def fail_once(description):
        for fault in faults:
            raise fault
        await meet(description)

    home.book.meet = fail_once
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.session(1))
        await until(lambda: home.acks == [1])
    assert "a fault of ours" in caplog.text


@in_a_loop
async def test_a_session_that_is_no_json_goes_up_as_it_came():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.says(Said.SESSION, b"\xffgarbage"))
    assert [stored.data for stored in home.of(StoredRecord)] == [b"\xffgarbage"]
    assert len(home.payloads("reject")) == 1


@pytest.mark.parametrize("said", list(Said))
@in_a_loop
async def test_a_payload_that_does_not_read_is_rejected_with_the_reason_and_stops_nothing(said):
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.says(said, b"{}"), home.mask.session(1))
    (rejected,) = home.payloads("reject")
    assert (rejected["topic"], rejected["seq"]) == (f"het/v1/dev/{UID}/{said}", 1)
    assert rejected["reason"].endswith("is missing")
    assert home.acks == [1]


@pytest.mark.parametrize("seq", ["", "-1", "9" * 5000])
@in_a_loop
async def test_a_message_without_a_number_is_rejected_without_one(seq):
    async with Home().listening() as home:
        session = home.mask.session(1)
        nameless = session._replace(properties=(("schema", "session/1"), ("boot", "1"), ("seq", seq)))
        await home.hears(home.mask.info(), nameless, home.mask.session(2, oldest=2))
    assert "seq" not in home.payloads("reject")[0]
    assert home.acks == [2]


@in_a_loop
async def test_an_introduction_in_another_devices_name_is_rejected_and_the_right_one_waited_for():
    async with Home().listening() as home:
        await home.hears(home.mask.says(Said.INFO, {"uid": "f" * 16}), home.mask.session(1))
        assert (home.items, len(home.payloads("reject"))) == ([], 1)
        await home.hears(home.mask.info())
    assert home.records == [1]


@in_a_loop
async def test_numbers_that_are_skipped_are_lost_messages_until_they_come_late():
    async with Home(answers=nothing).listening() as home:
        await home.hears(home.mask.info(), home.mask.state(), home.mask.live(0, seq=9), home.mask.gone())
        assert home.link.messages_lost == 7
        await home.hears(home.mask.state(seq=5), home.mask.gone())
        assert home.link.messages_lost == 6


@in_a_loop
async def test_a_message_that_is_delivered_again_changes_nothing():
    async with Home().listening() as home:
        await home.hears(home.mask.info())
        busy, ready = home.mask.state(state="emitting"), home.mask.state()
        await home.hears(busy, ready, busy)
    assert [mark.state for mark in home.of(ReportedMark)] == ["emitting", "ready"]


@in_a_loop
async def test_what_is_retained_is_known_again_and_counts_for_nothing():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state(), home.mask.state(newest=1))
        await home.hears(home.mask.info(seq=0, retained=True), home.mask.state(newest=1, seq=2, retained=True))
        await home.hears(home.mask.gone())
    assert home.link.messages_lost == 0


@in_a_loop
async def test_what_is_retained_tells_a_restarted_gateway_who_is_there_although_it_heard_it_before():
    home = Home()
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state())
    home.restart()
    async with home.listening():
        await home.hears(home.mask.info(seq=0, retained=True), home.mask.state(seq=1, retained=True))
        assert home.reach.get(UID) is not None


@in_a_loop
async def test_a_new_boot_begins_to_count_anew():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.live(0, seq=9))
        home.mask.boot, home.mask.seq = 2, 0
        await home.hears(home.mask.info(), home.mask.state(), home.mask.live(0, counter=2, seq=3))
    assert home.link.messages_lost == 1


@in_a_loop
async def test_lost_messages_are_remembered_over_a_restart_of_the_gateway_and_counted_through_it():
    home = Home(answers=nothing)
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state(), home.mask.says(Said.EVENT, b"{}", seq=7))
    home.restart()
    async with home.listening():
        await home.hears(home.mask.info(seq=0, retained=True), home.mask.state(seq=20))
    assert home.link.messages_lost == 5 + 12


@in_a_loop
async def test_a_device_is_within_reach_from_its_birth_until_its_will():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state())
        assert home.reach.get(UID) is not None
        assert home.link.connected
        await home.hears(home.mask.gone())
        assert home.reach.get(UID) is None
        assert not home.link.connected


@in_a_loop
async def test_the_will_of_an_earlier_boot_says_nothing():
    async with Home().listening() as home:
        late = home.mask.gone()
        home.mask.boot = 2
        await home.hears(home.mask.info(), home.mask.state(), late)
        assert home.reach.get(UID) is not None


@in_a_loop
async def test_without_a_broker_nobody_is_within_reach():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state(), Cut())
        assert home.reach.get(UID) is None


@in_a_loop
async def test_a_device_is_told_to_stop_and_says_that_it_has():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state())
        await home.reach.get(UID).stop()
    (stop,) = [message for message in home.told if b"stop" in message.payload]
    assert stop.topic == f"het/v1/dev/{UID}/cmd/{stop.correlation.decode()}"
    assert (stop.answer_topic, stop.expiry_s) == (f"het/v1/dev/{UID}/answer", 5)


@pytest.mark.parametrize(("result", "error"), [("unsupported", LinkUnsupported), ("failed", LinkRefused)])
@in_a_loop
async def test_a_device_that_does_not_stop_says_why(result, error):
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state())
        home.answers = lambda _op: {"result": result}
        with pytest.raises(error, match=result):
            await home.reach.get(UID).stop()


@pytest.mark.parametrize("result", ["ok", "replay"])
@in_a_loop
async def test_a_prescription_that_the_device_has_already_is_no_news(result):
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.state())
        home.answers = lambda _op: {"result": result}
        await home.reach.get(UID).permit(b"signed")
    assert home.payloads("command")[-1] == {"op": "prescription", "prescription": "c2lnbmVk"}


@in_a_loop
async def test_an_anchor_lies_between_question_and_answer():
    moments = iter([NOON] + [NOON + 2 * SECOND] * 50)
    answer = {"timeline": 7, "tick_s": 1000, "at": NOON + 4 * SECOND}
    home = Home(clock=lambda: next(moments), answers=lambda _op: answer)
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state())
    (anchor,) = home.of(SeenAnchor)
    assert (anchor.timeline, anchor.tick_s, anchor.at) == (7, 1000.5, NOON + 2 * SECOND)
    assert anchor.uncertainty_s == 2.5


@in_a_loop
async def test_the_state_of_a_mask_that_answers_hours_later_is_told_again_as_of_then():
    later = NOON + 7200 * SECOND
    home = Home(clock=lambda: later, answers=lambda _op: {"timeline": 7, "tick_s": 1000, "at": later})
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state(newest=3))
    assert [(mark.newest, mark.at) for mark in home.of(ReportedMark)] == [(3, NOON), (3, later)]


@pytest.mark.parametrize(("answers", "told"), [(True, [(3, NOON + SECOND)]), (False, [])])
@in_a_loop
async def test_a_state_that_is_retained_is_told_once_the_mask_answers_and_as_of_then(answers, told):
    tick = {"timeline": 7, "tick_s": 1000, "at": NOON + SECOND}
    home = Home(clock=lambda: NOON + SECOND, answers=lambda _op: tick if answers else None)
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state(newest=3, retained=True))
    assert [(mark.newest, mark.at) for mark in home.of(ReportedMark)] == told


@in_a_loop
async def test_the_state_of_a_mask_that_does_not_answer_is_told_once():
    home = Home(clock=lambda: NOON + 7200 * SECOND, answers=nothing)
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state(newest=3))
    assert [(mark.newest, mark.at) for mark in home.of(ReportedMark)] == [(3, NOON)]


@in_a_loop
async def test_a_clock_that_is_set_back_gives_no_anchor():
    home = Home(answers=lambda _op: {"timeline": 1, "tick_s": 1000, "at": NOON - SECOND})
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state())
    assert home.of(SeenAnchor) == []


@in_a_loop
async def test_a_device_whose_memory_was_replaced_is_read_anew():
    home = Home()
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state(newest=5), home.mask.session(5, oldest=5))
        home.mask.boot, home.mask.seq = 2, 0
        home.answers = nothing
        await home.hears(
            home.mask.info(), home.mask.state(newest=1), home.mask.session(1), home.mask.live(0, counter=2)
        )
    assert (home.records, home.acks, home.samples) == ([5, 1], [5, 1], [(2, 0)])


@in_a_loop
async def test_a_memory_that_was_replaced_unseen_shows_when_the_device_answers():
    home = Home()
    async with home.listening():
        await home.hears(home.mask.info())
        await home.book.record(UID, StoredBytes(HETS, record(5), NOON))
        await home.hears(home.mask.state(newest=1))
        await home.hears(home.mask.session(1))
    assert (home.records, home.acks) == ([5, 1], [1])


@in_a_loop
async def test_states_that_waited_while_bluetooth_was_ahead_make_no_memory_look_replaced():
    async with Home(answers=nothing).listening() as home:
        await home.hears(home.mask.info())
        await home.book.record(UID, StoredBytes(HETS, record(5), NOON))
        await home.hears(home.mask.state(newest=3))
        await home.hears(home.mask.state(newest=5), home.mask.answer(command_id(home), timeline=1, tick_s=1))
        await home.hears(home.mask.session(5, oldest=5))
    assert (home.records, home.acks) == ([5], [5])


def command_id(home):
    (command,) = [message for message in home.told if message.kind == "command"]
    return command.correlation.decode()


@in_a_loop
async def test_the_same_device_over_bluetooth_at_once_doubles_nothing():
    async with Home().listening() as home:
        await home.hears(home.mask.info(), home.mask.live(0), home.mask.live(1))
        await home.book.meet(MASK)
        await home.book.readings(UID, [(reading(number), NOON) for number in (1, 2)])
        await home.book.record(UID, StoredBytes(HETS, record(1, elapsed_s=4), NOON))
        await home.hears(home.mask.live(2), home.mask.live(3), home.mask.session(1, elapsed_s=4))
        await home.book.readings(UID, [(reading(3), NOON)])
    assert (home.samples, home.lost_samples) == ([(1, 0), (1, 1), (1, 2)], [(1, 3, 3)])
    assert (home.records, home.acks) == ([1], [1])


@in_a_loop
async def test_when_too_much_waits_live_samples_go_first_and_are_counted_as_lost():
    async with Home().listening() as home:
        await home.hears(home.mask.live(0, 65), *(home.mask.session(n) for n in range(1, 65)))
        await home.hears(
            home.mask.state(newest=64), *(home.mask.live(n, 65) for n in range(1, MESSAGES)), home.mask.info()
        )
    assert home.samples[0] == (65, 66)
    assert (home.records, len(home.samples)) == (list(range(1, 65)), MESSAGES - 66)
    assert home.link.messages_lost == 65


@in_a_loop
async def test_a_device_that_does_not_answer_in_time_is_out_of_reach():
    with pytest.raises(LinkLost, match="no answer"):
        await DeviceCommands(UID, lambda _message: None, answer_s=0.01).stop()
