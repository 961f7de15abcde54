"""Templates: where a prescription can begin."""

from typing import Annotated

from fastapi import APIRouter

from monitor_api.http.describing import told
from monitor_api.http.policy import Permission
from monitor_api.http.queries.templates import SeenTemplate, seen_templates
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, needs

routes = APIRouter(prefix="/regimen-templates", tags=["regimens"])


@routes.get("", **told("List templates of regimens", examples.TEMPLATES))
def list_templates(_visit: Annotated[Visit, needs(Permission.PRESCRIBE)]) -> tuple[SeenTemplate, ...]:
    """Published regimens, each figure with its source; `to_fill` names what nobody published."""
    return seen_templates()
