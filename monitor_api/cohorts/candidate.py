"""A candidate: rules left out, limits and figures changed, to be held beside what holds now before it takes effect."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from clinical.errors import PracticeRefused
from clinical.figures import decide
from monitor_api.cohorts.replay import AS_THEY_ARE, OtherLimits, Ruling
from monitor_api.errors import CandidateRefused
from vocabulary.devices import Modality
from vocabulary.identity import PatientId, RuleId
from vocabulary.settings import problems_of

_MOST: Final = 100
"""Names in one list: more than there are."""

_Name = Annotated[str, Field(min_length=1, max_length=40)]
_Finite = Field(allow_inf_nan=False)
_Minutes = Annotated[float, Field(gt=0, le=1440), _Finite]
_Hours = Annotated[float, Field(gt=0, le=1440), _Finite]
_Seconds = Annotated[float, Field(ge=0, le=86_400), _Finite]


class AskedLimits(BaseModel):
    """Limits in the place of the regimens' own, null where those stay.

    `dose_fraction` is of the strongest planned dose. `patient`: whose regimens alone; everybody's where it is null.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    patient: UUID | None = None
    duration_min: _Minutes | None = None
    dose_fraction: Annotated[float, Field(ge=1, le=10), _Finite] | None = None
    skin_celsius: Annotated[float, Field(ge=35, le=45), _Finite] | None = None
    skin_grace_s: _Seconds | None = None
    rest_h: _Hours | None = None
    contact_grace_s: _Seconds | None = None

    def limits(self) -> OtherLimits:
        """As a replay takes them."""
        return OtherLimits(
            duration=None if self.duration_min is None else timedelta(minutes=self.duration_min),
            dose_fraction=self.dose_fraction,
            skin_celsius=self.skin_celsius,
            skin_grace=None if self.skin_grace_s is None else timedelta(seconds=self.skin_grace_s),
            rest=None if self.rest_h is None else timedelta(hours=self.rest_h),
            contact_grace=None if self.contact_grace_s is None else timedelta(seconds=self.contact_grace_s),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Rules that would no longer be asked, and limits and figures that would take the place of what holds.

    `only`: whose limits those are, by modality; everybody's where it says nothing. `figures` are a clinic's, by name.
    """

    without: frozenset[RuleId]
    limits: tuple[tuple[Modality, OtherLimits], ...]
    only: tuple[tuple[Modality, PatientId], ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict[str, float])

    def ruling(self, patient: PatientId) -> Ruling:
        """What a replay of somebody is asked to go by."""
        now, only = AS_THEY_ARE.without(self.without), dict(self.only)
        limits = {modality: limits for modality, limits in self.limits if only.get(modality, patient) == patient}
        return Ruling(rules=now.rules, course_rules=now.course_rules, limits=limits, figures=self.figures)


class AskedCandidate(BaseModel):
    """A candidate as people write it: names of rules, limits by modality, figures by the names of the clinic's."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    without: Annotated[tuple[_Name, ...], Field(max_length=_MOST)] = ()
    limits: dict[Modality, AskedLimits] = {}
    figures: Annotated[dict[_Name, JsonValue], Field(max_length=_MOST)] = {}

    def candidate(self, decided: Mapping[str, float] | None = None) -> Candidate:
        """What a replay takes; its figures are held against those that are `decided`.

        Raises CandidateRefused with every reason at once.
        """
        reasons = dict(self._reasons(decided or {}))
        if reasons:
            raise CandidateRefused(reasons)
        return Candidate(
            without=frozenset(RuleId(name) for name in self.without),
            limits=tuple((modality, limits.limits()) for modality, limits in self.limits.items()),
            only=tuple((one, PatientId(limits.patient)) for one, limits in self.limits.items() if limits.patient),
            figures={name: float(number) for name, number in self.figures.items() if isinstance(number, int | float)},
        )

    def _reasons(self, decided: Mapping[str, float]) -> Iterator[tuple[str, str]]:
        unknown = sorted(set(self.without) - _RULES)
        if unknown:
            yield "without", f"there is no rule {', '.join(unknown)}"
        try:
            decide({**decided, **self.figures})
        except PracticeRefused as error:
            yield from ((f"figures.{name}", reason) for name, reason in error.reasons.items())
        changes = any(limits.limits() != OtherLimits() for limits in self.limits.values())
        if not (self.without or changes or self.figures):
            yield "candidate", "changes nothing: name rules to leave out, limits or figures"


def read_candidate(text: str) -> AskedCandidate:
    """A candidate as people write it in TOML. Raises CandidateRefused with every reason at once."""
    try:
        return AskedCandidate.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CandidateRefused({"toml": str(error)}) from error
    except RecursionError:
        raise CandidateRefused({"toml": "is nested too deeply"}) from None
    except ValidationError as error:
        raise CandidateRefused(problems_of(error)) from None


_RULES: Final = {rule.id for rule in AS_THEY_ARE.rules} | {rule.id for rule in AS_THEY_ARE.course_rules}
