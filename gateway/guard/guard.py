"""Has devices stop that go on over a limit, or while they are on hold."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Final, Protocol

from clinical.guard import Breach
from clinical.regimen import Limits
from gateway.guard.limits import limits_of
from gateway.guard.telling import STOP_S, Answer, tell_to_stop
from gateway.guard.watching import DeviceWatch
from gateway.reach import Reach
from gateway.sessions.book import Put
from gateway.sessions.entries import Entry
from vocabulary.clock import Clock
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, RuleId
from vocabulary.wire.batches import DeviceItem, GuardStop, Item, OrderOutcome
from vocabulary.wire.limits import REASON
from vocabulary.wire.orders import GuardLimits, Hold

ON_HOLD: Final = RuleId("on-hold")
"""What a session breaks that runs while its device is on hold."""

_SETTLED: Final = frozenset({OrderOutcome.DONE, OrderOutcome.UNSUPPORTED})
"""What trying again does not change."""

_OVERTAKES: Final = {
    OrderOutcome.UNREACHABLE: frozenset({OrderOutcome.REFUSED, OrderOutcome.UNSUPPORTED, OrderOutcome.DONE}),
    OrderOutcome.REFUSED: frozenset({OrderOutcome.DONE}),
}
"""What is reported of a session after all when something else was reported of it before."""

_log = logging.getLogger(__name__)


class Wanted(Protocol):
    """What the service wants of the devices of this home."""

    def hold(self, device: DeviceUid) -> Hold | None:
        """The hold that is in force."""
        ...

    def limits(self, device: DeviceUid) -> GuardLimits | None:
        """The limits of its regimen; None when the service has sent none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the guard goes about it, in seconds of real time.

    `answer_s`: how long a device may take to say that it has stopped. `retry_s`: from one attempt to the next; doubles
    up to `slowest_s` for a device that answers and emits all the same. `patience_s`: how long attempts may fail before
    that is reported. `settle_s`: how long samples must pause for a burst of them to be over, and `settled_s` how long
    that is waited for.
    """

    answer_s: float = STOP_S
    retry_s: float = 0.5
    slowest_s: float = 8.0
    patience_s: float = 4.0
    settle_s: float = 0.25
    settled_s: float = 1.0


PACE: Final = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """A device was told to stop: in which session, why, and what came of it."""

    counter: int
    reasons: tuple[Breach, ...]
    answer: Answer


class Guard:
    """Watches over all sessions of this home. Made and run on one event loop.

    Promises: a device within reach is told to stop as soon as it is heard to emit over a limit or on hold, and again
    while it goes on; nothing waits for a disk; for each session and rule one stop is reported, and once more when the
    device obeyed after all. A session that is over stops no other.
    """

    def __init__(self, reach: Reach, put: Put, clock: Clock, wanted: Wanted, *, pace: Pace = PACE) -> None:
        self._reach, self._put, self._clock, self._wanted, self._pace = reach, put, clock, wanted, pace
        self._watches: dict[DeviceUid, DeviceWatch] = {}
        self._stopping: set[DeviceUid] = set()
        self._said: dict[tuple[DeviceUid, RuleId], _Attempt] = {}
        self._due: asyncio.Queue[DeviceWatch] = asyncio.Queue()
        self._reports: asyncio.Queue[GuardStop] = asyncio.Queue()

    def watch(self, items: Sequence[Item]) -> None:
        """Look at what was heard, before anything waits for a disk."""
        try:
            devices = {DeviceUid(item.device): None for item in items if isinstance(item, DeviceItem)}
            for item in items:
                if isinstance(item, DeviceItem):
                    self._watch_of(DeviceUid(item.device)).show(item)
            for device in devices:
                self.review(device)
        except Exception:  # noqa: BLE001 - what the guard cannot read must be stored all the same
            _log.exception("a fault of ours; what was heard goes unguarded")

    def review(self, device: DeviceUid) -> None:
        """Have a device stop, if it must."""
        watch = self._watch_of(device)
        if device not in self._stopping and self._reasons(watch):
            self._stopping.add(device)
            self._due.put_nowait(watch)

    def is_quiet(self, device: DeviceUid) -> bool:
        """Whether a device does not emit, by its own last word; it must have been heard since this began."""
        watch = self._watch_of(device)
        return watch.heard > 0 and not watch.emitting

    async def run(self) -> None:
        """Guard until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._report())
            while True:
                tasks.create_task(self._have_stopped(await self._due.get()))

    async def _report(self) -> None:
        while True:
            await self._put(Entry(items=(await self._reports.get(),)))

    async def _have_stopped(self, watch: DeviceWatch) -> None:
        """Tell a device to stop until it does."""
        try:
            await self._settled(watch)
            await self._insist(watch)
        finally:
            self._stopping.discard(watch.device)

    async def _settled(self, watch: DeviceWatch) -> None:
        """Wait for the end of a burst: only its last samples show which session runs now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.settled_s):
                heard = -1
                while watch.running and not watch.running.in_step and watch.heard != heard:
                    heard = watch.heard
                    await asyncio.sleep(self._pace.settle_s)

    async def _insist(self, watch: DeviceWatch) -> None:
        """Tell a device to stop until it does; report it when that is settled, or takes too long."""
        now, pause, last = asyncio.get_running_loop().time, self._pace.retry_s, None
        patient_until = now() + self._pace.patience_s
        while True:
            attempt = await self._try(watch)
            last = attempt or last
            if last is None:
                return
            outcome, overdue = last.answer.outcome, now() >= patient_until
            over = attempt is None and (overdue or outcome is not OrderOutcome.UNREACHABLE)
            if over or overdue or outcome in _SETTLED:
                self._say(watch, last)
            if over:
                return
            await asyncio.sleep(pause)
            if outcome is not OrderOutcome.UNREACHABLE:
                pause = min(2 * pause, self._pace.slowest_s)

    async def _try(self, watch: DeviceWatch) -> _Attempt | None:
        """Tell a device to stop, if it still must."""
        reasons, counter = self._reasons(watch), watch.counter
        if not reasons:
            return None
        answer = await tell_to_stop(self._reach.get(watch.device), self._pace.answer_s)
        if answer.outcome is OrderOutcome.DONE:
            watch.stopped()
        elif answer.outcome is OrderOutcome.UNREACHABLE:
            watch.lost()
        return _Attempt(counter=counter, reasons=reasons, answer=answer)

    def _reasons(self, watch: DeviceWatch) -> tuple[Breach, ...]:
        """Why a device must stop now; nothing when it need not."""
        if not (watch.emitting and watch.current):
            return ()
        breaches = watch.running.breaches if watch.running else ()
        hold = self._wanted.hold(watch.device)
        return breaches if hold is None else (*breaches, _on_hold(hold))

    def _say(self, watch: DeviceWatch, attempt: _Attempt) -> None:
        """Report what was not reported of this session before."""
        for reason in attempt.reasons:
            if not _is_news(attempt, self._said.get((watch.device, reason.rule))):
                continue
            self._said[watch.device, reason.rule] = attempt
            stop = GuardStop(
                device=watch.device,
                counter=attempt.counter,
                rule=reason.rule,
                because=reason.because[:REASON],
                at=self._clock(),
                outcome=attempt.answer.outcome,
                epoch=watch.epoch,
            )
            self._reports.put_nowait(stop)

    def _watch_of(self, device: DeviceUid) -> DeviceWatch:
        if device not in self._watches:
            self._watches[device] = DeviceWatch(device, self._limits)
        return self._watches[device]

    def _limits(self, device: DeviceUid, modality: Modality) -> Limits:
        return limits_of(self._wanted.limits(device), modality)


def _is_news(attempt: _Attempt, said: _Attempt | None) -> bool:
    if said is None or said.counter != attempt.counter:
        return True
    return attempt.answer.outcome in _OVERTAKES.get(said.answer.outcome, ())


def _on_hold(hold: Hold) -> Breach:
    until = f" until {hold.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if hold.until else ""
    return Breach(rule=ON_HOLD, because=f"The device is on hold{until}")
