"""The floor under ingest: a bare loop that does no more than it must, and imports nothing of the product.

    python -m lumenward.bench.floor PORT KEYS DATABASE      prints "ready", and works until it is ended

KEYS is JSON, [key id, 64 hex digits] by gateway. Reads ahead of paho, opens the seal, decodes into structures of its
own with validation, writes a packed blob a batch durably, many in one transaction, publishes a sealed receipt for each
gateway of the group, and then acknowledges to the broker, all in one write.
"""

import hmac
import json
import os
import queue
import select
import sqlite3
import struct
import sys
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import paho.mqtt.client as paho
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta
from paho.mqtt.enums import CallbackAPIVersion

GROUP = 5000
GATHER_S = 0.005
TOPIC = "$share/ingest/het/v1/gw/+/batch"

_Uid = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
_Whole = Annotated[list[Annotated[int, Meta(ge=0, le=65535)]], Meta(min_length=1, max_length=3600)]
_Real = Annotated[list[Annotated[float, Meta(ge=-60, le=1e7)] | None], Meta(min_length=1, max_length=3600)]
_Instant = Annotated[datetime, Meta(tz=True)]


class _Columns(msgspec.Struct, gc=False, omit_defaults=True):
    active_s: _Whole
    remaining_s: _Whole
    signs: _Whole
    irradiance_mw_per_cm2: _Real | None = None
    fluence_j_per_cm2: _Real | None = None
    rf_power_w: _Real | None = None
    rf_energy_j: _Real | None = None
    skin_celsius: _Real | None = None
    impedance_ohm: _Real | None = None
    battery_percent: _Real | None = None


class _Block(msgspec.Struct, gc=False):
    device: _Uid
    counter: Annotated[int, Meta(ge=1)]
    modality: str
    state: str
    first: Annotated[int, Meta(ge=0)]
    received_at: _Instant
    columns: _Columns


class _Body(msgspec.Struct, gc=False):
    sealed_at: _Instant
    boot: Annotated[int, Meta(ge=0)]
    samples: list[_Block] = []


class _Receipt(msgspec.Struct):
    epoch: str
    taken: list[tuple[int, str]]
    at: datetime


_TABLE = """CREATE TABLE batch (
    id INTEGER PRIMARY KEY, session INTEGER, first INTEGER, at INTEGER, content BLOB, UNIQUE (session, first)
)"""
_INSERT = "INSERT OR IGNORE INTO batch (session, first, at, content) VALUES (?, ?, ?, ?)"

_decode = msgspec.json.Decoder(_Body).decode
_encode = msgspec.msgpack.Encoder().encode
_header = struct.Struct(">BBIQQ").unpack_from


class _ReadAhead:
    """paho reads a packet in three calls or more; this gives it bytes that are here already."""

    def __init__(self, plain: Any) -> None:  # noqa: ANN401 - a socket, plain or of TLS
        self._plain, self._buffer, self._at = plain, b"", 0

    def recv(self, size: int) -> bytes:
        if self._at >= len(self._buffer):
            self._buffer, self._at = self._plain.recv(1 << 18), 0
        got = self._buffer[self._at : self._at + size]
        self._at += len(got)
        return got

    def pending(self) -> int:
        return len(self._buffer) - self._at

    def fileno(self) -> int:
        return int(self._plain.fileno())

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - stands in for a socket
        return getattr(self._plain, name)


class _Client(paho.Client):
    ahead: _ReadAhead

    def _create_socket(self) -> Any:  # noqa: ANN401 - as paho has it
        self.ahead = _ReadAhead(super()._create_socket())
        return self.ahead


