"""A device on Wi-Fi: when it speaks to the broker in its home, and in which order (device profile, MQTT 5).

Rules kept here:
- a connection begins with the birth, `info` and then `state`; what waited comes after it;
- a live sample takes its number when it is produced, and without a connection it is gone; any other message takes its
  number when it is published, and what was produced without a connection is said later or overtaken by the birth;
- no more messages of QoS 1 are under way than the broker takes, so that numbers leave in their order;
- records are said, lowest first, until somebody acknowledges them.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from firmware_bridge.virtual.definitions import Wifi
from firmware_bridge.virtual.errors import MalformedJsonError
from firmware_bridge.virtual.hets.clock import Tick
from firmware_bridge.virtual.hets.device import VirtualDevice
from firmware_bridge.virtual.hets.happenings import Happening, PowerChanged, Pressed, Recorded, Sampled, StateChanged
from firmware_bridge.virtual.journal import LinkEvent
from firmware_bridge.virtual.wifi import messages
from firmware_bridge.virtual.wifi.link import Connected, Link, Lost, News, Number, Received, Settled
from firmware_bridge.virtual.wifi.messages import Kind, Message
from firmware_bridge.virtual.wifi.requests import Commands, acknowledge

UNDER_WAY: Final = 16
"""Messages of QoS 1 that the device has in memory until the broker acknowledges them."""

WAITING: Final = 64
"""Messages that wait for a connection; the oldest make room."""

_GOODBYE: Final = timedelta(seconds=1)
_SAID_LATER: Final = (Kind.EVENT, Kind.ANSWER)
"""What a lost connection only delays; the birth tells of the rest, and records are said again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the device is, in real time, as networks live in it."""

    resend: timedelta = timedelta(seconds=30)
    reconnect: timedelta = timedelta(seconds=1)
    will_delay: timedelta = timedelta(seconds=60)


class Station:
    """A device as a client of the broker, made on an event loop.

    `catch_up` lets the device live up to now and tells the station what happened; it is called before and after each
    request. `noted` hears of connections.
    """

    def __init__(
        self,
        device: VirtualDevice,
        wifi: Wifi,
        *,
        catch_up: Callable[[], None],
        noted: Callable[[LinkEvent], None],
        pace: Pace = Pace(),
    ) -> None:
        self._device, self._wifi, self._pace = device, wifi, pace
        self._catch_up, self._noted = catch_up, noted
        self._present = asyncio.Event()
        self._trying: Link | None = None
        self._link: Link | None = None
        """The connection once the broker has let the device in."""
        self._window = UNDER_WAY
        self._under_way: dict[int, Message] = {}
        self._waiting: deque[Message] = deque(maxlen=WAITING)
        self._round: deque[int] = deque()
        """Counters of records still to be said in this round."""
        self._round_at: float | None = None
        """When the next one begins, by the loop's clock."""
        self._spoken_to = False
        self._seq = 0
        self._timeline = device.memory.timeline
        self._commands = Commands(device)

    async def start(self, *, audible: bool) -> None:
        """Begin to look for the broker, in reach of it or not yet."""
        self._running = asyncio.get_running_loop().create_task(self._run())
        if audible:
            self.appear()

    async def stop(self) -> None:
        """Say goodbye and end."""
        if self._link is not None:
            await self._link.part(messages.will(self._boot), _GOODBYE)
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    def is_followed(self) -> bool:
        """Whether a gateway has spoken to the device over this connection: nobody tells it who listens."""
        return self._spoken_to

    def open_pairing(self) -> None:
        """A device on Wi-Fi has its account at the broker, and pairs with nobody."""

    def appear(self) -> None:
        """Be in reach of the access point."""
        self._present.set()

    def vanish(self) -> None:
        """Lose the Wi-Fi; the broker hears no goodbye."""
        self._present.clear()
        self._lose()
        if self._trying is not None:
            self._trying.drop()

    def die(self) -> None:
        """Lose the Wi-Fi, and everything that only waits in memory."""
        self.vanish()
        self._waiting.clear()
        self._round.clear()

    def tell(self, happening: Happening) -> None:
        """Say what happened in the device."""
        match happening:
            case PowerChanged(_, True, timeline):
                self._start_boot(timeline)
            case StateChanged(_, report):
                self._timeline = report.timeline
                self._say(messages.state(report, self._boot))
            case Sampled():
                self._show(messages.live(happening, self._timeline, self._device.product.modality))
            case Pressed(_, tick):
                self._say(messages.event("press", tick))
            case Recorded():
                self._begin_round()
            case _:
                pass

    def _show(self, message: Message) -> None:
        number = self._next_number()
        if self._link is not None:
            self._link.publish(message, number)

    @property
    def _boot(self) -> int:
        return self._device.memory.boot

    def _start_boot(self, timeline: int) -> None:
        self._seq, self._timeline, self._commands = 0, timeline, Commands(self._device)
        self._say(messages.event("power on", Tick(timeline, 0)))

    async def _run(self) -> None:
        while True:
            await self._present.wait()
            link = self._trying = Link(self._device.uid, self._wifi, messages.will(self._boot), self._pace.will_delay)
            link.open()
            try:
                await self._converse(link)
            finally:
                self._trying = None
                await link.close()
            await asyncio.sleep(self._pace.reconnect.total_seconds())

    async def _converse(self, link: Link) -> None:
        news: News | None = None
        while not isinstance(news, Lost):
            news = await self._next_news(link)
            if isinstance(news, Connected):
                self._enter(link, news)
            elif isinstance(news, Lost):
                self._leave(link, news)
            elif link is self._link:
                self._take(news)

    async def _next_news(self, link: Link) -> News | None:
        """None when it is time to say the records again."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._round_at):
                return await link.news.get()
        return None

    def _enter(self, link: Link, connected: Connected) -> None:
        self._catch_up()
        if link.dropped:
            return
        self._link, self._window = link, min(connected.receive_maximum, UNDER_WAY)
        birth = (messages.info(self._device), messages.state(self._device.report(), self._boot))
        self._waiting.extendleft(reversed(birth))
        self._noted(LinkEvent.CONNECTED)
        self._begin_round()
        link.subscribe("ack", "cmd/+", "reject")

    def _lose(self) -> None:
        if self._link is None:
            return
        left = (*self._under_way.values(), *self._waiting)
        self._link, self._round_at, self._spoken_to = None, None, False
        self._waiting = deque((message for message in left if message.kind in _SAID_LATER), WAITING)
        self._under_way.clear()
        self._round.clear()
        self._noted(LinkEvent.DISCONNECTED)

    def _leave(self, link: Link, lost: Lost) -> None:
        _log.info("%s: not at the broker: %s", self._device.uid, lost.reason)
        if link is self._link:
            self._lose()

    def _take(self, news: Settled | Received | None) -> None:
        match news:
            case None:
                self._begin_round()
            case Settled():
                self._settle(news)
            case Received():
                self._hear(news)

    def _hear(self, request: Received) -> None:
        self._spoken_to = True
        self._catch_up()
        if self._link is not None:  # else the device has gone meanwhile
            self._serve(request)
            self._catch_up()

    def _serve(self, request: Received) -> None:
        where, _, command = request.topic.partition("/")
        if where == "cmd":
            outcome = self._commands.outcome(command, request.payload)
            self._say(messages.answer(command, outcome, request.correlation))
        elif where == "ack":
            try:
                acknowledge(self._device, request.payload)
            except MalformedJsonError as error:
                _log.warning("%s: an acknowledgement that is none: %s", self._device.uid, error)
        else:
            _log.warning("%s: rejected: %s", self._device.uid, request.payload.decode(errors="replace"))

    def _settle(self, settled: Settled) -> None:
        message = self._under_way.pop(settled.message_id, None)
        if message is not None and settled.refusal is not None:
            _log.warning("%s: the broker refuses %s: %s", self._device.uid, message.kind, settled.refusal)
        self._pump()

    def _begin_round(self) -> None:
        if self._link is not None:
            self._round = deque(self._device.memory.records.unacknowledged)
            self._round_at = asyncio.get_running_loop().time() + self._pace.resend.total_seconds()
            self._pump()

    def _say(self, message: Message) -> None:
        if self._link is not None or message.kind in _SAID_LATER:
            self._waiting.append(message)
            self._pump()

    def _pump(self) -> None:
        while self._link is not None and len(self._under_way) < self._window:
            message = self._waiting.popleft() if self._waiting else self._next_record()
            if message is None:
                return
            self._under_way[self._link.publish(message, self._next_number())] = message

    def _next_record(self) -> Message | None:
        unacknowledged = self._device.memory.records.unacknowledged
        while self._round:
            counter = self._round.popleft()
            if counter in unacknowledged:
                (record,) = self._device.read_records((counter,))
                return messages.session(record, unacknowledged[0])
        return None

    def _next_number(self) -> Number:
        self._seq += 1
        return Number(self._boot, self._seq - 1)
