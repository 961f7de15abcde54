"""Register gateways, give them keys, and retire keys."""

from typing import Final

from pydantic import Field
from sqlalchemy import select

from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Conflict, NotThere
from monitor_api.http.queries.gateways import Gateway, gateway_row, seen
from monitor_api.http.wanted import Body, KeyId, Text, shown
from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from vocabulary.identity import GatewayId
from vocabulary.settings import Key, key_bytes
from vocabulary.wire.keys import GatewayKey

_EXAMPLE_KEY: Final = "bm90IGEga2V5LCBhbiBleGFtcGxlIG9mIDMyIGJ5dGU="


class NewKey(Body):
    """A key that a gateway and the service share: its number, and its 32 bytes in base64."""

    model_config = shown(key_id=2, key=_EXAMPLE_KEY)

    key_id: KeyId
    key: Key


class NewGateway(NewKey):
    """A gateway to register with its first key. `id` is its name in topics, `name` what people call it."""

    model_config = shown(id="home-1", name="Home 1", key_id=1, key=_EXAMPLE_KEY)

    id: str = Field(pattern="^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
    name: Text


def register_gateway(writing: Writing, wanted: NewGateway, wrap: KeyWrap) -> Gateway:
    """Register a gateway with the caller's clinic. Raises Conflict when the id is taken, here or elsewhere."""
    if writing.session.get(GatewayRow, wanted.id) is not None:
        raise Conflict("This id is taken", remedy="Choose another id; it is the gateway's for good.")
    row = GatewayRow(
        id=wanted.id, clinic_id=writing.caller.clinic, name=wanted.name, registered_at=writing.now, heard_at=None
    )
    writing.session.add(row)
    writing.session.flush()
    _add_key(writing, row, wanted, wrap)
    writing.leave_trail("gateway registered", ("gateway", row.id), key_id=wanted.key_id)
    return seen(writing.session, row)


def add_key(writing: Writing, which: GatewayId, wanted: NewKey, wrap: KeyWrap) -> Gateway:
    """Give a gateway another key; it may use both until one is retired. Raises NotThere, Conflict."""
    row = gateway_row(writing.session, writing.caller, which)
    if writing.session.get(GatewayKeyRow, (row.id, wanted.key_id)) is not None:
        raise Conflict(f"Key {wanted.key_id} is there already", remedy="Number the new key anew.")
    _add_key(writing, row, wanted, wrap)
    writing.leave_trail("key added", ("gateway", row.id), key_id=wanted.key_id)
    return seen(writing.session, row)


def retire_key(writing: Writing, which: GatewayId, key_id: int) -> Gateway:
    """Have a key open nothing any more. Raises NotThere, Conflict."""
    row = gateway_row(writing.session, writing.caller, which)
    of_gateway = (GatewayKeyRow.gateway_id == row.id, GatewayKeyRow.key_id == key_id)
    key = writing.session.scalar(select(GatewayKeyRow).where(*of_gateway))
    if key is None:
        raise NotThere
    if key.retired_at is not None:
        raise Conflict("This key is retired already")
    key.retired_at = writing.now
    writing.leave_trail("key retired", ("gateway", row.id), key_id=key_id)
    return seen(writing.session, row)


def _add_key(writing: Writing, row: GatewayRow, wanted: NewKey, wrap: KeyWrap) -> None:
    key = GatewayKey(wanted.key_id, key_bytes(wanted.key))
    wrapped = wrap.wrap(GatewayId(row.id), key)
    writing.session.add(
        GatewayKeyRow(gateway_id=row.id, key_id=key.id, wrapped=wrapped, created_at=writing.now, retired_at=None)
    )
    writing.session.flush()
