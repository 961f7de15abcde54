"""`lumenward server`: one role of the service in this process."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lumenward.environment import load
from lumenward.processes import say_ready, stop_event, write_log


class Role(StrEnum):
    """What a server process does."""

    API = "api"
    INGEST = "ingest"
    CHECK = "check"
    DISPATCH = "dispatch"
    WATCH = "watch"


def server(
    role: Annotated[Role, typer.Option(help="What this process does; run one process a role.")],
    settings: Annotated[Path | None, typer.Option(help="A TOML file; the environment goes over it.")] = None,
) -> None:
    """Run one role of the service until it is asked to stop."""
    # The service's world is imported here, so that the other commands start without it.
    from monitor_api import app  # noqa: PLC0415
    from monitor_api.settings import ServerSettings  # noqa: PLC0415

    write_log()
    told = load(ServerSettings, settings)
    runs = {
        Role.API: app.run_api,
        Role.INGEST: app.run_ingest,
        Role.CHECK: app.run_check,
        Role.DISPATCH: app.run_dispatch,
        Role.WATCH: app.run_watch,
    }
    runs[role](told, os.environ, stop_event(), say_ready)
