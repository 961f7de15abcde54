"""The one place of this side that asks what time it is."""

from collections.abc import Mapping
from datetime import UTC, datetime

from vocabulary.clock import PRESENT, Clock, ClockMap


def civil_clock(environ: Mapping[str, str]) -> Clock:
    """The civil clock of this process: the present, or the map that a demo put into LUMENWARD_CLOCK."""
    text = environ.get("LUMENWARD_CLOCK")
    mapped = ClockMap.load(text) if text else PRESENT
    return lambda: mapped.civil(datetime.now(UTC))
