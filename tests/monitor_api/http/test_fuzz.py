"""Whatever is sent to any operation, it answers, and with what its description says."""

import json
import random
from typing import Any

import pytest

from monitor_api.http.policy import Role
from tests.monitor_api.http.calls import MISSING, STREAMS, bodies, ids, operations
from tests.monitor_api.http.table import MAY
from tests.monitor_api.http.world import Client, World

ROUNDS = 25
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**40, 0.5, 1e308, -1e308, "", " ", "\x00", "a\x00b",
    "\u202e", "\ud800", "😀" * 50, "x" * 5000, "'; DROP TABLE user; --", "<script>alert(1)</script>",
    "../../etc/passwd",
    "%00", "2026-03-02T20:00:00Z", "2026-03-02T20:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z", "00000000-0000-0000-0000-000000000000", "led", "rf", "ems", "J", "J/cm2", "Europe/Berlin",
    "../zoneinfo/UTC", "physician", "patient", "firing", "high", [], {}, [[]], {"value": 1, "unit": "J"}, {"": ""},
]  # fmt: skip


class Odds:
    """Odd requests, the same ones for the same seed."""

    def __init__(self, seed: str) -> None:
        self.draw = random.Random(seed)

    def body(self, good: Any) -> Any:
        """A good body with something wrong in it, or nothing like one."""
        if self.draw.random() < 0.1 or not isinstance(good, dict):
            return self.draw.choice(ODD)
        changed = dict(good)
        for name in self.draw.sample(sorted(good), self.draw.randint(0, min(3, len(good)))):
            inner = changed[name]
            changed[name] = (
                self.body(inner) if isinstance(inner, dict) and self.draw.random() < 0.5 else self.draw.choice(ODD)
            )
        if self.draw.random() < 0.1:
            changed[str(self.draw.choice(ODD))] = 1
        return changed

    def text(self) -> str:
        return str(self.draw.choice(ODD)).encode(errors="ignore").decode()

    def path(self, template: str, world: World) -> str:
        known = self.draw.choice([ids(world.a), ids(world.a), ids(world.b), MISSING])
        odd = {name: self.text().replace("/", "").replace("..", "") or "x" for name in known}
        return template.format(**(known if self.draw.random() < 0.7 else odd))

    def query(self, told: dict[str, Any]) -> dict[str, str]:
        names = [one["name"] for one in told.get("parameters", ()) if one["in"] == "query"]
        return {name: self.text() for name in names if self.draw.random() < 0.4}

    def headers(self) -> dict[str, bytes]:
        names = ("If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID", "Accept-Encoding")
        chosen = [name for name in names if self.draw.random() < 0.3]
        return {name: self.text().replace("\x00", "").replace("\n", "")[:500].encode() for name in chosen}


def odd_answer(client: Client, operation: Any, odds: Odds, world: World) -> Any:
    content = None
    headers: dict[str, Any] = odds.headers()
    if "requestBody" in operation.told:
        content = json.dumps(odds.body(bodies(world.a.patient)[operation.id])).encode()
        headers["Content-Type"] = "application/json"
    path = odds.path(operation.path, world).replace("\x00", "%00").replace("?", "").replace("#", "")
    return client.request(operation.method, path, params=odds.query(operation.told), content=content, headers=headers)


@pytest.mark.parametrize("operation_id", sorted({*MAY, "log_in", "read_health"} - STREAMS))
def test_an_operation_answers_whatever_it_is_sent_as_its_description_says(world: World, operation_id: str):
    [operation] = [one for one in operations(world) if one.id == operation_id]
    role, odds = (
        next(
            iter(sorted(MAY.get(operation_id, {Role.PHYSICIAN}))),
        ),
        Odds(operation_id),
    )
    for _ in range(ROUNDS):
        answer = odd_answer(world.browser(role), operation, odds, world)
        told = operation.told["responses"].keys() | {"405"}
        assert str(answer.status_code) in told, (answer.request.url, answer.request.content, answer.text)
