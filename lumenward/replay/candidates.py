"""A candidate: rules left out and limits changed, read from a TOML file, to be run beside what holds now."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor_api.cohorts.replay import AS_THEY_ARE, OtherLimits, Ruling
from vocabulary.devices import Modality
from vocabulary.errors import SettingsError
from vocabulary.identity import PatientId, RuleId
from vocabulary.settings import problems_of

_Positive = Annotated[float, Field(gt=0)]


class _Limits(BaseModel):
    """Limits of one modality, as the file says them; `patient`: of one patient only."""

    model_config = ConfigDict(extra="forbid")

    patient: UUID | None = None
    duration_min: _Positive | None = None
    dose_fraction: Annotated[float, Field(ge=1)] | None = None
    skin_celsius: Annotated[float, Field(ge=35, le=45)] | None = None
    skin_grace_s: Annotated[float, Field(ge=0)] | None = None
    rest_h: _Positive | None = None
    contact_grace_s: Annotated[float, Field(ge=0)] | None = None

    def limits(self) -> OtherLimits:
        """As the replay takes them."""
        return OtherLimits(
            duration=None if self.duration_min is None else timedelta(minutes=self.duration_min),
            dose_fraction=self.dose_fraction,
            skin_celsius=self.skin_celsius,
            skin_grace=None if self.skin_grace_s is None else timedelta(seconds=self.skin_grace_s),
            rest=None if self.rest_h is None else timedelta(hours=self.rest_h),
            contact_grace=None if self.contact_grace_s is None else timedelta(seconds=self.contact_grace_s),
        )


class _File(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    without: list[str] = []
    limits: dict[Modality, _Limits] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Rules, by name, that would no longer be asked, and limits that would take the place of the regimens' own.

    `only`: whose regimens those are, by modality; everybody's where it says nothing.
    """

    without: frozenset[RuleId]
    limits: tuple[tuple[Modality, OtherLimits], ...]
    only: tuple[tuple[Modality, PatientId], ...] = ()

    def ruling(self, patient: PatientId) -> Ruling:
        """What a replay of somebody is asked to go by."""
        now, only = AS_THEY_ARE.without(self.without), dict(self.only)
        limits = {modality: limits for modality, limits in self.limits if only.get(modality, patient) == patient}
        return Ruling(rules=now.rules, course_rules=now.course_rules, limits=limits)


def read_candidate(path: Path) -> Candidate:
    """Read a candidate. Raises SettingsError."""
    try:
        asked = _File.model_validate(tomllib.loads(path.read_text()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(str(path), {"file": str(error)}, "Nothing was replayed.") from error
    except ValidationError as error:
        raise SettingsError(str(path), problems_of(error), "docs/replay.md has an example.") from None
    known = {rule.id for rule in AS_THEY_ARE.rules} | {rule.id for rule in AS_THEY_ARE.course_rules}
    unknown = sorted(set(asked.without) - known)
    if unknown:
        problem = f"there is no rule {', '.join(unknown)}"
        raise SettingsError(str(path), {"without": problem}, "docs/rules.md names them all.")
    return Candidate(
        without=frozenset(RuleId(name) for name in asked.without),
        limits=tuple((modality, limits.limits()) for modality, limits in asked.limits.items()),
        only=tuple((one, PatientId(limits.patient)) for one, limits in asked.limits.items() if limits.patient),
    )
