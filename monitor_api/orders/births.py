"""What gateways say of themselves on the broker, and what follows: to one that is born, all that is wanted goes again.

Rules, kept here:
- A state says nothing that a service must believe: the worst that a forged one does is that orders are sent again.
- A birth that several dispatchers hear is one. What the broker retains is news only when its boot is.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

import msgspec
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from monitor_api.orders.asking import Moment
from monitor_api.orders.sending import line_to
from monitor_api.records.devices import GatewayRow
from monitor_api.records.orders import SendingRow, WishRow
from vocabulary.errors import BodyError
from vocabulary.identity import GatewayId
from vocabulary.wire.topics import gateway_of_state

SAME_BIRTH: Final = timedelta(seconds=1)
"""How far apart dispatchers may hear one birth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMessage:
    """A message on a state topic as it came; `retained`: it was there before we listened."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A gateway is connected, in this boot of it."""

    gateway: GatewayId
    boot: int
    retained: bool


class _State(msgspec.Struct, frozen=True):
    online: bool
    boot: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


_decode: Final = msgspec.json.Decoder(_State).decode


def read_birth(message: StateMessage) -> Birth | None:
    """The birth that a message tells of; None for a gateway that is gone. Raises EnvelopeError, BodyError."""
    gateway = gateway_of_state(message.topic)
    if not message.payload:
        return None
    try:
        state = _decode(message.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyError("state", str(error)) from error
    return Birth(gateway=gateway, boot=state.boot, retained=message.retained) if state.online else None


def send_again(session: Session, birth: Birth, now: Moment) -> bool:
    """Have everything go that is wanted of the gateway's devices, as if for the first time; whether this was news."""
    if session.get(GatewayRow, birth.gateway) is None:
        return False
    wanted = select(WishRow.id).where(WishRow.ended_at.is_(None))
    lasting = or_(WishRow.until_at.is_(None), WishRow.revision.is_not(None), WishRow.until_at > now.civil)
    of_gateway = (SendingRow.gateway_id == birth.gateway, SendingRow.wish_id.in_(wanted.where(lasting)))
    # Whoever sends orders locks them before the way there.
    session.execute(select(SendingRow.wish_id).where(*of_gateway).order_by(SendingRow.wish_id).with_for_update())
    line = line_to(session, birth.gateway)
    known = line.boot == birth.boot
    heard_now = line.born_at is not None and now.real - line.born_at < SAME_BIRTH
    if known and (birth.retained or heard_now):
        return False
    line.boot, line.born_at = birth.boot, now.real
    session.execute(update(SendingRow).where(*of_gateway).values(due_at=now.real, times=0))
    return True
