"""A snapshot of the patients of a service, from its stores as its settings name them."""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from lumenward.environment import load
from monitor_api.app import open_stores
from monitor_api.cohorts.snapshot import write_snapshot
from monitor_api.cohorts.stored import stored_cases, stored_people
from monitor_api.courses.due import CourseKey
from monitor_api.settings import ServerSettings

Track = Callable[[tuple[CourseKey, ...]], Iterable[CourseKey]]
"""Goes through everybody, and says how far it has come."""


def take_snapshot(settings: Path, out: Path, track: Track) -> tuple[datetime, int]:
    """Write everybody's sessions, and give as of when and how many. Raises SettingsError, StoreUnusable."""
    stores = open_stores(load(ServerSettings, settings), os.environ)
    try:
        now = stores.clocks.civil()
        people = track(stored_people(stores.database))
        return now, write_snapshot(out, stored_cases(stores.database, stores.telemetry, people, now), now)
    finally:
        stores.close()
