"""What a link makes of a panel's replies costs no time, and tells no lie."""

import pytest

from gateway.ble.questions import ASK_STATUS, Questions
from gateway.errors import LinkLost
from tests.device_drivers.panel_frames import reply, status_reply
from tests.gateway.panels import SECOND, UID, Gateway, PanelLink, World, in_time


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
