"""A POST that creates, sent twice under one Idempotency-Key, creates once and gets the same answer twice."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import delete
from starlette.responses import Response

from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Unacceptable
from monitor_api.http.visits import Visit
from monitor_api.records.people import IdempotencyRow

_CREATED: Final = 201

KEPT: Final = timedelta(days=1)
"""How long an answer can be asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What a deed made: the thing, its id, and the version for its ETag where it has one.

    `again` is what a repetition is told instead, for a thing with a secret that is shown once. `place` is its path,
    None where that is the request's path and its id. `status` is 200 where nothing
    new is there, and no path of it.
    """

    thing: object
    id: object
    version: str | None = None
    again: object | None = None
    place: str | None = None
    status: int = _CREATED


def create(visit: Visit, wanted: BaseModel, deed: Callable[[Writing], Created]) -> Response:
    """Do a deed in one transaction with its key; or answer as the first time.

    Raises Unacceptable when the key was used for another request.
    """
    key, asked = visit.idempotency_key, _digest(visit, wanted)
    with visit.writing() as writing:
        known = None if key is None else writing.session.get(IdempotencyRow, (visit.caller.id, key))
        if known is not None:
            return _repeat(known, asked)
        made = deed(writing)
        headers = _headers(visit, made)
        if key is not None:
            _remember(writing, IdempotencyRow(key=key, request_hash=asked, headers=headers), made)
    return _response(made.status, headers, _encode(made.thing))


def _repeat(known: IdempotencyRow, asked: str) -> Response:
    if not hmac.compare_digest(known.request_hash, asked):
        reason = "another request was made under this key; use a new one for each"
        raise Unacceptable("This Idempotency-Key is taken", reasons={"header.idempotency-key": reason})
    return _response(known.status, known.headers, known.answer)


def _remember(writing: Writing, row: IdempotencyRow, made: Created) -> None:
    over = IdempotencyRow.created_at < writing.real_now - KEPT
    writing.session.execute(delete(IdempotencyRow).where(over))
    row.caller_id = writing.caller.id
    row.status = made.status
    row.answer = _encode(made.thing if made.again is None else made.again)
    row.created_at = writing.real_now
    writing.session.add(row)


def _digest(visit: Visit, wanted: BaseModel) -> str:
    """A digest of what is asked for. It may hold a password, so it is keyed with the service's secret."""
    asked = TypeAdapter(type(wanted)).dump_json(wanted)
    text = b"\0".join((b"lumenward idempotency", visit.path.encode(), asked, *_secrets(wanted)))
    return hmac.digest(visit.parts.settings.secret_bytes, text, "sha256").hex()


def _secrets(wanted: BaseModel) -> list[bytes]:
    """What a dump hides."""
    values = (getattr(wanted, name) for name in type(wanted).model_fields)
    return [value.get_secret_value().encode() for value in values if hasattr(value, "get_secret_value")]


def _headers(visit: Visit, made: Created) -> dict[str, str]:
    place = {"Location": made.place or f"{visit.path}/{made.id}"} if made.status == _CREATED else {}
    return place if made.version is None else place | {"ETag": f'"{made.version}"'}


def _encode(thing: object) -> bytes:
    return TypeAdapter[Any](type(thing)).dump_json(thing)


def _response(status: int, headers: dict[str, str], answer: bytes) -> Response:
    return Response(answer, status, headers, "application/json")
