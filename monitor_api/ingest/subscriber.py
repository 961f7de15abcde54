"""The worker's connection to the uplink broker: paho-mqtt, MQTT 5, acknowledged by hand."""

import logging
from collections.abc import Callable, Sequence
from queue import Queue
from typing import Final

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from monitor_api.ingest.opening import Arrival
from monitor_api.ingest.receipts import Message
from monitor_api.trust import trusting
from vocabulary.settings import BrokerSettings
from vocabulary.wire.topics import ALL_BATCHES

KEEP_ALIVE_S: Final = 20
SESSION_EXPIRY_S: Final = 3600
"""How long the broker keeps what an ingest worker that died had not acknowledged."""

IN_FLIGHT: Final = 1000
"""Messages the broker may send before the first of them is acknowledged."""

_log = logging.getLogger(__name__)


class Subscriber:
    """One member of the shared subscription. What arrives goes to the queue and nowhere else.

    paho's thread dies of an exception in a callback, so the callback only puts into the queue.
    """

    def __init__(self, broker: BrokerSettings, worker: str, arrivals: "Queue[Arrival]") -> None:
        self._broker, self._arrivals = broker, arrivals
        self._client = Client(
            CallbackAPIVersion.VERSION2, f"ingest-{worker}", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        self._client.username_pw_set(broker.username, broker.password.get_secret_value())
        if broker.tls:
            context = trusting(broker.authorities)
            self._client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType] - paho leaves it untyped
        self._client.max_queued_messages_set(0)
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
                _log.error("the broker refuses the subscription to %s: %s", ALL_BATCHES, refused[0])
            else:
                ready()

        self._client.on_subscribe = subscribed
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = IN_FLIGHT
        # rumqttd panics when the only member of a shared subscription returns to its session. Starting clean there
        # costs a resend of what was not receipted, and nothing else.
        clean = self._broker.embedded
        self._client.connect_async(
            self._broker.host, self._broker.port, KEEP_ALIVE_S, clean_start=clean, properties=properties
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Leave the broker; it keeps what was not acknowledged."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def listens(self) -> bool:
        """Whether paho's thread lives; one that ended takes nothing in, and says nothing."""
        thread = self._client._thread  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - paho has no other way to ask
        return thread is not None and thread.is_alive()

    def publish(self, message: Message) -> None:
        """Send a receipt; sent again by the broker's rules until it has it."""
        self._client.publish(message.topic, message.payload, qos=1)

    def acknowledge(self, message_ids: Sequence[int]) -> None:
        """Let the broker forget messages."""
        for message_id in message_ids:
            self._client.ack(message_id, 1)

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            _log.error("the broker at %s:%d refuses us: %s", self._broker.host, self._broker.port, reason)
            return
        client.subscribe(ALL_BATCHES, qos=1)
        _log.info("listening at %s:%d", self._broker.host, self._broker.port)

    def _arrived(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._arrivals.put(
            Arrival(topic=topic, payload=bytes(message.payload), message_id=message.mid, qos=message.qos)
        )
