"""Whose turn it is to hold a link, where there are more devices than an adapter holds links.

Rules, kept here:
- Whoever has waited longest gets the next slot. So a device waits for at most one turn of each of the others.
- A slot is taken from nobody who has something to do. Of those who rest, whoever has held it longest gives it up, and
  only while somebody waits.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from time import monotonic


class Turn:
    """A hold of a slot since `since_s` (monotonic). `over` is set when the slot is to be given up."""

    def __init__(self, since_s: float, settle: Callable[[], None]) -> None:
        self.since_s, self._settle = since_s, settle
        self.resting = False
        self.over = asyncio.Event()

    def rest(self) -> None:
        """Its holder has nothing to do: the slot may be wanted back."""
        if not self.resting:
            self.resting = True
            self._settle()

    def work(self) -> None:
        """Its holder has something to do again."""
        self.resting = False


class Slots:
    """`number` slots; a turn that is begun lasts for `turn_s` at least, so that connecting is not all there is."""

    def __init__(self, number: int, turn_s: float) -> None:
        self._number, self._turn_s = number, turn_s
        self._held: list[Turn] = []  # the longest hold first
        self._waiting: deque[asyncio.Future[Turn]] = deque()
        self._later: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[Turn]:
        """Wait for a slot, and hold it."""
        waiter: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._settle()
        try:
            yield await waiter
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            if not waiter.cancelled():
                self._held.remove(waiter.result())
            self._settle()

    def _settle(self) -> None:
        """Give out what is free, and have as many give up as then still wait."""
        while self._waiting and len(self._held) < self._number:
            self._give(self._waiting.popleft())
        leaving = sum(turn.over.is_set() for turn in self._held)
        resting = [turn for turn in self._held if turn.resting and not turn.over.is_set()]
        for turn in resting[: max(0, len(self._waiting) - leaving)]:
            self._end(turn)

    def _give(self, waiter: "asyncio.Future[Turn]") -> None:
        if not waiter.cancelled():
            turn = Turn(monotonic(), self._settle)
            self._held.append(turn)
            waiter.set_result(turn)

    def _end(self, turn: Turn) -> None:
        """End a turn, or look again when it has lasted."""
        left_s = turn.since_s + self._turn_s - monotonic()
        if left_s <= 0:
            turn.over.set()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(left_s, self._look_again)

    def _look_again(self) -> None:
        self._later = None
        self._settle()
