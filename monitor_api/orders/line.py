"""The dispatcher's connection to the uplink broker: paho-mqtt, MQTT 5."""

import logging
from collections.abc import Callable, Sequence
from queue import Queue
from typing import Final

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from monitor_api.orders.births import StateMessage
from monitor_api.orders.sending import Sealed
from monitor_api.trust import trusting
from vocabulary.settings import BrokerSettings
from vocabulary.wire.topics import ALL_STATES

KEEP_ALIVE_S: Final = 20

_log = logging.getLogger(__name__)


class BrokerLine:
    """Publishes orders, and hears the births of gateways. What arrives goes to the queue and nowhere else.

    Each connection starts clean: what matters is in the store, and is sent again from there.
    """

    def __init__(self, broker: BrokerSettings, name: str, states: "Queue[StateMessage]") -> None:
        self._broker, self._states = broker, states
        self._client = Client(CallbackAPIVersion.VERSION2, f"dispatch-{name}", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(broker.username, broker.password.get_secret_value())
        if broker.tls:
            context = trusting(broker.authorities)
            self._client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType] - paho leaves it untyped
        self._client.reconnect_delay_set(min_delay=1, max_delay=15)
        self._client.on_connect = self._connected
        self._client.on_message = self._arrived

    def start(self, ready: Callable[[], None]) -> None:
        """Connect in the background, and again whenever the connection is lost; `ready` is called when subscribed."""

        def subscribed(
            _client: Client, _data: object, _id: int, reasons: Sequence[ReasonCode], _properties: object
        ) -> None:
            refused = [reason for reason in reasons if reason.is_failure]
            if refused:
                _log.error("the broker refuses the subscription to %s: %s", ALL_STATES, refused[0])
            else:
                ready()

        self._client.on_subscribe = subscribed
        self._client.connect_async(self._broker.host, self._broker.port, KEEP_ALIVE_S, clean_start=True)
        self._client.loop_start()

    def stop(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def listens(self) -> bool:
        """Whether paho's thread lives; one that ended takes nothing in, and says nothing."""
        thread = self._client._thread  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - paho has no other way to ask
        return thread is not None and thread.is_alive()

    @property
    def connected(self) -> bool:
        """Whether what is published leaves now."""
        return self._client.is_connected()

    def publish(self, order: Sealed) -> None:
        """Send an order; the broker forgets it when it is over."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, order.kept_s)
        self._client.publish(order.topic, order.payload, qos=1, properties=properties)

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            _log.error("the broker at %s:%d refuses us: %s", self._broker.host, self._broker.port, reason)
            return
        client.subscribe(ALL_STATES, qos=1)
        _log.info("dispatching at %s:%d", self._broker.host, self._broker.port)

    def _arrived(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._states.put(StateMessage(topic=topic, payload=bytes(message.payload), retained=message.retain))
