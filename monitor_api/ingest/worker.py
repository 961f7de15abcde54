"""The ingest worker: groups what arrives, has it stored, and only then lets anybody know."""

import logging
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic
from typing import Final, Protocol

from monitor_api.errors import BatchRefused, BrokerDeaf, StoreUnavailable, StoreUnusable
from monitor_api.ingest.intake import Intake
from monitor_api.ingest.opening import Arrival, Opened, Opener, Refused
from monitor_api.ingest.presence import Presence
from monitor_api.ingest.quarantine import keep, refused_batch
from monitor_api.ingest.receipts import Message, receipts
from monitor_api.records.database import Database, first_line
from vocabulary.clock import Clock

GROUP: Final = 4000
"""Batches in one transaction at most."""

GROUP_BYTES: Final = 8 * 1024 * 1024
"""Bytes of them, as they came, that make a group full: backlogs come in batches a hundred times as large."""

GATHER_S: Final = 0.005
"""How long a group waits for company after its first batch."""

RETRY_S: Final = 0.5
"""How long to wait before a store that failed is tried again."""

_log = logging.getLogger(__name__)


class Broker(Protocol):
    """What the worker needs of the broker's connection."""

    @property
    def listens(self) -> bool:
        """Whether anything that is published can still arrive."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        ...

    def publish(self, message: Message) -> None:
        """Send a receipt."""
        ...

    def acknowledge(self, message_ids: Sequence[int]) -> None:
        """Let the broker forget messages."""
        ...


class Worker:
    """Takes arrivals from a queue and stores them in groups.

    Promises: a receipt is published after the group is on disk in both stores; the broker may forget a message
    only after its receipt; a batch that no store accepts is quarantined and its neighbours are taken; a store that
    fails for a time is tried again, and nothing is receipted meanwhile. Raises StoreUnusable, before any receipt, when
    a store turns the worker itself away: that is no batch's fault.
    """

    def __init__(self, opener: Opener, intake: Intake, database: Database, clock: Clock, *, presence: Presence) -> None:
        self.arrivals: SimpleQueue[Arrival] = SimpleQueue()
        self._opener, self._intake, self._database, self._clock = opener, intake, database, clock
        self._presence = presence

    def run(self, broker: Broker, stop: Event) -> None:
        """Work until `stop` is set. Raises BrokerDeaf when nothing can arrive any more."""
        while not stop.is_set():
            self._presence.say(connected=broker.connected)
            group = self._gather()
            if group:
                self.handle(group, broker, stop.wait)
            elif not broker.listens:
                raise BrokerDeaf

    def handle(self, group: Sequence[Arrival], broker: Broker, wait: Callable[[float], bool]) -> None:
        """Store one group and tell its gateways; `wait` returns True when the worker must stop instead."""
        while (results := self._try_to_store(group)) is None:
            if wait(RETRY_S):
                return
        for message in receipts(results, self._clock()):
            broker.publish(message)
        broker.acknowledge([arrival.message_id for arrival in group if arrival.qos])

    def _gather(self) -> list[Arrival]:
        """Arrivals of a moment; empty when there were none for a while."""
        try:
            group = [self.arrivals.get(timeout=0.2)]
        except Empty:
            return []
        until, size = monotonic() + GATHER_S, len(group[0].payload)
        while len(group) < GROUP and size < GROUP_BYTES:
            try:
                group.append(self._next(until))
            except Empty:
                break
            size += len(group[-1].payload)
        return group

    def _next(self, until: float) -> Arrival:
        """What is here, or comes in time. Raises Empty."""
        try:
            return self.arrivals.get_nowait()
        except Empty:
            return self.arrivals.get(timeout=max(0, until - monotonic()))

    def _try_to_store(self, group: Sequence[Arrival]) -> list[Opened | Refused] | None:
        """What became of each; None when a store fails for now."""
        try:
            return self._store(group, self._opener.open_all(group))
        except StoreUnavailable as failure:
            _log.warning("%s; %d batches wait", failure, len(group))
            return None

    def _store(self, group: Sequence[Arrival], opened: Sequence[Opened | Refused]) -> list[Opened | Refused]:
        results = self._take_all(group, opened)
        refused = [result for result in results if isinstance(result, Refused)]
        if refused:
            with self._database.write() as session:
                keep(session, [refused_batch(one) for one in refused], self._clock())
        return results

    def _take_all(self, group: Sequence[Arrival], opened: Sequence[Opened | Refused]) -> list[Opened | Refused]:
        """Take the group at once, or one by one when something in it is poison."""
        try:
            self._intake.take([one for one in opened if isinstance(one, Opened)])
        except (StoreUnavailable, StoreUnusable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one must not keep its neighbours out
            _log.warning(
                "a group of %d batches is not accepted (%s); trying each alone", len(opened), first_line(error)
            )
            return [self._take_one(arrival, one) for arrival, one in zip(group, opened, strict=True)]
        return list(opened)

    def _take_one(self, arrival: Arrival, one: Opened | Refused) -> Opened | Refused:
        if isinstance(one, Refused):
            return one
        try:
            self._intake.take([one])
        except (StoreUnavailable, StoreUnusable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this batch's, and the next one must be taken
            refusal = BatchRefused("store", f"{type(error).__name__}: {first_line(error)}")
            origin = one.origin
            return Refused(
                arrival=arrival,
                refusal=refusal,
                gateway=origin.gateway,
                clinic=origin.clinic,
                origin=origin,
                header=one.header,
            )
        return one
