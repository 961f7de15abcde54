"""The dispatcher's connection to the uplink broker: orders out, births of gateways in."""

from collections.abc import Callable
from queue import Queue

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from monitor_api.broker import Subscription
from monitor_api.orders.births import StateMessage
from monitor_api.orders.sending import Sealed
from vocabulary.settings import BrokerSettings
from vocabulary.wire.topics import ALL_STATES


class BrokerLine:
    """Publishes orders, and hears the births of gateways. What arrives goes to the queue and nowhere else.

    Each connection starts clean: what matters is in the store, and is sent again from there.
    """

    def __init__(self, broker: BrokerSettings, name: str, states: "Queue[StateMessage]") -> None:
        self._states = states
        self._client = Client(CallbackAPIVersion.VERSION2, f"dispatch-{name}", protocol=MQTTProtocolVersion.MQTTv5)
        self._subscription = Subscription(broker, self._client, ALL_STATES, self._arrived)

    def start(self, ready: Callable[[], None]) -> None:
        """Connect in the background, and again whenever the connection is lost; `ready` is called when subscribed."""
        self._subscription.start(ready, clean=True)

    def stop(self) -> None:
        """Leave the broker."""
        self._subscription.stop()

    @property
    def listens(self) -> bool:
        """Whether anything that is published can still arrive."""
        return self._subscription.listens

    @property
    def connected(self) -> bool:
        """Whether what is published leaves now."""
        return self._client.is_connected()

    def publish(self, order: Sealed) -> None:
        """Send an order; the broker forgets it when it is over."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, order.kept_s)
        self._client.publish(order.topic, order.payload, qos=1, properties=properties)

    def _arrived(self, topic: str, message: MQTTMessage) -> None:
        self._states.put(StateMessage(topic=topic, payload=bytes(message.payload), retained=message.retain))
