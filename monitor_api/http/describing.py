"""How the API describes itself: OpenAPI 3.1 with an example, the roles and the errors of every operation."""

from collections.abc import Iterator
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from monitor_api.http.errors import HttpError
from monitor_api.http.parts import ApiParts
from monitor_api.http.policy import MAY, PERSONAL, PUBLIC
from monitor_api.http.problems import MEDIA_TYPE, Problem
from monitor_api.http.visits import Door

Json = dict[str, Any]

DESCRIPTION: Final = """
Remote monitoring of LED masks and radiofrequency devices used at home.

* **Who you are**: log in at `/api/v1/login` (a cookie, and `X-CSRF-Token` on everything but GET), or send
  `Authorization: Bearer lw_…`. You see your own clinic; what is another's is not there.
* **Units** are in the names: `active_s`, `skin_celsius`. A quantity carries its unit by its UCUM code.
* **Time** is RFC 3339 in UTC. What ages carries its instant.
* **Lists** come in pages: `next` is the `cursor` of the next one.
* **Creating**: send an `Idempotency-Key`; the same request under the same key is done once.
* **Changing** what others may change too: send the `ETag` you read in `If-Match`.
* **Errors** are problem details (RFC 9457): what is wrong and where, and in `remedy` what to do.
"""

_ALWAYS: Final = (401, 403, 429, 503)
_KINDS: Final[list[type[HttpError]]] = [HttpError, *HttpError.__subclasses__()]
_BY_STATUS: Final = {kind.status_code: kind for kind in _KINDS}


def told(summary: str, example: object, *problems: int, status: int = 200) -> dict[str, Any]:
    """What a route tells of itself: one line, what it answers for example, and the problems of its own."""
    told_of: dict[int, Json] = {number: {} for number in problems}
    told_of[status] = {"content": {"application/json": {"example": to_jsonable_python(example)}}}
    return {"summary": summary, "responses": told_of, "status_code": status}


def describe(app: FastAPI, parts: ApiParts) -> Json:
    """The description of all operations of an app."""
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = TypeAdapter(Problem).json_schema()
    document["components"] |= {"responses": _problem_responses(), "securitySchemes": _security_schemes(parts)}
    doors = {route.name: door_of(route) for route in api_routes(app)}
    for method, operation in operations(document):
        door = doors[operation["operationId"]]
        _describe_problems(operation, method, public=door is None)
        if door is not None:
            _describe_callers(operation, method, door)
    return document


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Every operation of a description, with its method."""
    for path in document["paths"].values():
        yield from path.items()


def api_routes(app: FastAPI) -> list[APIRoute]:
    """Every route of an app, those of included routers as they are there."""
    return [
        cast("APIRoute", route)
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, APIRoute)
    ]


def door_of(route: APIRoute) -> Door | None:
    """The door in front of a route, None when there is none."""
    calls = (dependency.call for dependency in route.dependant.dependencies)
    return next((call for call in calls if isinstance(call, Door)), None)


def _describe_problems(operation: Json, method: str, *, public: bool) -> None:
    responses = operation["responses"]
    for status in _problems(operation, method, public=public):
        responses.setdefault(str(status), {})
    for status in responses:
        if int(status) >= 400:
            responses[status] = {"$ref": f"#/components/responses/{status}"}
    operation["responses"] = dict(sorted(responses.items()))


def _problems(operation: Json, method: str, *, public: bool) -> Iterator[int]:
    """What any operation of this shape may answer."""
    if not public:
        yield from _ALWAYS
    if operation.get("parameters") or "requestBody" in operation:
        yield 422
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        yield 404
    if method != "get":
        yield from (400, 413)


def _describe_callers(operation: Json, method: str, door: Door) -> None:
    roles = ", ".join(role for role, may in MAY.items() if door.permission in may)
    people = " A person only, no token." if door.permission in PERSONAL else ""
    operation["description"] = f"{operation.get('description', '')}\n\nFor: {roles}.{people}".strip()
    cookie: Json = {"login": []} if method == "get" else {"login": [], "csrf": []}
    operation["security"] = [cookie] if people else [cookie, {"token": []}]


def _problem_responses() -> Json:
    """What each status of a problem means, with an example."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema, "example": _example(status)}},
        }
        for status in (400, 401, 403, 404, 409, 412, 413, 422, 428, 429, 503)
    }


def _example(status: int) -> Json:
    cls = _BY_STATUS.get(status, HttpError)
    shown = Problem(
        type=f"urn:lumenward:problem:{cls.kind}",
        title=cls.title,
        status=status,
        detail="What is wrong, and where",
        remedy=cls.remedy,
        instance="/api/v1/sessions/5f0c0ee4-8c2e-5b53-8f3a-0b9b5c1a2d11",
        request_id="0d5c1f1e-6f0c-4c2a-9d3e-7c9d2b4e8a10",
        reasons={"body.name": "String should have at least 1 character"} if status == 422 else {},
    )
    return asdict(shown)


def _security_schemes(parts: ApiParts) -> Json:
    return {
        "login": {"type": "apiKey", "in": "cookie", "name": parts.cookie},
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
        "token": {"type": "http", "scheme": "bearer"},
    }


def check_doors(app: FastAPI, public: frozenset[str] = PUBLIC) -> None:
    """Refuse to build an app with a route that neither asks for a permission nor is public. Raises RuntimeError."""
    guarded = {route.name for route in api_routes(app) if door_of(route)}
    names = {str(getattr(route, "name", route)) for route in iter_route_contexts(app.routes)}
    if open_ones := names - guarded - public:
        raise RuntimeError(f"routes without a permission: {', '.join(sorted(open_ones))}; give each a door of visits")
