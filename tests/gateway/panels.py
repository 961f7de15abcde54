"""A panel at the other end of a link, in a time that tests turn by hand."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import wraps

from device_drivers.blockbluelight.record import read_record
from gateway.ble.blockbluelight import Pace, PanelSpeech, panel_uid
from gateway.errors import LinkLost
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from tests.device_drivers.panel_frames import brightness_reply, reply, status_reply
from tests.gateway.devices import NOON, unwatched
from vocabulary.wire.batches import Gap, SampleBlock, StoredRecord

SECRET = bytes(range(32))
ADDRESS = "C0:00:00:00:00:01"
UID = panel_uid(SECRET, ADDRESS)
EPOCH = "00000000000000aa"
SECOND = timedelta(seconds=1)


async def _at_once():
    """How long a disk takes that is well."""


class World:
    """What lasts: the time, the panel on the wall, the gateway's disk."""

    def __init__(self):
        self.now, self.items, self.memories, self.drawn = NOON, [], {}, 0
        self.initial_s, self.frozen_s, self.began_at = 600, 600, None
        self.percent, self.asked, self.requests = (100, 0, 0, 0, 0), 0, []
        self.spoil = lambda replied: [replied]
        self.takes = _at_once

    def clock(self):
        return self.now

    def draw(self):
        self.drawn += 1
        return EPOCH

    async def put(self, entry):
        await self.takes()
        self.items += entry.items
        if entry.memory is not None:
            self.memories[entry.memory.device] = entry.memory

    def on(self):
        self.began_at = self.now

    def off(self):
        self.frozen_s, self.began_at = self.remaining_s(), None

    def remaining_s(self):
        if self.began_at is None:
            return self.frozen_s
        return self.initial_s - (self.now - self.began_at) // SECOND

    def answer(self, request):
        """What the panel replies, by the bytes of the capture."""
        self.requests.append(request)
        if self.began_at is not None and self.remaining_s() <= 0:
            self.frozen_s, self.began_at = 0, None
        if request == bytes.fromhex("3a01100000110a"):
            self.asked += 1
            return status_reply(self.began_at is not None, self.initial_s, self.remaining_s())
        if request == bytes.fromhex("3a01400000410a"):
            return brightness_reply(*self.percent)
        if request == bytes.fromhex("3a0120000100220a") and self.began_at is not None:
            self.off()
        return reply(request[2], b"")

    def of(self, kind):
        return [item for item in self.items if isinstance(item, kind)]

    def records(self):
        return [read_record(item.data) for item in self.of(StoredRecord)]

    def seconds(self, counter=1):
        return [block.first for block in self.of(SampleBlock) if block.counter == counter]

    def gaps(self):
        return [(gap.counter, gap.first, gap.last) for gap in self.of(Gap)]


class PanelLink:
    """One link to it."""

    def __init__(self, world):
        self.world, self.address, self.lost = world, ADDRESS, asyncio.Event()
        self.resting = None

    async def subscribe(self, characteristic, take):
        assert characteristic.startswith("0000fff1")
        self.take = take

    async def write(self, characteristic, value):
        assert characteristic.startswith("0000fff2")
        for piece in self.world.spoil(self.world.answer(value)):
            asyncio.get_running_loop().call_soon(self.take, piece)

    def rests(self, resting):
        self.resting = resting

    async def close(self):
        self.take = lambda _: None


class Gateway:
    """A process of the gateway: its book begins with what is on disk."""

    def __init__(self, world, calibrations=None, watch=unwatched):
        self.world, self.reach = world, Reach()
        self.speech = PanelSpeech(
            book=SessionBook(world.put, world.memories, watch),
            clock=world.clock,
            reach=self.reach,
            secret=SECRET,
            calibrations=calibrations or {},
            pace=Pace(on_s=0.001, off_s=0.001, reply_s=0.03),
            draw=world.draw,
        )

    @asynccontextmanager
    async def linked(self):
        """A link, that is lost at the end."""
        link = PanelLink(self.world)
        description = await self.speech.introduce(link)
        await self.speech.book.meet(description)
        talk = asyncio.ensure_future(self.speech.converse(link, description))
        try:
            await self.looks()
            yield link
        finally:
            link.lost.set()
            with suppress(LinkLost):
                await talk

    async def looks(self, times=2):
        """Wait until the panel has been asked for its status so often, and the last answer but one was taken in."""
        until = self.world.asked + times
        async with asyncio.timeout(5):
            while self.world.asked < until:  # noqa: ASYNC110  # the loop that asks has no event
                await asyncio.sleep(0.001)

    async def passes(self, seconds):
        """Let time pass in front of it, second by second."""
        for _ in range(seconds):
            self.world.now += SECOND
            await self.looks()


def in_time(test):
    @wraps(test)
    def run(*arguments, **fixtures):
        asyncio.run(asyncio.wait_for(test(*arguments, **fixtures), 8))

    return run
