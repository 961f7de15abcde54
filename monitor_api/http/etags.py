"""Versions on the wire: what a client read, and whether a change is of what it read."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Header

from monitor_api.http.errors import PreconditionMissing, Stale

IfMatch = Annotated[
    str | None, Header(max_length=200, description="The ETag of what this changes, from reading it.", examples=['"3"'])
]
IfNoneMatch = Annotated[str | None, Header(max_length=2000, description="ETags of answers that the client has.")]


def etag(version: str) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def etag_of(content: bytes) -> str:
    """The ETag of an answer's bytes; weak, because compression makes other bytes of them."""
    return f'W/"{blake2b(content, digest_size=12).hexdigest()}"'


def check_match(if_match: str | None, present: str) -> None:
    """Refuse a change of another version. A proxy that compresses may have made the tag weak; it names the same one.

    Raises PreconditionMissing, Stale.
    """
    if if_match is None:
        raise PreconditionMissing("The change does not say of which version it is")
    if if_match.strip() != "*" and present not in _strong(if_match):
        raise Stale(f"It is at {present} now, not at {if_match}")


def is_known(if_none_match: str | None, present: str) -> bool:
    """Whether the client has this answer already."""
    return if_none_match is not None and _strong(present)[0] in _strong(if_none_match)


def _strong(tags: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in tags.split(",")]
