"""A service that is running, over a clinic of ten patients."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx

from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.cohort import Treated
from tests.monitor_api.screens.house import House


@dataclass
class Site:
    """A service that is running, over a clinic that tests only read; `clinic` makes one to write to."""

    house: House
    civil: Callable[[], datetime]
    quay: Clinic
    cohort: dict[str, Treated]
    users: dict[str, UUID] = field(default_factory=dict)
    drafts: dict[str, UUID] = field(default_factory=dict)
    candidates: dict[str, UUID] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.house.url

    def clinic(self, **about) -> Clinic:
        """A new one, in which it is now what the service's clock says."""
        return Clinic(self.house.database, self.house.telemetry, **({"now": self.civil()} | about))

    def visitor(self, user: UUID | str | None = None) -> httpx.Client:
        """A browser without scripts; `user` is an id, or a role of the clinic that tests only read."""
        id_ = self.users[user] if isinstance(user, str) else user
        cookies = {"lumenward": self.quay.log_in(id_)} if id_ else {}
        return httpx.Client(base_url=self.url, cookies=cookies, headers={"Accept": "text/html"}, timeout=10)

    def path(self, name: str) -> str:
        """The page of a patient of the cohort."""
        return f"/patients/{self.cohort[name].id}"

    def session(self, name: str) -> str:
        """The page of the last session of a patient of the cohort."""
        return f"/sessions/{self.cohort[name].sessions[-1]}"

    def regimen(self, name: str) -> str:
        """The page of the regimen of a patient of the cohort."""
        return f"/regimens/{self.cohort[name].regimen}"

    def prescribe(self, name: str) -> str:
        """The page where a prescription for a patient of the cohort begins."""
        return f"{self.path(name)}/prescribe"

    def draft(self, name: str) -> str:
        """The page of the draft for a patient of the cohort."""
        return f"/drafts/{self.drafts[name]}"

    def sign(self, name: str) -> str:
        """The page on which that draft is signed."""
        return f"{self.draft(name)}/sign"

    def candidate(self, name: str) -> str:
        """The page of a candidate in the shadow."""
        return f"/candidates/{self.candidates[name]}"

    def hold(self, name: str) -> str:
        """The page that asks why to hold the device of a patient of the cohort."""
        return f"/devices/{self.cohort[name].uid}/hold"
