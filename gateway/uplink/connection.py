"""The connection to the uplink broker: paho-mqtt, MQTT 5, on a thread of its own.

Rules, kept here:
- The birth is retained before anything else; the will takes its place when the gateway is gone for a while.
- paho's callbacks only hand over to the loop: an exception in one would end its thread without a word.
- paho looks at its clocks once a second, so it is told a shorter keep-alive than the one that is kept.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from typing import Final, Protocol

import msgspec
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.broker import remembered, trusting
from gateway.uplink.flights import Pace
from vocabulary.clock import Clock
from vocabulary.identity import GatewayId
from vocabulary.settings import BrokerSettings
from vocabulary.wire.topics import batch_topic, order_topic, receipt_topic, state_topic

WILL_DELAY_S: Final = 60
"""How long the gateway may be gone before the service is told."""

_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Whoever is told what happens on a connection, on the event loop."""

    def connected(self) -> None:
        """The broker let us in."""
        ...

    def acknowledged(self, message: int) -> None:
        """The broker has a message."""
        ...

    def receipt(self, payload: bytes, at: datetime) -> None:
        """A receipt came, at this time by the gateway's clock."""
        ...

    def order(self, payload: bytes) -> None:
        """An order came."""
        ...


class Connection:
    """Connects, and again whenever the connection is lost, until closed. Made on the event loop that it tells."""

    def __init__(
        self, gateway: GatewayId, broker: BrokerSettings, pace: Pace, clock: Clock, *, listener: Listener
    ) -> None:
        self._gateway, self._broker, self._pace, self._clock, self._listener = gateway, broker, pace, clock, listener
        self._loop = asyncio.get_running_loop()
        self._failures = 0
        self._birth = self._goodbye = b""
        self._client = self._make_client()

    @property
    def is_open(self) -> bool:
        """Whether the broker let us in, and nothing says that it is gone."""
        return self._client.is_connected()

    def open(self, boot: int) -> None:
        """Connect in the background."""
        self._birth, self._goodbye = _state(online=True, boot=boot), _state(online=False, boot=boot)
        self._client.will_set(state_topic(self._gateway), self._goodbye, qos=1, retain=True, properties=_will())
        keep_alive = max(1, int(self._pace.keep_alive_s) - 1)
        self._client.connect_async(
            self._broker.host, self._broker.port, keep_alive, clean_start=False, properties=remembered()
        )
        self.keep()

    def keep(self) -> None:
        """See to it that paho's thread runs; it is to be called now and then."""
        self._client.loop_start()

    def publish(self, sealed: bytes) -> int:
        """Send a batch, and give paho's number for it."""
        return self._client.publish(batch_topic(self._gateway), sealed, qos=1).mid

    def close(self) -> None:
        """Say goodbye and go."""
        if self._client.is_connected():
            goodbye = self._client.publish(state_topic(self._gateway), self._goodbye, 1, retain=True)
            with suppress(RuntimeError, ValueError):
                goodbye.wait_for_publish(timeout=1)
        self._client.disconnect()
        self._client.loop_stop()

    def _make_client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, self._gateway, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(self._broker.username, self._broker.password.get_secret_value())
        if self._broker.tls:
            context = trusting(self._broker.authorities, "uplink.authorities")
            client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType] - paho leaves it untyped
        client.on_connect = self._connected
        client.on_connect_fail = self._not_connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._acknowledged
        client.on_message = self._received
        return client

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            _log.error("the broker at %s:%d refuses us: %s", self._broker.host, self._broker.port, reason)
            return
        self._failures = 0
        client.publish(state_topic(self._gateway), self._birth, qos=0, retain=True)  # each connection brings its own
        client.subscribe([(receipt_topic(self._gateway), 1), (order_topic(self._gateway), 1)])
        self._hand_over(self._listener.connected)

    def _not_connected(self, _client: Client, _data: object) -> None:
        self._pause()

    def _disconnected(
        self, _client: Client, _data: object, _flags: object, reason: object, _properties: object
    ) -> None:
        _log.info("the broker at %s:%d is gone: %s", self._broker.host, self._broker.port, reason)
        self._pause()

    def _pause(self) -> None:
        """Tell paho how long to wait before it connects again."""
        pause = self._pace.before_connecting(self._failures)
        self._failures += 1
        self._client.reconnect_delay_set(pause, pause)  # type: ignore[arg-type]  # it sleeps for fractions too

    def _acknowledged(
        self, _client: Client, _data: object, message_id: int, _reason: object, _properties: object
    ) -> None:
        self._hand_over(self._listener.acknowledged, message_id)

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        at = self._clock()
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        if topic == receipt_topic(self._gateway):
            self._hand_over(self._listener.receipt, bytes(message.payload), at)
        elif topic == order_topic(self._gateway):
            self._hand_over(self._listener.order, bytes(message.payload))

    def _hand_over(self, act: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: the gateway is stopping
            self._loop.call_soon_threadsafe(act, *arguments)


def _state(*, online: bool, boot: int) -> bytes:
    return msgspec.json.encode({"online": online, "boot": boot, "software": f"lumenward {version('lumenward')}"})


def _will() -> Properties:
    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    properties.WillDelayInterval = WILL_DELAY_S
    return properties
