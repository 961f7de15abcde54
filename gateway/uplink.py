"""The uplink: sealed batches to the service, receipts back; paho-mqtt, MQTT 5.

Rules, kept here:
- A PUBACK proves nothing: a batch is sent again until a receipt names it, the same bytes each time.
- The birth is retained before anything else; the will takes its place when the gateway is gone for a while.
- A batch that paho still holds is not given to it again: paho sends it anew by itself at every connection.
- paho's callbacks only hand over to the loop.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from ssl import SSLContext, create_default_context
from time import monotonic
from typing import Final

import msgspec
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.errors import OutboxFailed
from gateway.outbox.store import Sealed
from gateway.outbox.writer import OutboxWriter
from vocabulary.errors import SettingsError, WireError
from vocabulary.identity import GatewayId
from vocabulary.settings import BrokerSettings
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.receipts import Receipt, open_receipt, read_epoch
from vocabulary.wire.topics import batch_topic, receipt_topic, state_topic

KEEP_ALIVE_S: Final = 20
SESSION_EXPIRY_S: Final = 7 * 86400
WILL_DELAY_S: Final = 60
"""How long the gateway may be gone before the service is told."""

WINDOW: Final = 50
"""Batches under way at once; the broker holds no more of ours than this, nor does paho."""

RESEND_S: Final = 10.0
"""A batch without a receipt is sent again after this long."""

RETRY_S: Final = 2.0
"""Between two looks into an outbox that cannot be read."""

_log = logging.getLogger(__name__)
Name = tuple[int, int]


class Uplink:
    """Sends what waits in the outbox until receipts let it go. Made and run on one event loop."""

    def __init__(
        self, gateway: GatewayId, key: GatewayKey, broker: BrokerSettings, *, resend_s: float = RESEND_S
    ) -> None:
        self._gateway, self._key, self._broker, self._resend_s = gateway, key, broker, resend_s
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._receipts: asyncio.Queue[bytes] = asyncio.Queue()
        self._sent: dict[Name, float] = {}
        self._with_paho: dict[int, Name] = {}
        self._birth = b""
        self._client = self._make_client()

    def wake(self) -> None:
        """There is something new to send. May be called from any thread."""
        with suppress(RuntimeError):  # the loop is closed: the gateway is stopping
            self._loop.call_soon_threadsafe(self._news.set)

    async def run(self, writer: OutboxWriter) -> None:
        """Connect, and send until cancelled; then say goodbye."""
        boot = await writer.ask(lambda outbox: outbox.boot)
        self._birth = _state(online=True, boot=boot)
        self._client.will_set(
            state_topic(self._gateway), _state(online=False, boot=boot), qos=1, retain=True, properties=_will()
        )
        self._client.connect_async(
            self._broker.host, self._broker.port, KEEP_ALIVE_S, clean_start=False, properties=_connect()
        )
        self._client.loop_start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(writer))
                tasks.create_task(self._take(writer))
        finally:
            self._say_goodbye(boot)

    async def _send(self, writer: OutboxWriter) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._news.wait()
            self._news.clear()
            try:
                if self._client.is_connected():
                    self._publish(await writer.ask(lambda outbox: outbox.waiting(WINDOW)))
            except OutboxFailed as failure:
                _log.error("%s", failure)
                await asyncio.sleep(RETRY_S)

    def _publish(self, waiting: Sequence[Sealed]) -> None:
        now = monotonic()
        known = {(batch.epoch, batch.number) for batch in waiting}
        self._sent = {name: at for name, at in self._sent.items() if name in known}
        with_paho = set(self._with_paho.values())
        for batch in waiting:
            name = (batch.epoch, batch.number)
            if name not in with_paho and now - self._sent.get(name, -self._resend_s) >= self._resend_s:
                sent = self._client.publish(batch_topic(self._gateway), batch.sealed, qos=1)
                self._with_paho[sent.mid] = name
                self._sent[name] = now

    async def _take(self, writer: OutboxWriter) -> None:
        while True:
            payload = await self._receipts.get()
            try:
                receipt = open_receipt(payload, self._key.receipt_key(read_epoch(payload)))
            except WireError as error:
                _log.warning("a receipt that is none: %s", error)
                continue
            await self._settle(writer, receipt)
            self._news.set()

    async def _settle(self, writer: OutboxWriter, receipt: Receipt) -> None:
        for number, _, reason in receipt.refused:
            _log.error("the service refuses batch %d: %s", number, reason)
        try:
            await writer.ask(lambda outbox: outbox.settle(receipt))
        except OutboxFailed as failure:
            _log.error("%s", failure)  # the batch is sent again, and receipted again

    def _make_client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, self._gateway, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(self._broker.username, self._broker.password.get_secret_value())
        if self._broker.tls:
            context = _trusting(self._broker.authorities)
            client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType] - paho leaves it untyped
        client.reconnect_delay_set(min_delay=1, max_delay=60)
        client.on_connect = self._connected
        client.on_publish = self._acknowledged
        client.on_message = self._received
        return client

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            _log.error("the broker at %s:%d refuses us: %s", self._broker.host, self._broker.port, reason)
            return
        client.publish(state_topic(self._gateway), self._birth, qos=0, retain=True)  # each connection brings its own
        client.subscribe(receipt_topic(self._gateway), qos=1)
        self._hand_over(self._sent.clear)
        self.wake()

    def _acknowledged(
        self, _client: Client, _data: object, message_id: int, _reason: object, _properties: object
    ) -> None:
        self._hand_over(self._with_paho.pop, message_id, None)

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._hand_over(self._receipts.put_nowait, bytes(message.payload))

    def _hand_over(self, act: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: the gateway is stopping
            self._loop.call_soon_threadsafe(act, *arguments)

    def _say_goodbye(self, boot: int) -> None:
        if self._client.is_connected():
            goodbye = self._client.publish(state_topic(self._gateway), _state(online=False, boot=boot), 1, retain=True)
            with suppress(RuntimeError, ValueError):
                goodbye.wait_for_publish(timeout=1)
        self._client.disconnect()
        self._client.loop_stop()


def _trusting(authorities: str | None) -> SSLContext:
    """Raises SettingsError for a file that holds no certificates."""
    try:
        return create_default_context(cafile=authorities)
    except OSError as error:
        problem = {"uplink.authorities": f"{authorities} holds no certificates that can be read ({error})"}
        raise SettingsError(
            "the gateway's settings", problem, "Name a file of PEM certificates, or none for the system's."
        ) from error


def _state(*, online: bool, boot: int) -> bytes:
    return msgspec.json.encode({"online": online, "boot": boot, "software": f"lumenward {version('lumenward')}"})


def _connect() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    return properties


def _will() -> Properties:
    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    properties.WillDelayInterval = WILL_DELAY_S
    return properties
