"""Open what arrives: find the gateway's key, check the seal, decode the body, and say why not."""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.structs import replace

from monitor_api.errors import BatchRefused, KeyUnreadable
from vocabulary.errors import EnvelopeError, SealError, WireError
from vocabulary.identity import ClinicId, GatewayId
from vocabulary.wire.batches import Body, decode_body
from vocabulary.wire.envelope import Header, claimed_key_id, read_header, tag_of, unseal
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.topics import gateway_of

CLOCKS: Final = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
"""What a machine's clock shows, set or not. One that is wrong is corrected; one beyond this is none."""

LAST_NUMBER: Final = 2**63 - 1
"""What the register can hold."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message from the broker: where it was published and how, its bytes, and the broker's number for it."""

    topic: str
    payload: bytes
    message_id: int
    qos: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which gateway sealed a batch, whose it is, and the key it used."""

    gateway: GatewayId
    clinic: ClinicId
    key: GatewayKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A batch that is what it claims to be.

    `named`: the first and the last instant of its items, by the clock of its boot; None when they name none.
    `quiet`: nothing but samples, as nearly all batches are.
    """

    origin: Origin
    header: Header
    tag: str
    body: Body
    named: tuple[datetime, datetime] | None
    quiet: bool

    @property
    def boot(self) -> tuple[GatewayId, int]:
        """The boot by whose clock its instants are."""
        return self.origin.gateway, self.body.boot


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A batch that is not taken.

    Without an origin nobody is known to have sealed it, and nobody gets a receipt: a gateway whose batch was damaged
    on its way sends it again, whole. `gateway` and `clinic` are those of the topic, which the broker's ACL vouches for.
    """

    arrival: Arrival
    refusal: BatchRefused
    gateway: GatewayId | None
    clinic: ClinicId | None
    origin: Origin | None
    header: Header | None

    @property
    def tag(self) -> str:
        """What the receipt names the batch by."""
        return tag_of(self.arrival.payload)


class Keyring(Protocol):
    """Which keys the gateways have."""

    def expect(self, names: Collection[tuple[GatewayId, int]]) -> None:
        """Hear that the keys of these gateways and numbers will be asked for."""
        ...

    def origin(self, gateway: GatewayId, key_id: int) -> Origin | None:
        """The gateway with that key; None when there is no such gateway or the key is unknown or retired."""
        ...

    def clinic(self, gateway: GatewayId) -> ClinicId | None:
        """Whose a gateway is; None when there is no such gateway."""
        ...


class Opener:
    """Opens arrivals; keeps what it derived of recent topics and epochs."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._gateway = lru_cache(maxsize=16384)(gateway_of)
        self._cipher = lru_cache(maxsize=16384)(_cipher)

    def open_all(self, arrivals: Sequence[Arrival]) -> list[Opened | Refused]:
        """Open a group. Raises StoreUnavailable when a gateway's key cannot be looked up for now."""
        claimed = {(arrival.topic, claimed_key_id(arrival.payload)) for arrival in arrivals}
        self._keyring.expect([name for topic, key_id in claimed for name in self._key_name(topic, key_id)])
        return [self.open(arrival) for arrival in arrivals]

    def open(self, arrival: Arrival) -> Opened | Refused:
        """Open one arrival. Raises StoreUnavailable when the gateway's key cannot be looked up for now."""
        gateway: GatewayId | None = None
        header: Header | None = None
        origin: Origin | None = None
        try:
            gateway = self._gateway(arrival.topic)
            header = read_header(arrival.payload)
            origin = self._origin(gateway, header)
            _refuse_a_number_too_high(header)
            text = unseal(arrival.payload, header, self._cipher(origin.key, header.epoch), arrival.topic)
            return _opened(origin, header, tag_of(arrival.payload), decode_body(text))
        except SealError as error:
            origin, refusal = None, BatchRefused(error.where, error.problem)
        except WireError as error:
            refusal = BatchRefused(error.where, error.problem)
        except BatchRefused as error:
            refusal = error
        clinic = None if gateway is None else self._keyring.clinic(gateway)
        return Refused(
            arrival=arrival,
            refusal=refusal,
            gateway=gateway if clinic else None,
            clinic=clinic,
            origin=origin,
            header=header,
        )

    def _key_name(self, topic: str, key_id: int) -> Iterator[tuple[GatewayId, int]]:
        """The key that is claimed, where the topic is a gateway's."""
        with suppress(EnvelopeError):
            yield self._gateway(topic), key_id

    def _origin(self, gateway: GatewayId, header: Header) -> Origin:
        try:
            origin = self._keyring.origin(gateway, header.key_id)
        except KeyUnreadable as error:
            _log.error("%s", error)
            raise BatchRefused("envelope.key_id", "this service cannot read the gateway's key") from error
        if origin is None:
            raise BatchRefused("envelope.key_id", f"gateway {gateway} has no key {header.key_id}")
        return origin


