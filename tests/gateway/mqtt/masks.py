"""A mask on Wi-Fi as its gateway hears it, and where a conversation with it puts things; for tests."""

import asyncio
import json
import struct
from base64 import b64encode
from binascii import crc_hqx
from contextlib import asynccontextmanager
from datetime import timedelta

from device_drivers.hets.topics import Said
from gateway.mqtt.conversation import Conversation
from gateway.mqtt.post import Arrived, Cut
from gateway.reach import Reach
from gateway.sessions.book import SessionBook
from tests.gateway.devices import NOON, UID
from tests.vectors import VECTORS
from vocabulary.wire.batches import Gap, LinkStatus, SampleBlock, StoredRecord

INFO = {
    "uid": UID,
    "modality": "led",
    "model": "Mask",
    "serial": "M-7",
    "firmware": "1.2.3",
    "features": ["live", "records"],
    "zones": ["whole face"],
    "max_records": 64,
    "definition": "hets/1",
}
_RECORD = bytes.fromhex(VECTORS["record_led"]["hex"])


def record(counter, elapsed_s=612):
    """The record of the vectors, as that of another session."""
    body = _RECORD[:2] + struct.pack("<I", counter) + _RECORD[6:27] + struct.pack("<H", elapsed_s) + _RECORD[29:-2]
    hashed = body[:16] + bytes([body[16] & ~0x20]) + body[17:]
    return body + struct.pack("<H", crc_hqx(hashed, 0xFFFF))


def counter_of(stored):
    return int.from_bytes(stored.data[2:6], "little")


class WifiMask:
    """Says what a mask says, numbered as a mask numbers it."""

    def __init__(self, boot=1):
        self.boot, self.seq = boot, 0

    def says(self, said, fields, *, retained=False, seq=None, at=NOON):
        payload = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        number = self.seq if seq is None else seq
        self.seq = max(self.seq, number + 1)
        properties = (("schema", f"{said}/1"), ("boot", str(self.boot)), ("seq", str(number)))
        return Arrived(said, payload, properties, retained, at)

    def info(self, **how):
        return self.says(Said.INFO, INFO, **how)

    def state(self, newest=0, *, retained=False, seq=None, **fields):
        known = {"online": True, "boot": self.boot, "state": "ready", "faults": [], "newest": newest}
        known |= {"oldest": min(newest, 1), "timeline": 1}
        return self.says(Said.STATE, known | fields, retained=retained, seq=seq)

    def live(self, number, counter=1, **how):
        fields = {"state": "emitting", "timeline": 1, "counter": counter, "seq": number, "active_s": number + 1}
        levels = {"remaining_s": 0, "level_mw_per_cm2": 30.0, "dose_j_per_cm2": 0.3, "flags": ["contact"]}
        return self.says(Said.LIVE, fields | levels, **how)

    def session(self, counter, oldest=1, data=None, elapsed_s=0, **how):
        data = record(counter, elapsed_s) if data is None else data
        return self.says(Said.SESSION, {"record": b64encode(data).decode(), "oldest": oldest}, **how)

    def answer(self, command, at=NOON, **fields):
        return self.says(Said.ANSWER, {"id": command, "result": "ok"} | fields, at=at)

    def gone(self):
        payload = json.dumps({"online": False, "boot": self.boot}).encode()
        return Arrived(Said.STATE, payload, (), retained=False, at=NOON)


def nothing(_op):
    """For a mask that answers no command."""


class Home:
    """A book on a disk that remembers, a conversation with one mask, and what was published to it.

    `answers` gives what the mask answers to a command; by default its tick. The disk takes what comes while it `takes`.
    """

    def __init__(self, clock=lambda: NOON, answers=lambda _op: {"timeline": 1, "tick_s": 1000}):
        self.items, self.memories, self.told, self.shown = [], {}, [], []
        self.takes = asyncio.Event()
        self.takes.set()
        self.reach, self.clock, self.mask, self.answers = Reach(), clock, WifiMask(), answers
        self._begin()

    def _begin(self):
        self.book = SessionBook(self.put, self.memories, self.shown.extend)
        self.talk = Conversation(UID, self.book, self.clock, reach=self.reach, publish=self.publish)

    async def put(self, entry):
        await asyncio.sleep(0)
        await self.takes.wait()
        self.items += entry.items
        if entry.memory is not None:
            self.memories[entry.memory.device] = entry.memory

    def publish(self, message):
        self.told.append(message)
        if message.kind == "command":
            fields = self.answers(json.loads(message.payload)["op"])
            if fields is not None:
                self.talk.take(self.mask.answer(message.topic.rpartition("/")[2], **fields))

    async def hears(self, *messages):
        """Have messages that came together handled, and what follows from them."""
        for message in messages:
            self.talk.take(message)
        for _ in range(600):
            await asyncio.sleep(0)

    @asynccontextmanager
    async def listening(self):
        running = asyncio.ensure_future(self.talk.run())
        try:
            yield self
        finally:
            self.talk.take(Cut())
            self.talk.close()
            await running

    def restart(self):
        """The gateway starts anew with what is on its disk."""
        self._begin()

    def of(self, kind):
        return [item for item in self.items if isinstance(item, kind)]

    def payloads(self, kind):
        return [json.loads(message.payload) for message in self.told if message.kind == kind]

    @property
    def acks(self):
        return [payload["upto"] for payload in self.payloads("ack")]

    @property
    def records(self):
        return [counter_of(stored) for stored in self.of(StoredRecord)]

    @property
    def samples(self):
        return [(block.counter, block.first) for block in self.of(SampleBlock)]

    @property
    def lost_samples(self):
        return [(gap.counter, gap.first, gap.last) for gap in self.of(Gap)]

    @property
    def link(self):
        return self.of(LinkStatus)[-1]


SECOND = timedelta(seconds=1)
