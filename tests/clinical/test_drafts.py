"""Drafts: everything in the way of signing at once, and nothing that hangs on what is not written yet."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.errors import RegimenRefused
from clinical.regimen import NO_LIMITS, Prescription
from clinical.regimen.checks import contradictions
from clinical.regimen.drafts import NEEDED, finished, reasons_to_wait
from clinical.regimen.templates import TEMPLATES, Template
from clinical.regimen.written import read, write
from vocabulary.devices import Modality

LED = Modality.LED
BLANK = write(Prescription(modality=LED, phases=(), limits=NO_LIMITS))
PHASE = {
    "weeks": 4,
    "timing": {"frequency": 5, "period_days": 7, "weekdays": []},
    "duration_s": 600,
    "dose": {"value": 36, "unit": "J/cm2"},
}
CAP = {"window_s": 604800, "dose": {"value": 200, "unit": "J/cm2"}, "band": None, "zone": None}
MISSING = "has to be filled in"


def draft(phase: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    return deepcopy(BLANK | {"phases": [PHASE | (phase or {})]} | parts)


def test_a_draft_that_is_whole_and_agrees_with_itself_is_the_prescription_it_says():
    assert reasons_to_wait(draft(), LED) == {}
    assert write(finished(draft(), LED)) == draft()


def test_what_is_missing_and_what_contradicts_itself_are_said_at_once():
    holes = {"dose": None, "timing": {"frequency": 0, "period_days": 7, "weekdays": []}}
    said = reasons_to_wait(draft(holes, caps=[CAP | {"window_s": None}], most_per_day=0), LED)
    assert {field: reason == MISSING for field, reason in said.items()} == {
        "phases.0.dose": True,
        "caps.0.window_s": True,
        "phases.0.timing.frequency": False,
        "most_per_day": False,
    }
    with pytest.raises(RegimenRefused) as refused:
        finished(draft(holes, most_per_day=0), LED)
    assert refused.value.reasons.keys() == {"phases.0.dose", "phases.0.timing.frequency", "most_per_day"}


def test_a_draft_of_nothing_says_that_it_has_no_phase():
    assert reasons_to_wait(deepcopy(BLANK), LED).keys() == {"phases"}


def test_a_cap_is_not_held_against_a_dose_that_nobody_wrote():
    low = [CAP | {"dose": {"value": 1, "unit": "J/cm2"}}]
    assert "caps.0.dose" in reasons_to_wait(draft(caps=low), LED)
    assert "caps.0.dose" not in reasons_to_wait(draft({"dose": None}, caps=low), LED)


def test_a_most_in_a_week_is_not_held_against_sessions_that_nobody_counted():
    seldom = {"timing": {"frequency": None, "period_days": None, "weekdays": []}}
    assert "most_per_week" not in reasons_to_wait(draft(seldom, most_per_week=1), LED)


def test_every_limit_of_heat_that_is_named_needs_its_figure():
    levels = {"info_min": 1, "warn_min": None, "alert_min": 5, "stop_min": None}
    assert reasons_to_wait(draft(cem43=levels), LED) == {"cem43.warn_min": MISSING, "cem43.stop_min": MISSING}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_a_template_lacks_what_nobody_published_and_nothing_else(template: Template):
    begun = template.document()
    phases = [{"weeks": None} | one for one in begun["phases"]]
    written = BLANK | begun | {"phases": phases, "limits": BLANK["limits"] | begun.get("limits", {})}
    open_ended = {field for field in template.to_fill if field.endswith(".weeks")}
    assert reasons_to_wait(written, template.modality).keys() == {*template.to_fill} - open_ended


figures = st.integers(1, 60)
doses = st.builds(lambda value: {"value": value, "unit": "J/cm2"}, figures)
whole = st.builds(
    lambda phases, caps, **parts: BLANK | {"phases": phases, "caps": caps} | parts,
    phases=st.lists(
        st.fixed_dictionaries(
            {
                "weeks": st.none() | st.integers(1, 9),
                "timing": st.fixed_dictionaries(
                    {
                        "frequency": st.integers(1, 24),
                        "period_days": st.integers(1, 30),
                        "weekdays": st.sampled_from([[], ["monday"], ["monday", "thursday"]]),
                    }
                ),
                "duration_s": st.integers(1, 7200),
                "dose": doses,
            }
        ),
        max_size=3,
    ),
    caps=st.lists(
        st.builds(lambda window, dose: CAP | {"window_s": window, "dose": dose}, st.integers(1, 10**6), doses),
        max_size=2,
    ),
    most_per_day=st.none() | st.integers(1, 3),
    most_per_week=st.none() | st.integers(1, 21),
    limits=st.builds(
        lambda rest, longest: BLANK["limits"] | {"rest_s": rest, "duration_s": longest},
        st.none() | st.integers(0, 10**6),
        st.none() | st.integers(0, 7200),
    ),
)


@given(written=whole, chosen=st.sets(st.sampled_from(sorted(NEEDED))))
def test_what_a_draft_with_holes_is_told_holds_however_they_are_filled(written, chosen):
    holed = deepcopy(written)
    holes = {hole for pattern in chosen for hole in punch(holed, pattern.split("."), "")}
    said = reasons_to_wait(holed, LED)
    assert {field for field, reason in said.items() if reason == MISSING} == holes
    true = {(field, reason) for field, reason in contradictions(read(written, LED))}
    for field, reasons in said.items():
        if field not in holes:
            assert {(field, one) for one in reasons.split("; ")} <= true


def punch(value: Any, steps: list[str], path: str) -> list[str]:
    """Take something out wherever it is; gives where it was."""
    step, *further = steps
    if value is None:
        return []
    places = range(len(value)) if step == "*" else [step]
    if not further:
        value[step] = None
        return [f"{path}{step}"]
    return [hole for place in places for hole in punch(value[place], further, f"{path}{place}.")]
