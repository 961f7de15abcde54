"""Where the time of an ingest worker goes: a profile of it on a queue, without a broker, by group of functions."""

from base64 import b64encode
from cProfile import Profile
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

from lumenward.bench.context import Share
from lumenward.bench.homes import SealedBatch, make_homes, register
from lumenward.bench.homes import batches as sealed_batches
from lumenward.bench.shares import Group, shares
from monitor_api.app import make_worker, open_stores
from monitor_api.ingest.opening import Arrival
from monitor_api.ingest.receipts import Message
from monitor_api.ingest.worker import GROUP, Worker
from monitor_api.settings import ServerSettings

HOMES: Final = 200
QUEUE: Final = 20_000
SMALL: Final = 200
"""Batches that are stored one by one."""

_GROUPS: Final[tuple[Group, ...]] = (
    ("driver of the stores (sqlite3)", ("sqlite3",)),
    ("decoding (msgspec)", ("msgspec",)),
    ("seal (cryptography)", ("cryptography", "hmac")),
    ("opening", ("vocabulary", "ingest/opening", "ingest/keyring")),
    ("rows and groups", ("monitor_api/ingest", "monitor_api/sessions")),
    ("statements", ("monitor_api/records", "sqlalchemy")),
    ("telemetry", ("monitor_api/telemetry",)),
)


class _Nobody:
    """A broker that forgets."""

    listens = True

    @property
    def connected(self) -> bool:
        """There is no broker to miss."""
        return True

    def publish(self, message: Message) -> None:
        """Forget it."""

    def acknowledge(self, message_ids: object) -> None:
        """Forget them."""


def profile_ingest() -> tuple[list[Share], float]:
    """The shares of a queue's time, and the µs of CPU that a batch costs which comes alone."""
    with TemporaryDirectory(prefix="lumenward-bench-") as directory:
        secret = bytes(32)
        told = ServerSettings.model_validate(_settings(Path(directory), secret))
        stores = open_stores(told, {})
        try:
            homes = make_homes(HOMES)
            register(stores.database, homes, secret)
            queue = [_arrival(one) for one in sealed_batches(homes, SMALL * 2 + QUEUE)]
            worker = make_worker(told, stores)
            _handle(worker, queue[:SMALL], SMALL)
            began = process_time()
            _handle(worker, queue[SMALL : 2 * SMALL], 1)
            small_us = (process_time() - began) / SMALL * 1e6
            profile = Profile()
            profile.runcall(_handle, worker, queue[2 * SMALL :], GROUP)
            return shares(profile, _GROUPS), small_us
        finally:
            stores.close()


def _settings(directory: Path, secret: bytes) -> dict[str, Any]:
    return {
        "data": directory,
        "secret": b64encode(secret).decode(),
        "broker": {"host": "127.0.0.1", "username": "ingest", "password": "-"},
        "http": {"public_url": "http://127.0.0.1"},
    }


def _arrival(batch: SealedBatch) -> Arrival:
    return Arrival(topic=batch.topic, payload=batch.payload, message_id=1)


def _handle(worker: Worker, queue: list[Arrival], size: int) -> None:
    for start in range(0, len(queue), size):
        worker.handle(queue[start : start + size], _Nobody(), lambda _: True)
