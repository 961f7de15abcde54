"""How old the service's snapshot is, told by its file's time without opening it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

STALE: Final = timedelta(days=2)
"""From this age on nights were missed."""


def note_as_of(file: Path, at: datetime) -> None:
    """Give a snapshot the time as of which it is."""
    os.utime(file, (at.timestamp(), at.timestamp()))


def as_of(file: Path) -> datetime | None:
    """As of when a snapshot is; None where there is none here."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return None
