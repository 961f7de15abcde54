"""Which orders go now: each with a number of its own that is on disk before anybody sees it.

Rules, kept here:
- What is taken from here is taken once: number and next time are committed before the order is sent. A crash after
  that costs the wait until it is due again.
- A number is higher than any before, also in a store that was restored from a backup: it is no lower than real time.
- What is over is not sent. What a gateway has reported is sent again at its birth only, until it reports it again.
- An order that cannot be made is tried again like one not heard of, and keeps no other from going.
- While nothing is heard, the keys of a gateway take turns: it may still use the older one.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from monitor_api.clock import Moment
from monitor_api.errors import NoKey, SignatureBroken
from monitor_api.orders.asking import WishKind, hold_in_force
from monitor_api.orders.limits import guard_limits
from monitor_api.records.devices import GatewayKeyRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.orders import OrderLineRow, SendingRow, WishRow
from monitor_api.records.regimens import phase_days, read_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from monitor_api.records.signing import Proof, Signatures
from monitor_api.records.upsert import insert_new
from vocabulary.errors import LumenwardError
from vocabulary.identity import GatewayId
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.orders import Desired, GuardLimits, Hold, Order, OrderHeader, Stop, seal_order
from vocabulary.wire.topics import order_topic

AT_ONCE: Final = 50
"""Orders in one transaction."""

FIRST_WAIT: Final = timedelta(seconds=0.5)
LONGEST_WAIT: Final = timedelta(seconds=30)
"""An order that nothing is heard of is sent again after the first, then after twice as long each time."""

STATE_KEPT: Final = timedelta(seconds=30)
"""How long a broker may keep a desired state for a gateway that is away; at its birth it is sent again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An order for the broker, which is to forget it after `kept_s` seconds."""

    topic: str
    payload: bytes
    kept_s: int


def anything_due(session: Session, real_now: datetime) -> bool:
    """Whether any order is to go."""
    return session.scalar(select(SendingRow.wish_id).where(SendingRow.due_at <= real_now).limit(1)) is not None


_UNPROVEN: Final = frozenset({Proof.BROKEN, Proof.KEY_UNKNOWN})
"""Proofs of a version that goes to no home; those from before signatures have none to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seals:
    """What opens the gateways' keys, and what tells whether a regimen is still what was signed."""

    wrap: KeyWrap
    signatures: Signatures


def take_due(session: Session, seals: Seals, now: Moment) -> list[Sealed]:
    """Take what is due, stops before states; to be sent once the transaction is on disk."""
    due = (
        select(SendingRow, WishRow)
        .join(WishRow, WishRow.id == SendingRow.wish_id)
        .where(SendingRow.due_at <= now.real)
        .order_by(WishRow.revision.is_not(None), SendingRow.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=SendingRow)
    )
    sealing, taken = _Sealing(session=session, seals=seals, now=now), list[Sealed]()
    found = session.execute(due).all()
    for gateway in sorted({sending.gateway_id for sending, _ in found}):
        line_to(session, GatewayId(gateway))
    for sending, wish in found:
        if _is_over(wish, now.civil):
            sending.due_at = None
        elif sealed := sealing.seal(sending, wish):
            taken.append(sealed)
    return taken


def wait_after(times: int) -> timedelta:
    """How long to wait for a sign of an order that was sent so many times."""
    return min(FIRST_WAIT * (1 << min(times - 1, 16)), LONGEST_WAIT)


def _is_over(wish: WishRow, now: datetime) -> bool:
    passed = wish.kind == WishKind.STOP and wish.until_at is not None and wish.until_at <= now
    return passed or wish.ended_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealing:
    """Numbers and seals orders in one transaction."""

    session: Session
    seals: Seals
    now: Moment

    def seal(self, sending: SendingRow, wish: WishRow) -> Sealed | None:
        """One order; None when that cannot be done now, which is tried again like an order not heard of."""
        gateway, tried = GatewayId(sending.gateway_id), sending.times
        sending.times = tried + 1
        sending.due_at = self.now.real + wait_after(sending.times)
        try:
            key, order = self._key(gateway, tried), self._order(wish)
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one order, the others go
            _log.error("no order for %s: %r", gateway, error, exc_info=not isinstance(error, LumenwardError))
            return None
        number = sending.number = _next_number(self.session, gateway, self.now.real)
        sending.first_at, sending.last_at = sending.first_at or self.now.civil, self.now.civil
        topic, header = order_topic(gateway), OrderHeader(key_id=key.id, number=number)
        kept = order.until - self.now.civil if isinstance(order, Stop) else STATE_KEPT
        payload = seal_order(order, header, key.order_cipher(), topic)
        return Sealed(topic=topic, payload=payload, kept_s=ceil(kept.total_seconds()))

    def _key(self, gateway: GatewayId, tried: int) -> GatewayKey:
        """The newest key of a gateway, at the next try the one before it. Raises KeyUnreadable, NoKey."""
        of_gateway = (GatewayKeyRow.gateway_id == gateway, GatewayKeyRow.retired_at.is_(None))
        newest_first = (GatewayKeyRow.created_at.desc(), GatewayKeyRow.key_id.desc())
        keys = self.session.scalars(select(GatewayKeyRow).where(*of_gateway).order_by(*newest_first)).all()
        if not keys:
            raise NoKey(gateway)
        row = keys[tried % len(keys)]
        return self.seals.wrap.unwrap(gateway, row.key_id, row.wrapped)

    def _order(self, wish: WishRow) -> Order:
        if wish.kind == WishKind.STOP and wish.until_at is not None:
            return Stop(device=wish.device_uid, wish=wish.id.hex, until=wish.until_at)
        hold = hold_in_force(self.session, wish, self.now.civil)
        return Desired(
            device=wish.device_uid,
            wish=wish.id.hex,
            revision=wish.revision or 1,
            hold=None if hold is None else Hold(until=hold.until_at),
            limits=self._limits(wish, held=hold is not None),
            permit=wish.permit,
        )

    def _limits(self, wish: WishRow, *, held: bool) -> GuardLimits | None:
        """Those of the phase that runs; none once the last is over, as where nothing is prescribed.

        Raises SignatureBroken, but for a device that is held: a hold goes, and without its limits.
        """
        if wish.regimen_id is None or wish.regimen_version is None:
            return None
        version = self.session.get_one(RegimenVersionRow, (wish.regimen_id, wish.regimen_version))
        regimen = self.session.get_one(RegimenRow, wish.regimen_id)
        proof = self.seals.signatures.proof(regimen, version)
        if proof in _UNPROVEN and held:
            return None
        if proof in _UNPROVEN:
            raise SignatureBroken(regimen.id, version.version, proof)
        prescribed = read_regimen(version, regimen.modality)
        now = self.now.civil
        phase = phase_days(self.session, regimen.patient_id, version, prescribed, now=now).at(now)
        return None if phase is None else guard_limits(prescribed, phase)


def line_to(session: Session, gateway: GatewayId) -> OrderLineRow:
    """The row of the way to a gateway, locked."""
    insert_new(session, OrderLineRow, [{"gateway_id": gateway, "number": 0}])
    return session.get_one(OrderLineRow, gateway, with_for_update=True)


def _next_number(session: Session, gateway: GatewayId, real_now: datetime) -> int:
    line = line_to(session, gateway)
    line.number = max(line.number + 1, int(real_now.timestamp() * 1000))
    return line.number
