"""The Wi-Fi devices of a home: whoever publishes at its broker gets a conversation, for as long as the gateway runs."""

import asyncio
import logging
from typing import Final

from gateway.mqtt.client import Ears, HomeClient
from gateway.mqtt.conversation import Conversation
from gateway.mqtt.post import Arrived, Cut
from gateway.reach import Reach
from gateway.sessions.book import HEARTBEAT_S, SessionBook
from vocabulary.clock import Clock
from vocabulary.identity import DeviceUid, GatewayId
from vocabulary.settings import BrokerSettings

DEVICES: Final = 64
"""Devices that are followed; others are not listened to."""

_log = logging.getLogger(__name__)


class MqttDevices:
    """All devices of a home over MQTT. Made and run on one event loop. Raises SettingsError when it is made."""

    def __init__(
        self, gateway: GatewayId, broker: BrokerSettings, book: SessionBook, clock: Clock, *, reach: Reach
    ) -> None:
        self._book, self._clock, self._reach = book, clock, reach
        self._client = HomeClient(gateway, broker, clock, Ears(self._take, self._cut))
        self._conversations: dict[DeviceUid, Conversation] = {}
        self._running: list[asyncio.Task[None]] = []
        self._is_full = False

    async def run(self) -> None:
        """Listen until cancelled; what has arrived is handled when this returns."""
        self._client.start()
        try:
            while True:
                await asyncio.sleep(HEARTBEAT_S)
                self._client.keep()
                statuses = [conversation.status for conversation in self._conversations.values()]
                await self._book.links([status for status in statuses if status is not None])
        finally:
            self._client.stop()
            await asyncio.shield(asyncio.ensure_future(self._finish()))

    async def _finish(self) -> None:
        await asyncio.sleep(0)  # what paho handed over is in the mailboxes after this
        for conversation in self._conversations.values():
            conversation.close()
        await asyncio.gather(*self._running)

    def _take(self, device: DeviceUid, arrived: Arrived) -> None:
        if conversation := self._conversations.get(device) or self._begin(device):
            conversation.take(arrived)

    def _begin(self, device: DeviceUid) -> Conversation | None:
        if len(self._conversations) == DEVICES:
            if not self._is_full:
                _log.error("%s: not followed, for %d devices are, and no more can be", device, DEVICES)
            self._is_full = True
            return None
        conversation = Conversation(device, self._book, self._clock, reach=self._reach, publish=self._client.publish)
        self._conversations[device] = conversation
        self._running.append(asyncio.create_task(conversation.run(), name=f"follow {device}"))
        return conversation

    def _cut(self) -> None:
        for conversation in self._conversations.values():
            conversation.take(Cut())