def _cipher(key: GatewayKey, epoch: int) -> AESGCM:
    return key.batch_cipher(epoch)


def _refuse_a_number_too_high(header: Header) -> None:
    if header.number > LAST_NUMBER:
        raise BatchRefused("envelope.number", f"{header.number} is over {LAST_NUMBER}")


def _opened(origin: Origin, header: Header, tag: str, body: Body) -> Opened:
    quiet = _is_quiet(body)
    named = _named(body, quiet=quiet)
    if not (quiet and _all_shown(body.sealed_at, named)):
        _refuse_what_no_clock_shows(body)
        body = _with_incidents_bounded(body)
    return Opened(origin=origin, header=header, tag=tag, body=body, named=named, quiet=quiet)


def _is_quiet(body: Body) -> bool:
    """Whether there is nothing but samples in it."""
    told = body.devices or body.anchors or body.marks or body.gaps or body.records or body.links or body.clocks
    return not (told or body.orders or body.guard_stops or body.incidents)


def _named(body: Body, *, quiet: bool) -> tuple[datetime, datetime] | None:
    """The first and the last of what `instants` gives."""
    if quiet and len(body.samples) == 1:
        at = body.samples[0].received_at
        return at, at
    named = [at for _, at in instants(body)]
    return (min(named), max(named)) if named else None


def _all_shown(sealed_at: datetime, named: tuple[datetime, datetime] | None) -> bool:
    earliest, latest = CLOCKS
    first, last = named or (sealed_at, sealed_at)
    return earliest <= sealed_at < latest and earliest <= first and last < latest


def _refuse_what_no_clock_shows(body: Body) -> None:
    for where, instant in (*_of_batch(body), *instants(body)):
        if not CLOCKS[0] <= instant < CLOCKS[1]:
            raise BatchRefused(where, f"no clock shows {instant.isoformat()}")


def _with_incidents_bounded(body: Body) -> Body:
    """What went wrong may well have been the clock: an incident is kept, at the nearest instant that a clock shows."""
    incidents = [replace(one, at=_bounded(one.at), until=_bounded(one.until)) for one in body.incidents]
    return replace(body, incidents=incidents) if incidents != body.incidents else body


def _bounded(instant: datetime) -> datetime:
    earliest, latest = CLOCKS
    return min(max(instant, earliest), latest - timedelta(seconds=1))


def instants(body: Body) -> Iterator[tuple[str, datetime]]:
    """When the items of a body were, by the clock of its boot, and where it says so."""
    yield from ((f"body.samples[{i}].received_at", block.received_at) for i, block in enumerate(body.samples))
    yield from ((f"body.records[{i}].received_at", record.received_at) for i, record in enumerate(body.records))
    yield from ((f"body.anchors[{i}].at", anchor.at) for i, anchor in enumerate(body.anchors))
    yield from ((f"body.marks[{i}].at", mark.at) for i, mark in enumerate(body.marks))
    yield from ((f"body.links[{i}].heard_at", link.heard_at) for i, link in enumerate(body.links))
    yield from ((f"body.orders[{i}].at", order.at) for i, order in enumerate(body.orders))
    yield from ((f"body.guard_stops[{i}].at", stop.at) for i, stop in enumerate(body.guard_stops))


def _of_batch(body: Body) -> Iterator[tuple[str, datetime]]:
    yield "body.sealed_at", body.sealed_at
    for i, clock in enumerate(body.clocks):
        yield f"body.clocks[{i}].at", clock.at
        yield f"body.clocks[{i}].service_at", clock.service_at
