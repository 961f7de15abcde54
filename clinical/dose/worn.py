"""Whether somebody wore the device: a probability, from its contact, the skin's warming and motion.

The model is naive Bayes in log odds: each sign that the device has says how much likelier what it saw is on a face than
on a table, and a sign that it lacks says nothing. Every parameter is a proposal that a physician owns.
"""

from dataclasses import dataclass
from math import exp, log
from typing import Final

from clinical.course import Between, WearSigns
from clinical.facts import Samples
from vocabulary.devices import Feature
from vocabulary.readings import Sign

_ANY: Final = Between(low=0.0, high=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WornModel:
    """The parameters of the model.

    `contact_when_worn`, `contact_when_not`: the chance that a sample shows contact. `rise_celsius`: a warming that says
    neither; each degree more, or less, counts `log_odds_per_celsius`. `moving_fraction`: motion that says neither.
    `warming_counts`, `motion_counts`: log odds at most, since a lamp warms its own sensor and a table can be knocked.
    """

    prior: float
    contact_when_worn: float
    contact_when_not: float
    rise_celsius: float
    log_odds_per_celsius: float
    warming_counts: float
    moving_fraction: float
    motion_counts: float


PROPOSED: Final = WornModel(
    prior=0.5,  # nothing assumed: people who start a mask mostly wear it, and those who do not are whom we look for
    contact_when_worn=0.95,  # a strapped mask loses contact for a second or two now and then
    contact_when_not=0.05,  # a capacitive sensor on a table, a strap over a chair
    rise_celsius=1.0,  # skin starts at 32-34 °C and a mask's skin side ends at 30-41 °C (domain facts 1.5, 2.3)
    log_odds_per_celsius=2.0,
    warming_counts=2.0,
    moving_fraction=0.01,  # a face moves now and then, a head is to be moved all the time (domain facts 2.3)
    motion_counts=1.0,
)
"""What is assumed until somebody has measured it."""


def worn_probability(signs: WearSigns, model: WornModel = PROPOSED) -> Between | None:
    """The chance that the device was worn; None where it has no sign of it, or none was seen.

    The width is what the samples leave open: those that never came may have been worn, or not.
    """
    odds = [one for one in (_contact(signs, model), _warming(signs, model), _motion(signs, model)) if one is not None]
    if not odds or signs.seen_fraction <= 0:
        return None
    chance = 1 / (1 + exp(-(log(model.prior / (1 - model.prior)) + sum(odds))))
    unseen = 1 - min(signs.seen_fraction, 1.0)
    return Between(low=chance * (1 - unseen), high=chance * (1 - unseen) + unseen)


def wear_signs(samples: Samples, features: tuple[Feature, ...], missing: int) -> WearSigns:
    """What a session's samples say of wear, for the sensors that its device has."""
    emitting = samples.emitting
    skin = [celsius for index in emitting if (celsius := samples.skin_celsius[index]) is not None]
    total = len(samples.sequence) + missing

    def fraction(sensor: Feature, sign: Sign) -> float | None:
        if sensor not in features or not emitting:
            return None
        bit = int(sign)
        return sum(1 for index in emitting if samples.signs[index] & bit) / len(emitting)

    return WearSigns(
        contact_fraction=fraction(Feature.CONTACT, Sign.CONTACT),
        moving_fraction=fraction(Feature.MOTION, Sign.MOVING),
        eye_shield_fraction=fraction(Feature.EYE_SHIELD, Sign.EYE_SHIELD),
        skin_rise_celsius=max(skin) - skin[0] if skin else None,
        seen_fraction=len(samples.sequence) / total if total else 0.0,
    )


def worn_part(signs: WearSigns, probability: Between | None, valid: float) -> Between:
    """The part of a session's dose that reached skin: that of the time with contact, if the device was worn at all.

    By what was seen, it was from a probability of `valid` on, was not where the opposite is as likely, and may have
    been in between. Where it senses no contact, it had it all the time. What was not seen leaves its part of the time
    open.
    """
    if probability is None:
        return _ANY
    unseen, touched = probability.high - probability.low, signs.contact_fraction
    seen = 1 - unseen
    touching = seen if touched is None else seen * touched
    if probability.low >= valid * seen:
        return Between(low=touching, high=touching + unseen)
    return Between(low=0.0, high=unseen if probability.low < (1 - valid) * seen else touching + unseen)


def worn_dose(delivered: Between, part: Between) -> Between:
    """How much of what was delivered reached skin. Of what nothing bounds, no part is nothing."""
    return Between(low=delivered.low * part.low, high=delivered.high * part.high if part.high else 0.0)


def _contact(signs: WearSigns, model: WornModel) -> float | None:
    if signs.contact_fraction is None:
        return None
    touching = log(model.contact_when_worn / model.contact_when_not)
    apart = log((1 - model.contact_when_worn) / (1 - model.contact_when_not))
    return signs.contact_fraction * touching + (1 - signs.contact_fraction) * apart


def _warming(signs: WearSigns, model: WornModel) -> float | None:
    if signs.skin_rise_celsius is None:
        return None
    return _within((signs.skin_rise_celsius - model.rise_celsius) * model.log_odds_per_celsius, model.warming_counts)


def _motion(signs: WearSigns, model: WornModel) -> float | None:
    if signs.moving_fraction is None:
        return None
    more = signs.moving_fraction / model.moving_fraction - 1
    return _within(more * model.motion_counts, model.motion_counts)


def _within(value: float, bound: float) -> float:
    return max(-bound, min(value, bound))
