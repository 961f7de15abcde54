"""What a worker says of itself while it works: that it is there, and whether the broker is."""

import logging
from datetime import timedelta
from time import monotonic
from typing import Final

from monitor_api.errors import StoreUnavailable
from monitor_api.records.database import Database
from monitor_api.records.presence import PART_SILENT_AFTER, Part, note_present
from vocabulary.clock import Clock

EVERY: Final = PART_SILENT_AFTER / 3

_log = logging.getLogger(__name__)


class Presence:
    """One worker's; said in the loop that does the work, so that one which hangs says nothing."""

    def __init__(self, database: Database, worker: str, real_time: Clock, *, every: timedelta = EVERY) -> None:
        self._database, self._worker, self._real_time, self._every = database, worker, real_time, every
        self._said: tuple[float, bool] | None = None

    def say(self, *, connected: bool) -> None:
        """Say it, unless that was said lately. A store that fails is told by who stores batches."""
        now = monotonic()
        if self._said is not None:
            at, was_connected = self._said
            if now - at < self._every.total_seconds() and was_connected == connected:
                return
        self._said = now, connected
        try:
            with self._database.write() as session:
                parts = (Part.INGEST, Part.BROKER) if connected else (Part.INGEST,)
                note_present(session, parts, self._worker, self._real_time())
        except StoreUnavailable as failure:
            _log.warning("%s", failure)
