"""How a regimen is written into its version's row, and read back."""

from datetime import timedelta
from typing import Any

from clinical.regimen import Limits, Regimen
from monitor_api.records.sessions import RegimenVersionRow
from vocabulary.devices import Modality
from vocabulary.identity import RegimenId
from vocabulary.quantities import Quantity, Unit

Body = dict[str, Any]
"""What a version's row holds of a regimen: JSON, durations in seconds, None where nothing is set."""


def write_regimen(regimen: Regimen) -> Body:
    """The body of the row; the regimen's id, version and modality are columns."""
    limits = regimen.limits
    return {
        "sessions_per_week": regimen.sessions_per_week,
        "duration_s": regimen.duration.total_seconds(),
        "dose": _write_quantity(regimen.dose),
        "limits": {
            "duration_s": None if limits.duration is None else limits.duration.total_seconds(),
            "dose": None if limits.dose is None else _write_quantity(limits.dose),
            "skin_celsius": limits.skin_celsius,
            "skin_grace_s": limits.skin_grace.total_seconds(),
            "rest_s": None if limits.rest is None else limits.rest.total_seconds(),
            "contact_grace_s": limits.contact_grace.total_seconds(),
        },
    }


def read_regimen(row: RegimenVersionRow, modality: str) -> Regimen:
    """The regimen that `write_regimen` wrote; `modality` is that of its RegimenRow."""
    body = row.body
    return Regimen(
        id=RegimenId(row.regimen_id),
        version=row.version,
        modality=Modality(modality),
        sessions_per_week=body["sessions_per_week"],
        duration=timedelta(seconds=body["duration_s"]),
        dose=_read_quantity(body["dose"]),
        limits=_read_limits(body["limits"]),
    )


def _read_limits(body: Body) -> Limits:
    duration_s, dose, rest_s = body["duration_s"], body["dose"], body["rest_s"]
    return Limits(
        duration=None if duration_s is None else timedelta(seconds=duration_s),
        dose=None if dose is None else _read_quantity(dose),
        skin_celsius=body["skin_celsius"],
        skin_grace=timedelta(seconds=body["skin_grace_s"]),
        rest=None if rest_s is None else timedelta(seconds=rest_s),
        contact_grace=timedelta(seconds=body["contact_grace_s"]),
    )


def _write_quantity(quantity: Quantity) -> Body:
    return {"value": quantity.value, "unit": quantity.unit}


def _read_quantity(body: Body) -> Quantity:
    return Quantity(body["value"], Unit(body["unit"]))
