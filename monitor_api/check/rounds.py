"""The checker's rounds: whatever is due, of each kind some, until somebody asks to stop."""

import logging
from collections.abc import Callable, Sequence
from threading import Event
from typing import Final

from monitor_api.errors import StoreUnavailable

IDLE_S: Final = 0.03
"""How long to wait when nothing is due: a part of the second in which an alert must be stored."""

RETRY_S: Final = 0.5
"""How long to wait before a store that failed is tried again."""

_log = logging.getLogger(__name__)


def keep_checking(kinds: Sequence[Callable[[], int]], stop: Event) -> None:
    """Check what is due until `stop` is set; each kind checks a few and tells how many."""
    while not stop.is_set():
        try:
            done = sum(check_some() for check_some in kinds)
            stop.wait(0 if done else IDLE_S)
        except StoreUnavailable as failure:
            _log.warning("%s; trying again", failure)
            stop.wait(RETRY_S)
