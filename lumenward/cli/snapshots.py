"""Snapshots as commands are given them: a Parquet file, or the TOML file of a service that keeps one."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lumenward.environment import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A snapshot that stays as it is: its file, as of when it is, and how old; None where it is nobody's own."""

    file: Path
    as_of: datetime
    age: timedelta | None

    @property
    def told(self) -> dict[str, Any]:
        """What a report says of it first."""
        said: dict[str, Any] = {"as_of": self.as_of.isoformat(timespec="seconds")}
        return said if self.age is None else said | {"age_h": round(self.age / timedelta(hours=1), 1)}


@contextmanager
def opened(file: Path) -> Generator[Opened]:
    """Open a snapshot, or the one of a service. Raises SnapshotMissing, SnapshotUnreadable, SettingsError."""
    from monitor_api.clock import clocks  # noqa: PLC0415 - pandas takes a second to import
    from monitor_api.cohorts.snapshot import held, newest  # noqa: PLC0415

    of_service = file.suffix == ".toml"
    with held(_own(file) if of_service else file) as steady:
        as_of = newest(steady)
        yield Opened(file=steady, as_of=as_of, age=clocks(os.environ).civil() - as_of if of_service else None)


def _own(settings: Path) -> Path:
    from monitor_api.errors import SnapshotMissing  # noqa: PLC0415
    from monitor_api.settings import ServerSettings  # noqa: PLC0415

    file = load(ServerSettings, settings).snapshot_file
    if not file.exists():
        raise SnapshotMissing(file)
    return file
