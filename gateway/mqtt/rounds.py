"""Which sessions the records are of that do not read: their place in a round says so."""


class Round:
    """A device publishes its records lowest counter first, and begins anew after the newest.

    So records that do not read are those between the one before and the one after them, if as many are missing there
    and no message was lost meanwhile. `lost`, of each message: how many the device's messages have skipped so far.
    """

    def __init__(self) -> None:
        self._before: int | None = None
        self._unread = 0
        self._lost: int = 0

    def unread(self, oldest: int, newest: int, lost: int) -> None:
        """A record does not read. `oldest` begins the round that it is in, `newest` ends it."""
        self._notice(lost)
        if self._before is None or self._before + self._unread >= newest:
            self._before, self._unread = oldest - 1, 0
        self._unread += 1

    def read(self, counter: int, lost: int) -> range:
        """A record reads: the counters of those just before it that do not, as far as that is known."""
        self._notice(lost)
        known = self._before is not None and counter == self._before + self._unread + 1
        placed = range(counter - self._unread, counter) if known else range(0)
        self._before, self._unread = counter, 0
        return placed

    def _notice(self, lost: int) -> None:
        if lost != self._lost:
            self._before, self._unread, self._lost = None, 0, lost
