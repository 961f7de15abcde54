"""Gateways: list, read, register, and their keys."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from monitor_api.http.deeds import gateways as deeds
from monitor_api.http.deeds.gateways import NewGateway, NewKey
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import gateways as queries
from monitor_api.http.queries.gateways import Gateway, SeenIncident
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, creates, needs
from monitor_api.http.wanted import GatewayPath
from vocabulary.identity import GatewayId

routes = APIRouter(prefix="/gateways", tags=["gateways"])


@routes.get("", **told("List gateways", examples.page(examples.GATEWAY)))
def list_gateways(visit: Annotated[Visit, needs(Permission.SEE_GATEWAYS)], wanted: Wanted) -> Page[Gateway]:
    """The clinic's gateways, in the order in which they were registered."""
    with visit.reading() as session:
        return queries.gateways(session, visit.caller, wanted)


@routes.get("/{gateway_id}", **told("Read a gateway", examples.GATEWAY))
def read_gateway(visit: Annotated[Visit, needs(Permission.SEE_GATEWAYS)], gateway_id: GatewayPath) -> Gateway:
    """One gateway, with its keys' numbers."""
    with visit.reading() as session:
        return queries.gateway(session, visit.caller, GatewayId(gateway_id))


@routes.get("/{gateway_id}/incidents", **told("List what went wrong", examples.page(examples.INCIDENT)))
def list_incidents(
    visit: Annotated[Visit, needs(Permission.SEE_GATEWAYS)], gateway_id: GatewayPath, wanted: Wanted
) -> Page[SeenIncident]:
    """What went wrong with a gateway itself, newest first."""
    with visit.reading() as session:
        return queries.incidents(session, visit.caller, GatewayId(gateway_id), wanted)


@routes.post("", response_model=Gateway, **told("Register a gateway", examples.GATEWAY, 409, status=201))
def register_gateway(visit: Annotated[Visit, creates(Permission.MANAGE_GATEWAYS)], wanted: NewGateway) -> Response:
    """Register a gateway with its first key; the key is stored wrapped, and never shown."""

    def deed(writing: Writing) -> Created:
        made = deeds.register_gateway(writing, wanted, visit.parts.key_wrap)
        return Created(thing=made, id=made.id)

    return create(visit, wanted, deed)


@routes.post("/{gateway_id}/keys", response_model=Gateway, **told("Add a key", examples.GATEWAY, 409, status=201))
def add_gateway_key(
    visit: Annotated[Visit, creates(Permission.MANAGE_GATEWAYS)], gateway_id: GatewayPath, wanted: NewKey
) -> Response:
    """Give a gateway another key. It may use both until one is retired."""

    def deed(writing: Writing) -> Created:
        made = deeds.add_key(writing, GatewayId(gateway_id), wanted, visit.parts.key_wrap)
        return Created(thing=made, id=wanted.key_id)

    return create(visit, wanted, deed)


@routes.post("/{gateway_id}/keys/{key_id}/retire", **told("Retire a key", examples.GATEWAY, 409))
def retire_gateway_key(
    visit: Annotated[Visit, needs(Permission.MANAGE_GATEWAYS)],
    gateway_id: GatewayPath,
    key_id: Annotated[int, Path(ge=0, lt=2**32)],
) -> Gateway:
    """Have a key open nothing any more."""
    with visit.writing() as writing:
        return deeds.retire_key(writing, GatewayId(gateway_id), key_id)
