"""The worker's connection to the uplink broker: one member of the shared subscription, acknowledged by hand."""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final

from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from monitor_api.broker import Subscription
from monitor_api.ingest.opening import Arrival
from monitor_api.ingest.receipts import Message
from monitor_api.ingest.wire_client import WireClient
from vocabulary.settings import BrokerSettings
from vocabulary.wire.topics import ALL_BATCHES

SESSION_EXPIRY_S: Final = 3600
"""How long the broker keeps what an ingest worker that died had not acknowledged."""

IN_FLIGHT: Final = 8000
"""Messages the broker may send before the first of them is acknowledged."""


class Subscriber:
    """One member of the shared subscription. What arrives goes to the queue and nowhere else."""

    def __init__(self, broker: BrokerSettings, worker: str, arrivals: "SimpleQueue[Arrival]") -> None:
        self._broker, self._arrivals = broker, arrivals
        self._client = WireClient(f"ingest-{worker}", self._take)
        self._subscription = Subscription(broker, self._client, ALL_BATCHES, self._arrived, greeted=self._greeted)

    def start(self, ready: Callable[[], None]) -> None:
        """Connect in the background, and again whenever the connection is lost; `ready` is called when subscribed."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = IN_FLIGHT
        # rumqttd panics when the only member of a shared subscription returns to its session. Starting clean there
        # costs a resend of what was not receipted, and nothing else.
        self._subscription.start(ready, clean=self._broker.embedded, properties=properties)

    def stop(self) -> None:
        """Leave the broker; it keeps what was not acknowledged."""
        self._subscription.stop()

    @property
    def listens(self) -> bool:
        """Whether anything that is published can still arrive."""
        return self._subscription.listens

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._client.is_connected()

    def publish(self, message: Message) -> None:
        """Send a receipt, with what is acknowledged next. One that gets lost is made again: its batches come again."""
        self._client.put(message.topic, message.payload)

    def acknowledge(self, message_ids: Sequence[int]) -> None:
        """Let the broker forget messages, whose receipts were published before."""
        self._client.acknowledge(message_ids)

    def _greeted(self, greeting: Properties | None) -> None:
        self._client.connected_anew(getattr(greeting, "ReceiveMaximum", None))

    def _take(self, topic: bytes, payload: bytes, message_id: int) -> None:
        try:
            name = topic.decode()
        except UnicodeDecodeError:
            name = ""
        self._arrivals.put(Arrival(topic=name, payload=payload, message_id=message_id))

    def _arrived(self, topic: str, message: MQTTMessage) -> None:
        self._arrivals.put(
            Arrival(topic=topic, payload=bytes(message.payload), message_id=message.mid, qos=message.qos)
        )
