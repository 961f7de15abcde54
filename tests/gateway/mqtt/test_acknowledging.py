"""A mask on Wi-Fi is told up to which record all are on disk, and nothing before."""

import pytest

from tests.firmware_bridge.radio.loops import in_a_loop
from tests.gateway.devices import UID
from tests.gateway.mqtt.masks import Home
from vocabulary.wire.batches import SampleBlock, StoredRecord

UNREADABLE = bytes(56)


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
