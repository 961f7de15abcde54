"""A regimen that contradicts itself is refused, with every reason at once."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from clinical.errors import RegimenRefused
from clinical.regimen import NO_LIMITS, Regimen
from tests.clinical.sessions import LIMITS
from vocabulary.devices import Modality
from vocabulary.identity import RegimenId
from vocabulary.quantities import Quantity, Unit

GOOD = {
    "id": RegimenId(UUID(int=3)),
    "version": 1,
    "modality": Modality.RF,
    "sessions_per_week": 3,
    "duration": timedelta(minutes=4),
    "dose": Quantity(1800.0, Unit.JOULE),
    "limits": LIMITS,
}


def test_a_regimen_that_agrees_with_itself_is_one():
    assert Regimen(**GOOD).limits == LIMITS


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"version": 0}, "version"),
        ({"sessions_per_week": 0}, "sessions_per_week"),
        ({"sessions_per_week": 22}, "sessions_per_week"),
        ({"duration": timedelta(0)}, "duration"),
        ({"duration": timedelta(hours=3)}, "duration"),
        ({"dose": Quantity(18.0, Unit.JOULE_PER_CM2)}, "dose"),
        ({"dose": Quantity(0.0, Unit.JOULE)}, "dose"),
        ({"modality": Modality.EMS}, "dose"),
        ({"limits": replace(LIMITS, dose=Quantity(1799.0, Unit.JOULE))}, "limits.dose"),
        ({"limits": replace(LIMITS, dose=Quantity(20.0, Unit.JOULE_PER_CM2))}, "limits.dose"),
        ({"limits": replace(LIMITS, duration=timedelta(minutes=3))}, "limits.duration"),
        ({"limits": replace(LIMITS, skin_celsius=50.0)}, "limits.skin_celsius"),
        ({"limits": replace(LIMITS, skin_celsius=30.0)}, "limits.skin_celsius"),
        ({"sessions_per_week": 8}, "limits.rest"),
    ],
)
def test_a_contradiction_is_refused_by_its_field(change, field):
    with pytest.raises(RegimenRefused) as refusal:
        Regimen(**{**GOOD, **change})
    assert field in refusal.value.reasons


def test_a_regimen_that_sets_no_limits_is_held_to_those_that_stand_all_the_same():
    held = Regimen(**{**GOOD, "limits": NO_LIMITS}).held_to
    assert held.skin_celsius == 42.5
    assert held.dose == Quantity(pytest.approx(1980.0), Unit.JOULE)
    assert (held.duration, held.rest) == (None, None)


def test_a_limit_that_a_regimen_sets_is_the_one_that_holds():
    assert Regimen(**GOOD).held_to == LIMITS


def test_every_reason_is_given_at_once():
    with pytest.raises(RegimenRefused) as refusal:
        Regimen(**{**GOOD, "sessions_per_week": 0, "duration": timedelta(0), "version": 0})
    assert set(refusal.value.reasons) == {"version", "sessions_per_week", "duration"}
