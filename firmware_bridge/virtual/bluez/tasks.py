"""Work under way in the background, none of which outlives its owner."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Tasks:
    """A set of tasks that are stopped together."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def attempt(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Begin work whose outcome somebody awaits."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Begin work that nobody awaits; what it raises is logged."""
        self.attempt(work).add_done_callback(_log_failure)

    async def stop(self, patience: timedelta) -> None:
        """Let everything come to its end, and cancel what has not after a while."""
        if self._running:
            await asyncio.wait(self._running, timeout=patience.total_seconds())
        late = tuple(self._running)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _log_failure(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("virtual org.bluez: %s failed", task.get_name(), exc_info=error)
