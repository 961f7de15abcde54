"""Rules about what was done, where, and to whom."""

from typing import Final

from clinical.facts import SessionFacts
from clinical.misuse.rules import rule
from clinical.regimen import Limits
from clinical.verdicts import CLEAR, Evidence, Outcome, Verdict, fires, undetermined
from vocabulary.devices import Modality, Zone
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

LEVEL_UNITS: Final = {Modality.LED: Unit.MILLIWATT_PER_CM2, Modality.RF: Unit.WATT}
"""In what the level of a modality is counted."""


@rule("wrong-programme", version=1, severity=Severity.LOW)
def wrong_programme(session: SessionFacts, _limits: Limits) -> Verdict:
    """The session ran a programme that the regimen does not name.

    Cause: a slip at the button, curiosity, a device that came with another programme first.
    Consequence: another light, level or duration than was meant; with the wrong wavelength, another treatment.
    Action: name the programme to use, by its button.
    Time to respond: one week.
    Source: the programmes of the regimen; red, near infrared and blue differ in targets, limits and dangers.
    """
    if session.planned is None or not session.planned.programs:
        return CLEAR
    if session.told is None:
        return undetermined("The device's record, which names the programme, is not here yet")
    if session.told.program in session.planned.programs:
        return CLEAR
    meant = " or ".join(str(one) for one in session.planned.programs)
    return fires(f"Programme {session.told.program} instead of {meant}", Evidence())


@rule("wrong-zone", version=1, severity=Severity.LOW)
def wrong_zone(session: SessionFacts, _limits: Limits) -> Verdict:
    """Skin was treated that the regimen leaves out.

    Cause: a habit from another device, or hope for more.
    Consequence: eyelids, lips and thyroid are not to be treated at all; elsewhere, a dose nobody planned.
    Action: go through the zones; ask about eyelids and neck.
    Time to respond: one week.
    Source: the zones of the regimen; instructions of home RF devices on lips, eyelids and thyroid.
    """
    planned, told = session.planned, session.told
    if planned is None or not planned.zones or Zone.WHOLE_FACE in planned.zones:
        return CLEAR
    if told is None or not told.zones:
        return undetermined("Which zones were treated is not known")
    outside = [zone for zone in told.zones if zone not in planned.zones]
    if not outside:
        return CLEAR
    return fires(f"Treated {', '.join(outside)}; prescribed {', '.join(planned.zones)}", Evidence())


@rule("wrong-level", version=1, severity=Severity.LOW)
def wrong_level(session: SessionFacts, _limits: Limits) -> Verdict:
    """The device emitted stronger or weaker than the regimen says.

    Cause: another level chosen, a battery near its end, an emitter that ages or fails.
    Consequence: the same minutes give another dose; with RF, more heat than was meant.
    Action: name the level to use; if it was chosen, look at the device.
    Time to respond: one week.
    Source: the level of the regimen, against the median of what the device put out.
    """
    wanted, unit = session.planned.level if session.planned else None, LEVEL_UNITS.get(session.modality)
    if wanted is None or unit is None:
        return CLEAR
    level = session.samples.median_level()
    if level is None or not session.recorded:
        return undetermined("How strong the device emitted is not known")
    nearest = min(max(level, wanted.lowest), wanted.highest)
    fraction = session.calibration.dose_fraction
    doubt = level * (fraction or 0)
    if level - doubt >= wanted.lowest and level + doubt <= wanted.highest:
        return CLEAR
    evidence = Evidence(
        measured=Quantity(level, unit),
        limit=Quantity(nearest, unit),
        uncertainty=None if fraction is None else Quantity(doubt, unit),
    )
    because = f"Level {level:.1f} {unit}, prescribed are {wanted.lowest:g} to {wanted.highest:g}"
    if abs(level - nearest) > doubt:
        return fires(because, evidence)
    return undetermined(f"{because}, within what the device's calibration leaves open", evidence)


@rule("contraindicated", version=1, severity=Severity.MEDIUM)
def contraindicated(session: SessionFacts, _limits: Limits) -> Verdict:
    """The session was one that this patient's skin is not to have.

    Cause: a new drug that makes skin sensitive to light, a phototype that nobody asked for, a borrowed device.
    Consequence: with blue light and a photosensitiser, burns and pigment; at the eye, damage that stays.
    Action: ask about drugs and about skin; hold the treatment until that is clear.
    Time to respond: one day.
    Source: leaflets of home LED masks exclude every photosensitiser; they act by ultraviolet and blue light most.
    Phototypes are the regimen's: home RF is cleared for I to IV (DEN150005, K220322).
    """
    skin, light = _wrong_skin(session), _wrong_light(session)
    if skin is CLEAR or light.outcome is Outcome.FIRES:
        return light
    return light if light is not CLEAR and skin.outcome is not Outcome.FIRES else skin


def _wrong_skin(session: SessionFacts) -> Verdict:
    allowed, skin = session.planned.phototypes if session.planned else (), session.wearer.phototype
    if not allowed or skin in allowed:
        return CLEAR
    if skin is None:
        return undetermined("The regimen is for some phototypes only, and nobody has noted the patient's")
    return fires(f"Phototype {skin}, and the regimen is for {', '.join(allowed)}", Evidence())


def _wrong_light(session: SessionFacts) -> Verdict:
    bands, sensitive = session.bands(), session.wearer.photosensitised
    if session.modality is not Modality.LED or sensitive is False:
        return CLEAR
    if bands is None and sensitive:
        return undetermined("The skin is sensitive to light, and whether this was blue is not known")
    if bands is None or Band.BLUE not in bands:
        return CLEAR
    if sensitive is None:
        return undetermined("Blue light, and nobody has asked for photosensitising drugs")
    return fires("Blue light on skin that a drug or a disorder makes sensitive to it", Evidence())
