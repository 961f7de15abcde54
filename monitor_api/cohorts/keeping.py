"""The service's own snapshot: composed anew from the one before and from whatever is new since.

Rules, kept here:
- It is composed beside its place, without a lock on any store, and is seen by nobody until it is put in its place.
- Sessions and samples are read of those who have a new fact; what is of a person is read of everybody, for it also
  says when their devices were last heard. Who is no longer in the store is not in the next snapshot.
- One process at a time composes in a place; what one that was killed left there is removed by the next.
- The file's time is the instant as of which it is, so that its age can be told without opening it.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final

from monitor_api.cohorts.age import note_as_of
from monitor_api.cohorts.rows import Entry
from monitor_api.cohorts.snapshot import compose, known_people, put_in_place
from monitor_api.cohorts.stored import stored_entries, stored_people
from monitor_api.errors import SnapshotBusy, SnapshotUnwritten, WorkStopped
from monitor_api.records.database import Database
from monitor_api.telemetry.port import Telemetry
from vocabulary.identity import PatientId

_BEGUN: Final = ".refresh-"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotKeeper:
    """Keeps the snapshot at `place` as the stores are."""

    place: Path
    database: Database
    telemetry: Telemetry

    @contextmanager
    def refreshed(self, now: datetime, stop: Event) -> Generator[Callable[[], None]]:
        """Compose a snapshot as of now, and give what puts it in its place; without that it is gone at the end.

        Raises SnapshotBusy, SnapshotUnwritten, StoreUnavailable; WorkStopped soon after `stop` is set.
        """
        with _alone(self.place.parent), TemporaryDirectory(prefix=_BEGUN, dir=self.place.parent) as directory:
            written = self._compose(Path(directory), now, stop)
            note_as_of(written, now)
            yield partial(put_in_place, written, self.place)

    def _compose(self, directory: Path, now: datetime, stop: Event) -> Path:
        known = known_people(self.place)
        if known:
            try:
                return self._write(directory / "next", now, stop, known)
            except SnapshotUnwritten as failure:
                _log.warning("%s; everybody is read again", failure)
        return self._write(directory / "anew", now, stop, {})

    def _write(self, directory: Path, now: datetime, stop: Event, known: dict[PatientId, tuple[int, str]]) -> Path:
        directory.mkdir()
        keys = stored_people(self.database)
        entries = stored_entries(self.database, self.telemetry, keys, now, known=known)
        return compose(directory, _until(stop, entries), now, self.place if known else None)


def _until(stop: Event, entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if stop.is_set():
            raise WorkStopped
        yield entry


@contextmanager
def _alone(directory: Path) -> Generator[None]:
    """Be the only one that composes there; the system ends the hold of a process that dies."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise SnapshotUnwritten(directory, error.strerror or str(error)) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SnapshotBusy(directory) from None
        for left in directory.glob(f"{_BEGUN}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)
