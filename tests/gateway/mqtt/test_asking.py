"""A device on Wi-Fi is asked and told things, and its answer counts."""

import asyncio

import pytest

from gateway.errors import LinkLost, LinkRefused, LinkUnsupported
from gateway.mqtt.commands import DeviceCommands
from gateway.sessions.book import AHEAD
from tests.firmware_bridge.radio.loops import in_a_loop
from tests.gateway.devices import NOON, UID
from tests.gateway.mqtt.masks import SECOND, Home, nothing
from vocabulary.wire.batches import ReportedMark, SeenAnchor


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
async def test_a_clock_that_is_set_back_gives_no_anchor():
    home = Home(answers=lambda _op: {"timeline": 1, "tick_s": 1000, "at": NOON - SECOND})
    async with home.listening():
        await home.hears(home.mask.info(), home.mask.state())
    assert home.of(SeenAnchor) == []


@in_a_loop
async def test_a_device_that_does_not_answer_in_time_is_out_of_reach():
    with pytest.raises(LinkLost, match="no answer"):
        await DeviceCommands(UID, lambda _message: None, answer_s=0.01).stop()


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
