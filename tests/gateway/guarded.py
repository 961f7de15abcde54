"""A guard over a home with one device, and what the service wants of it."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.guard.guard import Guard, Pace
from gateway.reach import Reach
from tests.gateway.commands import NOON, UID, Outlet, rf_sample
from vocabulary.wire.orders import GuardLimits, Hold

QUICK = Pace(answer_s=0.05, retry_s=0.01, slowest_s=0.04, patience_s=0.1, settle_s=0.02, settled_s=0.2)


@dataclass
class Wanted:
    """What the service wants, as a test sets it."""

    on_hold: Hold | None = None
    sent: GuardLimits | None = None

    def hold(self, _device):
        return self.on_hold

    def limits(self, _device):
        return self.sent


@dataclass
class Home:
    """A guard over a home with one device."""

    wanted: Wanted = field(default_factory=Wanted)
    outlet: Outlet = field(default_factory=Outlet)
    reach: Reach = field(default_factory=Reach)
    pace: Pace = QUICK

    def __post_init__(self):
        self.guard = Guard(self.reach, self.outlet.put, lambda: NOON, self.wanted, pace=self.pace)

    @asynccontextmanager
    async def running(self, device=None):
        task = asyncio.ensure_future(self.guard.run())
        try:
            if device is None:
                yield self
            else:
                with self.reach.holding(UID, device):
                    yield self
        finally:
            task.cancel()
            await asyncio.wait([task])

    def hear(self, *items):
        self.guard.watch(items)

    def hear_hot(self, numbers=range(4), skin=43.0, **how):
        for number in numbers:
            self.hear(rf_sample(number, skin, **how))

    @property
    def stops(self):
        return [(stop.counter, stop.rule, stop.outcome) for stop in self.outlet.items]


async def turns(count=5):
    """Let everything that is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)
