"""How often somebody may ask, and how many wrong tries a login has before it slows down."""

import time
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

from monitor_api.http.errors import TooMany

WORKS: Final = RateLimitItemPerMinute(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is allowed in a window of time; `works` are requests that have much reckoned."""

    tries_of_login: RateLimitItem
    tries_of_address: RateLimitItem
    requests: RateLimitItem
    works: RateLimitItem = WORKS


USUAL: Final = Limits(
    tries_of_login=RateLimitItemPerMinute(10, 5),
    tries_of_address=RateLimitItemPerMinute(30, 5),
    requests=RateLimitItemPerSecond(1200, 60),
)
"""An address is a whole clinic behind one router, so it has more wrong tries than one login."""


class Pace:
    """Counts for one process, in memory."""

    def __init__(self, limits: Limits) -> None:
        storage = MemoryStorage()
        self._limits = limits
        self._tries, self._requests = MovingWindowRateLimiter(storage), FixedWindowRateLimiter(storage)

    def request(self, who: str) -> None:
        """Count a request. Raises TooMany."""
        if not self._requests.hit(self._limits.requests, who):
            raise self._too_many(self._requests, self._limits.requests, who)

    def work(self, who: str) -> None:
        """Count a request that has much reckoned. Raises TooMany."""
        if not self._requests.hit(self._limits.works, who):
            raise self._too_many(self._requests, self._limits.works, who)

    def try_login(self, login: str, address: str) -> None:
        """Count a try before it is made, so that tries made together count too. Raises TooMany."""
        if not self._tries.test(self._limits.tries_of_address, address):
            raise self._too_many(self._tries, self._limits.tries_of_address, address)
        if not self._tries.hit(self._limits.tries_of_login, _short(login)):
            raise self._too_many(self._tries, self._limits.tries_of_login, _short(login))

    def tried(self, login: str, address: str, *, right: bool) -> None:
        """What came of the try: a right one clears the login's count, never the address's."""
        if right:
            self._tries.clear(self._limits.tries_of_login, _short(login))
        else:
            self._tries.hit(self._limits.tries_of_address, address)

    def _too_many(self, limiter: RateLimiter, item: RateLimitItem, who: str) -> TooMany:
        wait_s = limiter.get_window_stats(item, who).reset_time - time.time()
        return TooMany(f"No more than {item} here", max(1, ceil(wait_s)))


def _short(login: str) -> str:
    """A key of bounded length."""
    return sha256(login.encode(errors="replace")).hexdigest()
