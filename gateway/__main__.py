"""The composition root of this side: a home, from its settings, in the order in which data flows."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from device_drivers.families import HETS
from gateway.ble.hets import HetsSpeech
from gateway.ble.radio import Radio
from gateway.clock import civil_clock
from gateway.outbox.holding import held
from gateway.outbox.store import Outbox
from gateway.outbox.writer import OutboxWriter
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from gateway.settings import GatewaySettings
from gateway.uplink import Uplink
from vocabulary.errors import SettingsError
from vocabulary.wire.batches import Item


async def run_home(settings: GatewaySettings, environ: Mapping[str, str], ready: Callable[[], None]) -> None:
    """Run a gateway until cancelled; what is pending is sealed on disk when this returns.

    `ready` is called when the outbox is open and the parts run. Raises SettingsError, GatewayError, and whatever
    fault ends a part.
    """
    clock = civil_clock(environ)
    uplink = Uplink(settings.id, settings.gateway_key, settings.uplink)
    _make(settings.data)
    with held(settings.outbox_file):
        outbox = Outbox(settings.outbox_file, settings.id, settings.gateway_key, clock)
        writer = OutboxWriter(outbox, on_sealed=uplink.wake)
        book, reach = SessionBook(writer.put, outbox.memories(), _unwatched), Reach()
        speeches = {HETS.name: HetsSpeech(book, clock, reach)}
        radio = Radio(book, speeches, clock, settings.radio.adapter)
        writer.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(writer.ended())
                tasks.create_task(uplink.run(writer))
                tasks.create_task(radio.run())
                ready()
        finally:
            await writer.stop()


def _make(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Name a directory that the gateway may write to."
        raise SettingsError("the gateway's settings", {"data": f"{data} cannot be made ({error})"}, remedy) from error


def _unwatched(_items: Sequence[Item]) -> None:
    pass
