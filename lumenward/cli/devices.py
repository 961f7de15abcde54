"""`lumenward devices`: virtual homes in this process, each on a radio socket of its own."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from lumenward.processes import run_until_stopped, say_ready, write_log
from vocabulary.clock import ClockMap
from vocabulary.errors import SettingsError


def devices(
    homes: Annotated[list[Path], typer.Argument(help="Home definitions (JSON), one file a home.", exists=True)],
) -> None:
    """Run virtual devices until asked to stop; their scripts begin now.

    A gateway reaches them by DBUS_SYSTEM_BUS_ADDRESS=unix:path=SOCKET.
    """
    from firmware_bridge.virtual.definitions import HomeDefinition, load_home  # noqa: PLC0415 - needs the extra "virtual"
    from firmware_bridge.virtual.errors import DefinitionError  # noqa: PLC0415
    from firmware_bridge.virtual.home import run_homes  # noqa: PLC0415
    from firmware_bridge.virtual.radio import quiet_bumble  # noqa: PLC0415

    write_log()
    quiet_bumble()
    text = os.environ.get("LUMENWARD_CLOCK")
    clock = ClockMap.load(text) if text else ClockMap(started_at=datetime.now(UTC), lead=timedelta(0), rate=1)
    definitions: list[HomeDefinition] = []
    for path in homes:
        try:
            definitions.append(load_home(path.read_bytes()))
        except (DefinitionError, OSError) as error:
            raise SettingsError(str(path), {"home": str(error)}, "docs/guides/device-maker.md says how.") from error
    run_until_stopped(run_homes(definitions, clock, asyncio.Event(), say_ready))
