"""Work beside the watch's own: a thread for each kind, one of a kind at a time, asked to stop with the watch."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

PATIENCE_S: Final = 3.0
"""How long work that was asked to stop is waited for; what it leaves undone then, it leaves as a kill would."""


class Aside:
    """Work under way beside the watch."""

    def __init__(self) -> None:
        self._threads: dict[str, Thread] = {}
        self._stop = Event()

    def is_busy(self, name: str) -> bool:
        """Whether work of this kind is under way."""
        thread = self._threads.get(name)
        return thread is not None and thread.is_alive()

    def begin(self, name: str, work: Callable[[Event], None]) -> None:
        """Begin work of a kind of which none is under way; it ends soon after its event is set."""
        self._threads[name] = Thread(target=work, args=(self._stop,), name=name, daemon=True)
        self._threads[name].start()

    def end(self) -> None:
        """Ask everything to stop, and wait a while for it."""
        self._stop.set()
        for thread in self._threads.values():
            thread.join(PATIENCE_S)
