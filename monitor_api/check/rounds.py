"""The checker's rounds: sessions that are due, and some courses, until somebody asks to stop."""

import logging
from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Final

from monitor_api.errors import StoreUnavailable

IDLE_S: Final = 0.03
"""How long to wait when nothing is due: a part of the second in which an alert must be stored."""

SELDOM_S: Final = 0.3
"""How long not to look for courses again when none was due."""

RETRY_S: Final = 0.5
"""How long to wait before a store that failed is tried again."""

_log = logging.getLogger(__name__)

CheckSome = Callable[[], int]
"""Checks a few of what is due, and tells how many."""


def keep_checking(sessions: CheckSome, courses: CheckSome, stop: Event) -> None:
    """Check what is due until `stop` is set."""
    courses_from = 0.0
    while not stop.is_set():
        try:
            done = sessions()
            if monotonic() >= courses_from:
                judged = courses()
                courses_from = 0.0 if judged else monotonic() + SELDOM_S
                done += judged
            stop.wait(0 if done else IDLE_S)
        except StoreUnavailable as failure:
            _log.warning("%s; trying again", failure)
            stop.wait(RETRY_S)
