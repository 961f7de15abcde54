"""The course of the made-up patient in the API's description; checked like any other code."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from clinical.adherence.definitions import FREQUENCY
from clinical.adherence.horizon import Standing
from clinical.adherence.slots import SlotState
from clinical.adherence.states import Engagement
from clinical.misuse.overuse import too_many_a_day
from clinical.practice import PRACTICE
from clinical.regimen import Phototype
from clinical.verdicts import Outcome
from monitor_api.cohorts.candidate import AskedCandidate
from monitor_api.http.deeds.courses import Output, Outputs, Recall, Skin
from monitor_api.http.queries.courses import (
    EnergyRow,
    PatientCourse,
    PatientEnergy,
    SeenBetween,
    SeenEpisode,
    SeenHorizon,
    SeenMeasure,
    SeenReach,
    SeenSlot,
    SeenStrand,
)
from monitor_api.http.queries.excuses import Excuses, SeenExcuse
from monitor_api.http.queries.previews import LOOKS_BACK, RegimenPreview, SeenCall, SeenCalls
from monitor_api.http.queries.shadows import PatientCall, SeenShadow, ShadowDetail, ShadowRule, Shadows
from monitor_api.http.routes.examples import AT, DEVICE, PATIENT, SUMMARY, USER
from monitor_api.records.shadows import LASTS
from vocabulary.devices import Modality, Zone
from vocabulary.identity import finding_id
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit

_MEASURE: Final = SeenMeasure(
    definition=FREQUENCY.id,
    version=FREQUENCY.version,
    title=FREQUENCY.title,
    words=FREQUENCY.told(PRACTICE),
    share=SeenBetween(low=0.75, high=0.83),
    target=0.7,
    met=True,
    coverage=0.92,
    due=12,
    excused=0,
    first=date(2026, 2, 2),
    end=date(2026, 3, 2),
)
_HORIZON: Final = SeenHorizon(
    definition=FREQUENCY.id,
    standing=Standing.REACHABLE,
    proven=SeenReach(last_day=date(2026, 3, 5), misses=1, secured=False),
    possible=SeenReach(last_day=date(2026, 3, 7), misses=2, secured=False),
)
_SLOT: Final = SeenSlot(
    first=date(2026, 2, 23),
    end=date(2026, 3, 2),
    state=SlotState.TAKEN,
    sessions=(SUMMARY.id,),
    because="the planned dose",
)
_EPISODE: Final = SeenEpisode(
    id=finding_id(too_many_a_day.id, PATIENT.id, str(SUMMARY.id)),
    rule=too_many_a_day.id,
    rule_version=too_many_a_day.version,
    title=too_many_a_day.title,
    severity=too_many_a_day.severity,
    outcome=Outcome.FIRES,
    because="2 sessions in one therapy day, 1 is planned",
    sessions=(SUMMARY.id,),
    began_at=AT,
    cleared_at=None,
)
COURSE: Final = PatientCourse(
    patient_id=PATIENT.id,
    zone=PATIENT.zone,
    today=AT.date(),
    as_of=AT,
    judged_at=AT - timedelta(minutes=4),
    strands=(
        SeenStrand(
            modality=Modality.RF,
            engagement=Engagement.ACTIVE,
            measures=(_MEASURE,),
            horizon=_HORIZON,
            slots=(_SLOT,),
        ),
    ),
    episodes=(_EPISODE,),
)
_ROW: Final = EnergyRow(
    zone=Zone.CHEEK_LEFT,
    band=Band.RED,
    unit=Unit.JOULE_PER_CM2,
    delivered=SeenBetween(low=15.3, high=20.7),
    worn=SeenBetween(low=14.5, high=20.7),
    told=Quantity(18.0, Unit.JOULE_PER_CM2),
    calibrated=True,
    sessions=1,
)
ENERGY: Final = PatientEnergy(patient_id=PATIENT.id, as_of=AT, day=(), week=(_ROW,))
EXCUSE: Final = SeenExcuse(
    id=UUID(int=12, version=4),
    patient_id=PATIENT.id,
    from_at=AT + timedelta(days=7),
    until_at=AT + timedelta(days=14),
    because="Travels without the device",
    noted_by=USER.id,
    noted_at=AT,
    withdrawn_at=None,
)
EXCUSES: Final = Excuses(items=(EXCUSE,))
WITHDRAWN: Final = replace(EXCUSE, withdrawn_at=AT + timedelta(days=1))
PREVIEW: Final = RegimenPreview(
    patient_id=PATIENT.id,
    modality=Modality.RF,
    from_at=AT - LOOKS_BACK,
    as_of=AT,
    sessions=38,
    would_start=SeenCalls(
        count=1,
        newest=(
            SeenCall(
                rule=too_many_a_day.id,
                rule_version=too_many_a_day.version,
                title=too_many_a_day.title,
                severity=too_many_a_day.severity,
                at=AT,
                sessions=(SUMMARY.id,),
                because=_EPISODE.because,
            ),
        ),
    ),
    would_stop=SeenCalls(count=0, newest=()),
    would_stay=SeenCalls(count=0, newest=()),
)
SHADOW: Final = SeenShadow(
    id=UUID(int=13, version=4),
    because="Fewer calls for one missed evening?",
    candidate=AskedCandidate(figures={"silence_intervals": 2}),
    from_at=AT,
    until_at=AT + LASTS,
    started_by=USER.id,
    ended_at=None,
    ended_by=None,
    problem=None,
)
SHADOWS: Final = Shadows(items=(SHADOW,))
SHADOW_DETAIL: Final = ShadowDetail(
    shadow=SHADOW,
    patients=118,
    waiting=2,
    not_tried=(),
    oldest_judged_at=AT + timedelta(hours=30),
    sessions=211,
    rules=(
        ShadowRule(
            rule=too_many_a_day.id,
            title=too_many_a_day.title,
            severity=too_many_a_day.severity,
            would_start=1,
            would_stop=0,
            would_stay=4,
        ),
    ),
    would_start=(PatientCall(patient_id=PATIENT.id, call=PREVIEW.would_start.newest[0]),),
    would_stop=(),
)
SKIN: Final = Skin(phototype=Phototype.III, photosensitised=False)
OUTPUTS: Final = Outputs(
    outputs=(
        Output(program=0, band=Band.RED, wavelength_nm=633, irradiance_mw_per_cm2=32.0, uncertainty_fraction=0.15),
    ),
    dose_uncertainty_fraction=0.1,
    skin_uncertainty_celsius=0.5,
    source="Integrating sphere, clinic laboratory, 2026-02-11",
)
RECALL: Final = Recall(model=DEVICE.model or "", firmware="1.4.2", because="Its cut-off is late")
