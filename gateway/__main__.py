"""The composition root of this side: a home, from its settings, in the order in which data flows."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from device_drivers.families import BLOCKBLUELIGHT, HETS
from gateway.ble.blockbluelight import PanelSpeech
from gateway.ble.calibration import load_calibrations
from gateway.ble.hets import HetsSpeech
from gateway.ble.radio import Limits, Radio
from gateway.ble.speech import Speech
from gateway.clock import HomeClock, civil_clock
from gateway.guard.guard import Guard
from gateway.mqtt.devices import MqttDevices
from gateway.orders.book import OrderBook
from gateway.orders.orders import Orders
from gateway.outbox.backlog import Bound
from gateway.outbox.holding import held
from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from gateway.settings import GatewaySettings, OutboxSettings
from gateway.uplink import Receivers, Uplink
from vocabulary.clock import Clock
from vocabulary.errors import SettingsError

MIB: Final = 1024 * 1024


async def run_home(settings: GatewaySettings, environ: Mapping[str, str], ready: Callable[[], None]) -> None:
    """Run a gateway until cancelled; what is pending is sealed on disk when this returns.

    `ready` is called when the outbox is open and the parts run. Raises SettingsError, GatewayError, and whatever
    fault ends a part.
    """
    clock = civil_clock(environ)
    _make(settings.data)
    with held(settings.outbox_file):
        outbox = Outbox(settings.outbox_file, settings.id, settings.gateway_key, clock, bound=_bound(settings.outbox))
        home = _home(settings, clock, outbox)
        home.writer.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in home.parts:
                    tasks.create_task(part)
                ready()
        finally:
            await home.writer.stop()


@dataclass(frozen=True, slots=True)
class _Home:
    """A home, ready to run: its writer, which is started first and stopped last, and all that runs side by side."""

    writer: OutboxWriter
    parts: tuple[Coroutine[Any, Any, None], ...]


def _home(settings: GatewaySettings, clock: Clock, outbox: Outbox) -> _Home:
    home_clock, reach = HomeClock(clock, outbox.boot), Reach()
    writer = OutboxWriter(outbox, on_sealed=lambda: uplink.wake())  # noqa: PLW0108 - made below
    wanted = OrderBook(settings.data / "orders", settings.id, settings.gateway_key, home_clock.believed)
    guard = Guard(reach, writer.put, clock, wanted)
    orders = Orders(wanted, guard, reach, writer.put, clock=clock)
    receivers = Receivers(clock=clock, compare=home_clock.compare, take_order=orders.take)
    uplink = Uplink(settings.id, settings.gateway_key, settings.uplink, receivers=receivers)
    book = SessionBook(writer.put, outbox.memories(), guard.watch)
    sources = [_radio(settings, book, clock, reach).run()]
    if settings.home is not None:
        sources.append(MqttDevices(settings.id, settings.home, book, clock, reach=reach).run())
    return _Home(writer, (writer.ended(), uplink.run(writer), guard.run(), orders.run(), *sources))


def _radio(settings: GatewaySettings, book: SessionBook, clock: Clock, reach: Reach) -> Radio:
    panels = PanelSpeech(
        book=book,
        clock=clock,
        reach=reach,
        secret=settings.gateway_key.secret,
        calibrations=load_calibrations(settings.calibrations),
    )
    speeches: dict[str, Speech] = {HETS.name: HetsSpeech(book, clock, reach), BLOCKBLUELIGHT.name: panels}
    return Radio(book, speeches, clock, settings.radio.adapter, limits=Limits(slots=settings.radio.slots))


def _bound(settings: OutboxSettings) -> Bound:
    return Bound(size_bytes=settings.bound_mib * MIB, age=timedelta(days=settings.bound_days))


def _make(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Name a directory that the gateway may write to."
        raise SettingsError("the gateway's settings", {"data": f"{data} cannot be made ({error})"}, remedy) from error
