"""How each operation of the API is called, by its name: an own table, so that nothing is taken from the code."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx import Response

from tests.monitor_api.http.tenants import BODY, Tenant
from tests.monitor_api.http.world import SECRET_TEXT, Client, World

BODY_REFERENCES = {"add_user", "put_assignment", "prescribe_regimen", "make_draft"}
"""Operations whose body names a patient."""

MATCHING = {"put_practice", "put_regimen", "end_regimen", "step_regimen", "put_draft", "sign_draft", "discard_draft"}
"""Operations that say of which version they are."""

STREAMS = {"follow_events"}

UNKNOWN = UUID(int=0)


def version(value: float, unit: str) -> dict[str, Any]:
    timing = {"frequency": 3, "period_days": 7, "weekdays": []}
    phase = {"timing": timing, "duration_s": 600, "dose": {"value": value, "unit": unit}}
    return {"from_at": "2026-03-02T18:00:00Z", "phases": [phase]}


@dataclass(frozen=True)
class Operation:
    """An operation as the description gives it."""

    id: str
    method: str
    path: str
    told: dict[str, Any]

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def names_one(self) -> bool:
        return "{" in self.path


def operations(world: World) -> list[Operation]:
    document = world.nobody().get("/api/v1/openapi.json").json()
    return [
        Operation(told["operationId"], method.upper(), path, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]


def ids(tenant: Tenant) -> dict[str, object]:
    return {
        "patient_id": tenant.patient,
        "user_id": next(id_ for role, id_ in tenant.users.items() if role == "maker"),
        "token_id": tenant.token,
        "gateway_id": tenant.gateway,
        "key_id": 1,
        "uid": tenant.device,
        "session_id": tenant.session,
        "regimen_id": tenant.regimen,
        "draft_id": tenant.draft,
        "alert_id": tenant.alert,
        "entry_id": tenant.quarantine,
        "order_id": tenant.hold,
        "excuse_id": tenant.excuse,
        "shadow_id": tenant.shadow,
    }


def own(tenant: Tenant, operation: Operation) -> dict[str, object]:
    """The ids for an operation; a draft is signed that no other operation changes or discards."""
    return ids(tenant) | ({"draft_id": tenant.draft_to_sign} if operation.id == "sign_draft" else {})


MISSING = {
    **{
        f"{kind}_id": UNKNOWN
        for kind in ("patient", "user", "token", "session", "regimen", "draft", "alert", "order", "excuse", "shadow")
    },
    "gateway_id": "nowhere",
    "key_id": 99,
    "uid": "ffffffffffffffff",
    "entry_id": 999,
}


def bodies(patient: UUID, tag: str = "new") -> dict[str, Any]:
    """A body for each operation that takes one; `tag` makes what must be unique so."""
    return {
        "log_in": {"login": "physician@a", "password": "correct horse battery"},
        "add_patient": {"name": "New Patient", "reference": "P9", "zone": "Europe/Berlin"},
        "add_user": {
            "login": f"{tag}@somewhere",
            "name": "New User",
            "role": "patient",
            "password": "long enough, surely",
            "patient_id": str(patient),
        },
        "make_token": {"name": "export", "role": "maker"},
        "register_gateway": {"id": tag, "name": "Home", "key_id": 1, "key": SECRET_TEXT},
        "add_gateway_key": {"key_id": 2, "key": SECRET_TEXT},
        "put_assignment": {"patient_id": str(patient), "from_at": "2026-03-02T18:00:00Z"},
        "prescribe_regimen": {
            **version(9, "J/cm2"),
            "patient_id": str(patient),
            "modality": "led",
        },
        "put_regimen": version(1, "J"),
        "preview_regimen": {"phases": version(9, "J/cm2")["phases"], "modality": "led"},
        "step_regimen": {"step": "paused", "because": "away"},
        "make_draft": {"patient_id": str(patient), "modality": "led", "template": "led-red-infrared"},
        "put_draft": BODY | {"most_per_week": 21},
        "sign_draft": {"from_at": None},
        "put_practice": {"figures": {"taken_fraction": 0.7, "drift": 4}},
        "start_shadow": {"because": tag, "candidate": {"without": ["too-soon"]}},
        "stop_device": {"reason": "too warm"},
        "hold_device": {"reason": "a blister"},
        "lift_hold": {},
        "note_excuse": {
            "from_at": "2026-03-09T00:00:00Z",
            "until_at": "2026-03-16T00:00:00Z",
            "because": "travels",
        },
        "put_skin": {"phototype": "III", "photosensitised": None},
        "put_outputs": {
            "outputs": [],
            "dose_uncertainty_fraction": 0.1,
            "skin_uncertainty_celsius": None,
            "source": "a calorimeter",
        },
        "put_recall": {"model": "Mask", "firmware": tag, "because": "too bright"},
    }


def call(client: Client, operation: Operation, of: dict[str, object], body: Any = None) -> Response:
    path = operation.path.format(**of)
    headers = {"If-Match": "*"} if operation.id in MATCHING else {}
    return client.request(operation.method, path, json=body, headers=headers)


def call_with_own(client: Client, operation: Operation, tenant: Tenant, tag: str = "new") -> Response:
    return call(client, operation, own(tenant, operation), bodies(tenant.patient, tag).get(operation.id))
