"""The client at the home's broker: paho-mqtt, MQTT 5. Its callbacks only hand over to the loop.

The embedded broker (rumqttd) sends what is retained to new sessions only, so the gateway begins one there each time.
paho ends a connection over a packet that it cannot read, and a session brings that packet again: after a few short
connections the gateway begins a new session at any broker.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_drivers.errors import FrameRefused
from device_drivers.hets.messages import MESSAGE_BYTES
from device_drivers.hets.topics import Said, read_topic, said_by_all
from gateway.broker import remembered, trusting
from gateway.mqtt.post import Arrived, Outgoing
from vocabulary.clock import Clock
from vocabulary.identity import DeviceUid, GatewayId
from vocabulary.settings import BrokerSettings

KEEP_ALIVE_S: Final = 20

SHORT_S: Final = 10.0
"""A connection that did not last longer was good for nothing,"""

SHORT_IN_A_ROW: Final = 3
"""and after so many of them a new session is begun."""

_QOS: Final = {said: 0 if said is Said.LIVE else 1 for said in Said}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told, on the loop, what came from a device, and that the connection to the broker is gone."""

    arrived: Callable[[DeviceUid, Arrived], None]
    cut: Callable[[], None]


class HomeClient:
    """The gateway at the broker of its home. Made and used on one event loop."""

    def __init__(self, gateway: GatewayId, broker: BrokerSettings, clock: Clock, ears: Ears) -> None:
        self._broker, self._clock, self._ears = broker, clock, ears
        self._loop = asyncio.get_running_loop()
        self._client = self._make_client(gateway)
        self._connected_at: float | None = None
        self._short, self._stopping = 0, False

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._aim(clean=self._broker.embedded)
        self.keep()

    def keep(self) -> None:
        """See to it that paho's thread runs; it is to be called now and then."""
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; what arrived before has been handed over when the loop has turned."""
        self._stopping = True
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, message: Outgoing) -> None:
        """Send a message; without a connection it is dropped, for what it answers comes again."""
        if self._client.is_connected():
            self._client.publish(message.topic, message.payload, qos=1, properties=_publish(message))

    def _make_client(self, gateway: GatewayId) -> Client:
        # one broker may carry uplink and home: it tells the two connections of a gateway apart by this name
        client = Client(CallbackAPIVersion.VERSION2, f"{gateway}-home", protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(self._broker.username, self._broker.password.get_secret_value())
        if self._broker.tls:
            context = trusting(self._broker.authorities, "home.authorities")
            client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType] - paho leaves it untyped
        client.reconnect_delay_set(min_delay=1, max_delay=60)
        client.suppress_exceptions = True  # what a callback raises would end paho's thread without a word
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        return client

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            _log.error("the home's broker at %s:%d refuses us: %s", self._broker.host, self._broker.port, reason)
            return
        self._connected_at = monotonic()
        client.subscribe([(said_by_all(said), qos) for said, qos in _QOS.items()])

    def _disconnected(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: object, _properties: object
    ) -> None:
        self._hand_over(self._ears.cut)
        connected_at, self._connected_at = self._connected_at, None
        if connected_at is not None and not self._stopping:
            self._lose(monotonic() - connected_at, reason)

    def _lose(self, lasted_s: float, reason: object) -> None:
        """A connection is lost: say so of the first of some short ones, and give up a session that ends them."""
        self._short = self._short + 1 if lasted_s < SHORT_S else 1
        where = f"the home's broker at {self._broker.host}:{self._broker.port}"
        if self._short == 1:
            _log.warning("%s is gone: %s", where, reason)
            self._aim(clean=self._broker.embedded)
        elif self._short == SHORT_IN_A_ROW:
            _log.error("%s is gone %d times in a row (%s); a new session is begun", where, self._short, reason)
            self._aim(clean=True)

    def _aim(self, *, clean: bool) -> None:
        """Say where the next connection goes, and whether it begins a new session."""
        host, port = self._broker.host, self._broker.port
        self._client.connect_async(host, port, KEEP_ALIVE_S, clean_start=clean, properties=remembered())

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        at = self._clock()
        try:
            device, said = read_topic(message.topic)
        except (FrameRefused, UnicodeDecodeError) as refusal:
            _log.info("%s", refusal)
            return
        properties = tuple(getattr(message.properties, "UserProperty", ()))
        payload = bytes(message.payload[: MESSAGE_BYTES + 1])  # enough to see that it is too long
        arrived = Arrived(said, payload, properties, message.retain, at)
        self._hand_over(self._ears.arrived, device, arrived)

    def _hand_over(self, act: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: the gateway is stopping
            self._loop.call_soon_threadsafe(act, *arguments)


def _publish(message: Outgoing) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.PayloadFormatIndicator = 1
    properties.ContentType = f"application/vnd.het.{message.kind}+json"
    if message.expiry_s is not None:
        properties.MessageExpiryInterval = message.expiry_s
    if message.answer_topic is not None:
        properties.ResponseTopic, properties.CorrelationData = message.answer_topic, message.correlation
    return properties
