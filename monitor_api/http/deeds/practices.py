"""Decide on the clinic's figures."""

from typing import Annotated, Any, Final

from pydantic import JsonValue, WithJsonSchema
from sqlalchemy import select, true

from clinical.figures import FIGURES, Figure, decide, differing
from monitor_api.http.deeds.rechecking import recheck, reconsider
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.etags import check_match, etag
from monitor_api.http.queries.practices import SeenPractice, seen_practice
from monitor_api.http.wanted import Body, Word, shown
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import PracticeRow, practice_rows
from monitor_api.records.trail import ChangeKind
from vocabulary.identity import PatientId


def _described(figure: Figure) -> dict[str, Any]:
    kind = "integer" if figure.whole else "number"
    words = f"{figure.words}. Unit: {figure.unit}"
    return {"type": kind, "minimum": figure.least, "maximum": figure.most, "description": words}


_FIGURES: Final = WithJsonSchema(
    {
        "type": "object",
        "properties": {figure.name: _described(figure) for figure in FIGURES},
        "additionalProperties": False,
    }
)


class PracticeBody(Body):
    """The figures that are not to be the product's; one that is not named is."""

    model_config = shown(figures={"taken_fraction": 0.75, "silence_floor_h": 36})

    figures: Annotated[dict[Word, JsonValue], _FIGURES]


def decide_practice(writing: Writing, wanted: PracticeBody, if_match: str | None) -> SeenPractice:
    """Have patients judged by these figures from now on; the same ones change nothing.

    Their weeks are judged again at once, one course after the other; sessions that began before stay as they were
    judged. Raises PreconditionMissing, Stale, PracticeRefused with every reason at once.
    """
    session, clinic = writing.session, writing.caller.clinic
    rows = practice_rows(session, clinic)
    before, version = (rows[-1].figures, rows[-1].version) if rows else ({}, 0)
    check_match(if_match, etag(str(version)))
    figures = differing(decide(wanted.figures))
    if figures == before:
        return seen_practice(rows)
    row = PracticeRow(
        clinic_id=clinic,
        version=version + 1,
        figures=figures,
        from_at=writing.now,
        decided_by=writing.caller.id,
    )
    session.add(row)
    changed = {one: [before.get(one), figures.get(one)] for one in sorted({*before, *figures})}
    changed = {one: both for one, both in changed.items() if both[0] != both[1]}
    writing.leave_trail("practice decided", ("practice", clinic), version=row.version, changed=changed)
    writing.announce(ChangeKind.PRACTICE, clinic)
    reconsider(writing, *map(PatientId, session.scalars(select(PatientRow.id).where(PatientRow.clinic_id == clinic))))
    recheck(writing, true(), writing.now)
    return seen_practice([*rows, row])
