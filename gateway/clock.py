"""The one place of this side that asks what time it is."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from vocabulary.clock import PRESENT, Clock, ClockMap
from vocabulary.errors import SettingsError

_VARIABLE: Final = "LUMENWARD_CLOCK"


def civil_clock(environ: Mapping[str, str]) -> Clock:
    """The civil clock of this process: the present, or the map that a demo put into LUMENWARD_CLOCK.

    Raises SettingsError for a text that is no map.
    """
    text = environ.get(_VARIABLE)
    try:
        mapped = ClockMap.load(text) if text else PRESENT
    except ValueError as error:
        problem = {_VARIABLE: f"{text!r:.60} is no clock ({error})"}
        raise SettingsError("the environment", problem, "Unset it; only a demo sets it.") from error
    return lambda: mapped.civil(datetime.now(UTC))
