"""The conversation with a mask on Wi-Fi: what it says is stored once, and it is told what is safe."""

from device_drivers.families import HETS
from device_drivers.hets.topics import Said
from gateway.mqtt.post import MESSAGES, Cut
from gateway.sessions.book import StoredBytes
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.devices import MASK, NOON, UID, reading
from tests.gateway.mqtt.masks import Home, nothing, record
from vocabulary.wire.batches import ReportedMark, SeenDevice


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
