"""One connection of a device to the broker: paho-mqtt, MQTT 5; its callbacks only hand over to the loop.

A device that has lost its connection makes a new one of these, so that nothing of before is sent ahead of its birth.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from socket import SHUT_RDWR, socket
from typing import Final

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from firmware_bridge.virtual.definitions import Wifi
from firmware_bridge.virtual.wifi.messages import DELIVERIES, Message
from vocabulary.identity import DeviceUid

KEEP_ALIVE_S: Final = 20
SESSION_EXPIRY_S: Final = 7 * 86400
_ANY_NUMBER: Final = 0xFFFF
"""Of messages that a broker takes at once when it does not say."""


@dataclass(frozen=True, slots=True)
class Number:
    """The place of a message among all of a boot."""

    boot: int
    seq: int


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker let the device in, and takes so many messages of QoS 1 before it acknowledges any."""

    receive_maximum: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The broker acknowledged a message; `refusal` says why it did not take it."""

    message_id: int
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """A message for the device; `topic` less the device's prefix."""

    topic: str
    payload: bytes
    correlation: bytes | None


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no connection, or none any more; the last of the news."""

    reason: str


News = Connected | Settled | Received | Lost


class Link:
    """A connection that is tried once, from `open` to the `Lost` in `news`. Made and used on one event loop.

    `dropped`: whether the device has left it, whatever may still be in `news`.
    """

    def __init__(self, uid: DeviceUid, wifi: Wifi, will: Message, will_delay: timedelta) -> None:
        self.news = asyncio.Queue[News]()
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._prefix, self._wifi = f"het/v1/dev/{uid}/", wifi
        self._socket: socket | None = None
        self.dropped = False
        self._client = self._make_client(uid)
        self._client.will_set(
            self._prefix + will.kind, will.encode(), 1, retain=True, properties=_will_properties(will, will_delay)
        )

    def open(self) -> None:
        """Try to connect."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        self._client.connect_async(
            self._wifi.host, self._wifi.port, KEEP_ALIVE_S, clean_start=False, properties=properties
        )
        self._client.loop_start()

    def subscribe(self, *topics: str) -> None:
        """Ask for topics of the device, with QoS 1."""
        self._client.subscribe([(self._prefix + topic, 1) for topic in topics])

    def publish(self, message: Message, number: Number | None) -> int:
        """Publish a message, or the will, which has no number; the id under which it is settled."""
        delivery = DELIVERIES[message.kind]
        properties = _properties(message, PacketTypes.PUBLISH)
        if message.correlation is not None:
            properties.CorrelationData = message.correlation
        if number is not None:
            told = {"schema": message.schema, "boot": str(number.boot), "seq": str(number.seq)}
            properties.UserProperty = list(told.items())
        topic = self._prefix + message.kind
        return self._client.publish(topic, message.encode(), delivery.qos, delivery.retained, properties).mid

    def drop(self) -> None:
        """Lose the connection: the broker hears no goodbye."""
        self.dropped = True
        self._shut()

    async def part(self, will: Message, patience: timedelta) -> None:
        """Go in order: the device publishes its will itself, and takes its leave."""
        self.publish(will, None)
        self._client.disconnect()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                await self._ended.wait()

    async def close(self) -> None:
        """Wait for paho's thread to end, whatever state the connection is in."""
        self.drop()
        await asyncio.to_thread(self._client.loop_stop)

    def _make_client(self, uid: DeviceUid) -> Client:
        version, protocol = CallbackAPIVersion.VERSION2, MQTTProtocolVersion.MQTTv5
        client = Client(version, uid, protocol=protocol, reconnect_on_failure=False)
        client.max_inflight_messages = _ANY_NUMBER  # the station keeps to what the broker takes
        client.username_pw_set(uid, self._wifi.password)
        client.on_socket_open = self._opened
        client.on_connect = self._connected
        client.on_connect_fail = lambda _client, _data: self._tell(Lost("nobody answers"))
        client.on_disconnect = lambda _client, _data, _flags, reason, _properties: self._tell(Lost(str(reason)))
        client.on_publish = self._settled
        client.on_message = self._received
        return client

    def _opened(self, _client: Client, _data: object, opened: object) -> None:
        self._socket = opened if isinstance(opened, socket) else None
        if self.dropped:
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # closed already
                self._socket.shutdown(SHUT_RDWR)

    def _connected(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._tell(Lost(f"refused: {reason}"))
        else:
            self._tell(Connected(getattr(properties, "ReceiveMaximum", _ANY_NUMBER)))

    def _settled(
        self, _client: Client, _data: object, message_id: int, reason: ReasonCode, _properties: object
    ) -> None:
        self._tell(Settled(message_id, str(reason) if reason.is_failure else None))

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if not message.retain:  # nothing for a device is retained: it would be carried out at each connection
            correlation = getattr(message.properties, "CorrelationData", None)
            self._tell(Received(message.topic.removeprefix(self._prefix), bytes(message.payload), correlation))

    def _tell(self, news: News) -> None:
        self._hand_over(self.news.put_nowait, news)
        if isinstance(news, Lost):
            self._hand_over(self._ended.set)

    def _hand_over(self, act: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: the home is stopping
            self._loop.call_soon_threadsafe(act, *arguments)


def _properties(message: Message, packet: int) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    properties.PayloadFormatIndicator = 1
    properties.ContentType = message.content_type
    expires = DELIVERIES[message.kind].expires
    if expires is not None:
        properties.MessageExpiryInterval = int(expires.total_seconds())
    return properties


def _will_properties(will: Message, delay: timedelta) -> Properties:
    properties = _properties(will, PacketTypes.WILLMESSAGE)
    properties.WillDelayInterval = int(delay.total_seconds())
    return properties
