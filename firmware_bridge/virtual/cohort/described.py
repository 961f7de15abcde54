"""The devices of a person as the store knows them: what they say they are, and up to when their records are here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from clinical.course import ClockStep, CourseDevice, Interval, MissingRecords, RecordProof, SerialGiven
from clinical.facts import Calibration
from firmware_bridge.virtual.cohort.deeds import Spell
from firmware_bridge.virtual.cohort.labels import Done
from firmware_bridge.virtual.cohort.reach import tampered_by
from firmware_bridge.virtual.cohort.span import Cohort
from firmware_bridge.virtual.cohort.told import Told
from firmware_bridge.virtual.cohort.units import DeviceUnit
from vocabulary.devices import DeviceState
from vocabulary.identity import DeviceUid
from vocabulary.light import BandOutput

EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before the first session of any device."""


def firmware_of(unit: DeviceUnit, spells: Iterable[Spell]) -> str:
    """What runs on a unit; one that is recalled where that is the story."""
    product = unit.product
    if any(spell.kind is Done.RECALLED_FIRMWARE and spell.modality is product.modality for spell in spells):
        return product.recalled[0]
    return next(version for version in reversed(product.firmware) if version not in product.recalled)


def describe(
    unit: DeviceUnit, told: Sequence[Told], spells: tuple[Spell, ...], cohort: Cohort
) -> Iterator[CourseDevice]:
    """A unit, and its clone where there is one."""
    product = unit.product
    heard = max((one.passage.heard_at for one in told if one.passage), default=None)
    device = CourseDevice(
        uid=unit.uid,
        modality=product.modality,
        model=product.model,
        serial=unit.serial,
        firmware=firmware_of(unit, spells),
        features=product.features,
        outputs=_outputs(unit),
        given=(Interval(from_at=cohort.from_at, until_at=None),),
        proof=_proof(told),
        heard_at=heard,
        said=None if heard is None else DeviceState.READY,
        recalled_firmware=product.recalled,
        calibration=Calibration(dose_fraction=product.dose_fraction, skin_celsius=product.skin_celsius),
        serials=(SerialGiven(serial=unit.serial, first_at=cohort.from_at),),
        clock_steps=_clock_steps(told),
    )
    yield device
    if any(spell.kind is Done.CLONED_SERIAL and spell.modality is product.modality for spell in spells):
        twin = DeviceUid(f"{0x4C57CF:06x}{unit.uid[6:]}")
        yield replace(device, uid=twin, proof=None)


def _clock_steps(told: Sequence[Told]) -> tuple[ClockStep, ...]:
    """A gateway that meets a device whose clock was put back sees that it jumped, and by how much."""
    first = next((one for one in told if one.lived.in_spell(Done.CLOCK_TAMPERED) and one.passage), None)
    if first is None or first.passage is None:
        return ()
    step = ClockStep(
        shown_by=str(first.session),
        at=first.passage.heard_at,
        by=tampered_by(first.lived),
        doubt=timedelta(seconds=2),
    )
    return (step,)


def _outputs(unit: DeviceUnit) -> tuple[BandOutput, ...]:
    product = unit.product
    return tuple(
        BandOutput(
            program=program.number,
            band=light.band,
            wavelength_nm=light.wavelength_nm,
            irradiance_mw_per_cm2=light.irradiance_mw_per_cm2,
            uncertainty_fraction=product.dose_fraction,
            source=f"calibration sheet of {product.maker}",
        )
        for program in product.programs
        for light in program.lights
    )


def _proof(told: Sequence[Told]) -> RecordProof | None:
    """Records are read in a row at each contact: up to the last contact none can still come but those that are lost."""
    contacts = [one.passage.heard_at for one in told if one.passage and one.passage.recorded]
    if not contacts:
        return None
    until = max(contacts)
    missing = (_missing(one, contacts) for one in told if one.lived.ended < until)
    return RecordProof(until=until, missing=tuple(one for one in missing if one is not None))


def _missing(told: Told, contacts: Iterable[datetime]) -> MissingRecords | None:
    """A session that was counted between two contacts and whose record is lost; None where it is here."""
    if told.passage and told.passage.recorded:
        return None
    began, ended = told.lived.act.began, told.lived.ended
    after, before = max((at for at in contacts if at <= began), default=EVER), min(at for at in contacts if at > ended)
    return MissingRecords(count=1, after=after, before=before, known_at=before)
