"""A role's connection to the uplink broker: paho-mqtt, MQTT 5, one subscription."""

import logging
from collections.abc import Callable, Sequence
from ssl import SSLContext, create_default_context
from typing import Final

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from vocabulary.errors import SettingsError
from vocabulary.settings import BrokerSettings

KEEP_ALIVE_S: Final = 20

_log = logging.getLogger(__name__)


def _nothing_more(_greeting: Properties | None) -> None:
    """What most do with a greeting."""


class Subscription:
    """Keeps a client connected and subscribed. What arrives goes to `take` with its topic, "" for one that is no text.

    paho's thread dies of an exception in a callback, so `take` may only hand over. `greeted` hears of each connection
    what the broker says of it.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        client: Client,
        topic: str,
        take: Callable[[str, MQTTMessage], None],
        *,
        greeted: Callable[[Properties | None], None] = _nothing_more,
    ) -> None:
        self._broker, self._client, self._topic, self._take, self._greeted = broker, client, topic, take, greeted
        client.username_pw_set(broker.username, broker.password.get_secret_value())
        if broker.tls:
            context = trusting(broker.authorities)
            client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType] - paho leaves it untyped
        client.reconnect_delay_set(min_delay=1, max_delay=15)
        client.on_connect = self._connected
        client.on_message = self._arrived

    def start(self, ready: Callable[[], None], *, clean: bool, properties: Properties | None = None) -> None:
        """Connect in the background, and again whenever the connection is lost; `ready` is called when subscribed."""

        def subscribed(
            _client: Client, _data: object, _id: int, reasons: Sequence[ReasonCode], _properties: object
        ) -> None:
            refused = [reason for reason in reasons if reason.is_failure]
            if refused:
                _log.error("the broker refuses the subscription to %s: %s", self._topic, refused[0])
            else:
                ready()

        self._client.on_subscribe = subscribed
        self._client.connect_async(
            self._broker.host, self._broker.port, KEEP_ALIVE_S, clean_start=clean, properties=properties
        )
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

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, greeting: Properties | None
    ) -> None:
        if reason.is_failure:
            _log.error("the broker at %s:%d refuses us: %s", self._broker.host, self._broker.port, reason)
            return
        self._greeted(greeting)
        client.subscribe(self._topic, qos=1)
        _log.info("listening at %s:%d", self._broker.host, self._broker.port)

    def _arrived(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._take(topic, message)


def trusting(authorities: str | None) -> SSLContext:
    """TLS that believes these certificates, or the system's. Raises SettingsError."""
    try:
        return create_default_context(cafile=authorities)
    except OSError as error:
        problem = {"broker.authorities": f"{authorities}: {error.strerror or error}"}
        raise SettingsError("settings", problem, "Name a file of certificates in PEM.") from error
