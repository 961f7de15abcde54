"""What a Wi-Fi device can be told: commands, each with an id, and their answers."""

import asyncio
from collections.abc import Callable
from secrets import token_hex
from typing import Final, NamedTuple

from device_drivers.hets import messages
from device_drivers.hets.topics import Said, command_topic, said_topic
from gateway.errors import LinkLost, LinkRefused, LinkUnsupported
from gateway.mqtt.post import Arrived, Outgoing
from vocabulary.identity import DeviceUid

ANSWER_S: Final = 5
"""How long a device may take to answer; a command that reaches it later is void."""

REPLAY: Final = "replay"
"""The device has this prescription already, or a newer one."""

Publish = Callable[[Outgoing], None]
"""Hands a message over to the broker; it is lost when there is no connection."""


class Answered(NamedTuple):
    """An answer, and the message that it came in."""

    answer: messages.Answer
    arrived: Arrived


class DeviceCommands:
    """Commands for one device; `take` is to be given its answers."""

    def __init__(self, device: DeviceUid, publish: Publish, *, answer_s: float = ANSWER_S) -> None:
        self._device, self._publish, self._answer_s = device, publish, answer_s
        self._asked: dict[str, asyncio.Future[Answered]] = {}

    def take(self, answered: Answered) -> None:
        """An answer came; one that nobody waits for is dropped."""
        asked = self._asked.pop(answered.answer.id, None)
        if asked is not None and not asked.done():
            asked.set_result(answered)

    async def ask(self, step: str, command: bytes) -> Answered:
        """What the device answers to a command. Raises LinkLost when it does not."""
        name = token_hex(8)
        asked: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._asked[name] = asked
        try:
            self._publish(self._outgoing(name, command))
            async with asyncio.timeout(self._answer_s):
                return await asked
        except TimeoutError:
            raise LinkLost(self._device, step, f"no answer in {self._answer_s:g} s") from None
        finally:
            self._asked.pop(name, None)

    async def stop(self) -> None:
        """Have it stop; returns when it says that it has. Raises LinkLost, LinkRefused, LinkUnsupported."""
        await self._order("stopping", messages.command("stop"), done={messages.OK})

    async def permit(self, permit: bytes) -> None:
        """Hand it a prescription signed for it; one that it has already, or a newer one, is no news.

        Raises LinkLost, LinkRefused, LinkUnsupported.
        """
        await self._order("permitting", messages.prescribe(permit), done={messages.OK, REPLAY})

    async def _order(self, step: str, command: bytes, done: set[str]) -> None:
        result = (await self.ask(step, command)).answer.result
        if result not in done:
            unsupported = result == messages.UNSUPPORTED
            raise (LinkUnsupported if unsupported else LinkRefused)(self._device, step, result)

    def _outgoing(self, name: str, command: bytes) -> Outgoing:
        return Outgoing(
            topic=command_topic(self._device, name),
            kind="command",
            payload=command,
            expiry_s=ANSWER_S,
            answer_topic=said_topic(self._device, Said.ANSWER),
            correlation=name.encode(),
        )
