"""What the screens of one process keep: facts until something changes, charts until their session does."""

from typing import Final, cast

from fastapi import FastAPI
from markupsafe import Markup
from starlette.requests import Request

from monitor_api.screens.kept import Kept
from monitor_api.screens.triage import Row

CHARTS: Final = 200
"""Charts kept: some 70 kB each."""

LISTS: Final = 20
"""Lists kept, one a clinic; a clinic of 200 patients takes a megabyte."""


class Memory:
    """What is kept between two visits."""

    def __init__(self) -> None:
        self.lists = Kept[tuple[Row, ...]](LISTS)
        self.charts = Kept[Markup](CHARTS)


def give_memory(app: FastAPI) -> None:
    """Have an app's screens remember."""
    app.state.memory = Memory()


def memory_of(request: Request) -> Memory:
    """The memory of the app that a request came to."""
    return cast("Memory", request.app.state.memory)
