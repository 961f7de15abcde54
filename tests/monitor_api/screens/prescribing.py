"""Prescribing as a browser does: a draft is begun, typed into, sent and signed."""

from typing import Any
from uuid import UUID

import httpx

from monitor_api.records.drafts import RegimenDraftRow
from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.drafting import Page
from tests.monitor_api.screens.test_orders import posted


def begun(visitor: httpx.Client, patient: UUID, begin: str) -> str:
    """The path of a draft that was begun so."""
    return posted(visitor, f"/patients/{patient}/prescribe", begin=begin).headers["location"]


def sent(visitor: httpx.Client, path: str, do: str = "save", on: str | None = None, **typed_in: Any) -> httpx.Response:
    """What the form of a page sends when some fields were typed into; `__` stands for the point of a path."""
    fields = Page(visitor.get(on or path).text).fields
    return visitor.post(
        path, data=fields | {name.replace("__", "."): value for name, value in typed_in.items()} | {"do": do}
    )


def signed(visitor: httpx.Client, path: str, **typed_in: Any) -> httpx.Response:
    return sent(visitor, f"{path}/sign", "", **{"meant": "yes", **typed_in})


def row(clinic: Clinic, path: str) -> RegimenDraftRow:
    with clinic.database.read() as session:
        found = session.get_one(RegimenDraftRow, UUID(path.rpartition("/")[2]))
        session.expunge(found)
        return found


FILLED = {"phases__0__weeks": "12", "phases__0__dose": "36", "programmes__0__number": "1"}