class _Floor:
    def __init__(self, port: int, keys: dict[str, tuple[int, str]], database: str) -> None:
        self._keys = {gateway: (number, bytes.fromhex(secret)) for gateway, (number, secret) in keys.items()}
        self._derived: dict[tuple[str, int], tuple[AESGCM, bytes]] = {}
        self._sessions: dict[tuple[str, int], int] = {}
        self._database = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        for statement in (
            *("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 8000"),
            _TABLE,
        ):
            self._database.execute(statement)
        self._arrived: queue.SimpleQueue[paho.MQTTMessage] = queue.SimpleQueue()
        self._to_acknowledge: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._woken, self._wake = os.pipe()
        self._client = _Client(CallbackAPIVersion.VERSION2, "floor", clean_session=False, manual_ack=True)
        self._client.max_inflight_messages_set(60_000)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port, 600)

    def _connected(self, *_: object) -> None:
        self._client.subscribe(TOPIC, 1)

    def _subscribed(self, *_: object) -> None:
        print("ready", flush=True)  # noqa: T201 - how it says so

    def _take(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self._arrived.put(message)

    def run(self) -> None:
        threading.Thread(target=self._work, daemon=True).start()
        client = self._client
        while client.socket() is not None:
            ahead = client.ahead
            watched: list[_ReadAhead | int] = [ahead, self._woken]
            readable, _, _ = select.select(watched, [ahead] if client.want_write() else [], [], 1.0)
            if self._woken in readable:
                os.read(self._woken, 4096)
                while not self._to_acknowledge.empty():
                    client._packet_queue(0x40, self._to_acknowledge.get(), 0, 1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            if ahead in readable:
                client.loop_read()
                while ahead.pending() > 0:
                    client.loop_read()
            if client.want_write():
                client.loop_write()
            client.loop_misc()

    def _work(self) -> None:
        while True:
            group = [self._arrived.get()]
            if self._arrived.qsize() < GROUP:
                time.sleep(GATHER_S)
            while len(group) < GROUP and not self._arrived.empty():
                group.append(self._arrived.get())
            self._store(group)

    def _store(self, group: list[paho.MQTTMessage]) -> None:
        rows: list[tuple[int, int, int, bytes]] = []
        taken: defaultdict[tuple[str, int], list[tuple[int, str]]] = defaultdict(list)
        for message in group:
            topic, sealed = message.topic, message.payload
            gateway = topic[10:-6]
            _, _, _, epoch, number = _header(sealed)
            cipher, _ = self._derive(gateway, epoch)
            nonce = b"\0\0\0\0" + number.to_bytes(8, "big")
            body = _decode(cipher.decrypt(nonce, sealed[22:], topic.encode() + sealed[:22]))
            for block in body.samples:
                at = int(block.received_at.timestamp())
                rows.append((self._session(block), block.first, at, _encode(block.columns)))
            taken[gateway, epoch].append((number, sealed[-16:-8].hex()))
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(_INSERT, rows)
        self._database.execute("COMMIT")
        for (gateway, epoch), numbers in taken.items():
            receipt = msgspec.json.encode(_Receipt(f"{epoch:016x}", numbers, datetime.now(UTC)))
            seal = hmac.digest(self._derive(gateway, epoch)[1], receipt, "sha256")
            self._client.publish(f"het/v1/gw/{gateway}/receipt", receipt + seal, qos=1)
        self._to_acknowledge.put(b"".join(b"\x40\x02" + message.mid.to_bytes(2, "big") for message in group))
        os.write(self._wake, b"x")

    def _session(self, block: _Block) -> int:
        name = (block.device, block.counter)
        if name not in self._sessions:
            self._sessions[name] = len(self._sessions)
        return self._sessions[name]

    def _derive(self, gateway: str, epoch: int) -> tuple[AESGCM, bytes]:
        found = self._derived.get((gateway, epoch))
        if found is None:
            _, secret = self._keys[gateway]
            keys = [
                HKDF(SHA256(), 32, salt=None, info=label + epoch.to_bytes(8, "big")).derive(secret)
                for label in (b"lumenward batch ", b"lumenward receipt ")
            ]
            found = self._derived[gateway, epoch] = AESGCM(keys[0]), keys[1]
        return found


if __name__ == "__main__":
    _Floor(int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_bytes()), sys.argv[3]).run()
