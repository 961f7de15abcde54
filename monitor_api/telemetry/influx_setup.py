"""What a telemetry store on InfluxDB needs: organisation, buckets, the means of each minute, a token for just that."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import influxdb_client

from monitor_api.telemetry.influx import TIMEOUT_MS, told
from monitor_api.telemetry.lines import MEASURED, SAMPLE

REMEDY: Final = "Give the token of an operator, who may make organisations, buckets, tasks and tokens"

# The library gives too few types for a strict checker.
_library: Any = influxdb_client

_MINUTES: Final = """\
import "date"

option task = {{name: "{plan.name}", every: 1h, offset: 5m}}

from(bucket: "{plan.bucket}")
 |> range(start: date.truncate(t: -2d, unit: 1h), stop: date.truncate(t: now(), unit: 1m))
 |> filter(fn: (r) => r._measurement == "{sample}")
 |> filter(fn: (r) => {fields})
 |> aggregateWindow(every: 1m, fn: mean, createEmpty: false, timeSrc: "_start")
 |> set(key: "_measurement", value: "minute")
 |> to(bucket: "{plan.minutes}", org: "{plan.org}")
"""
# Whole minutes only, and the last two days each time, so that what came late is in.


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is wanted. `retention`: how long samples are kept; None leaves a bucket as it is, and makes one for ever."""

    org: str
    bucket: str
    retention: timedelta | None

    @property
    def minutes(self) -> str:
        """The bucket of minutes."""
        return f"{self.bucket}-minutes"

    @property
    def name(self) -> str:
        """What the task and the token are called."""
        return f"lumenward {self.bucket}"

    @property
    def minutes_flux(self) -> str:
        """What the task does."""
        fields = " or ".join(f'r._field == "{name}"' for name in MEASURED)
        return _MINUTES.format(plan=self, sample=SAMPLE, fields=fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A token that reads and writes the bucket of a plan and nothing else, and what had to be made for it."""

    token: str
    made: tuple[str, ...]


def set_up(url: str, operator_token: str, plan: Plan) -> Prepared:
    """Make what is not there yet; doing it again changes nothing. Raises StoreUnusable, StoreUnavailable."""
    client = _library.InfluxDBClient(url, operator_token, org=plan.org, timeout=TIMEOUT_MS)
    with client, told(remedy=REMEDY):
        return _Setup(client, plan).run()


class _Setup:
    """One server, one plan, and what was made on the way."""

    def __init__(self, client: Any, plan: Plan) -> None:  # noqa: ANN401 - the library gives it too few types
        self._client, self._plan = client, plan
        self._made: list[str] = []

    def run(self) -> Prepared:
        plan, org = self._plan, self._org()
        bucket = self._bucket(org, plan.bucket)
        self._bucket(org, plan.minutes)
        self._keep(bucket)
        self._task(org)
        return Prepared(token=self._token(org, bucket), made=tuple(self._made))

    def _org(self) -> str:
        api, name = self._client.organizations_api(), self._plan.org
        found = [org.id for org in api.find_organizations(limit=100) if org.name == name]
        return str(found[0] if found else self._new(f"organisation {name}", api.create_organization(name)).id)

    def _bucket(self, org: str, name: str) -> Any:  # noqa: ANN401
        api = self._client.buckets_api()
        found = [bucket for bucket in api.find_buckets_iter(org_id=org) if bucket.name == name]
        return found[0] if found else self._new(f"bucket {name}", api.create_bucket(bucket_name=name, org=org))

    def _keep(self, bucket: Any) -> None:  # noqa: ANN401
        if self._plan.retention is None:
            return
        seconds = int(self._plan.retention.total_seconds())
        if [rule.every_seconds for rule in bucket.retention_rules] != [seconds]:
            bucket.retention_rules = [_library.BucketRetentionRules(type="expire", every_seconds=seconds)]
            self._new(
                f"retention of {self._plan.retention.days} days", self._client.buckets_api().update_bucket(bucket)
            )

    def _task(self, org: str) -> None:
        api, name, flux = self._client.tasks_api(), self._plan.name, self._plan.minutes_flux
        found = api.find_tasks(name=name, org_id=org)
        if not found:
            wanted = _library.TaskCreateRequest(org_id=org, flux=flux, status="active")
            self._new(f"task {name}", api.create_task(task_create_request=wanted))
        elif found[0].flux != flux:
            found[0].flux = flux
            self._new(f"task {name}", api.update_task(found[0]))

    def _token(self, org: str, bucket: Any) -> str:  # noqa: ANN401
        api, name = self._client.authorizations_api(), self._plan.name
        for one in api.find_authorizations(org_id=org):
            if (one.description, one.status) == (name, "active") and one.token and _is_for(one, bucket.id):
                return str(one.token)
        resource = _library.PermissionResource(type="buckets", id=bucket.id, org_id=org)
        permissions = [_library.Permission(action=action, resource=resource) for action in ("read", "write")]
        wanted = _library.Authorization(org_id=org, permissions=permissions, description=name)
        return str(self._new(f"token {name}", api.create_authorization(authorization=wanted)).token)

    def _new(self, what: str, made: Any) -> Any:  # noqa: ANN401
        self._made.append(what)
        return made


def _is_for(token: Any, bucket: str) -> bool:  # noqa: ANN401
    allowed = [
        (permission.action, permission.resource.type, permission.resource.id) for permission in token.permissions
    ]
    return sorted(allowed) == [("read", "buckets", bucket), ("write", "buckets", bucket)]
