"""Sessions as seeds make them: what the sensors said, second by second."""

from datetime import timedelta
from itertools import groupby
from random import Random

from firmware_bridge.virtual.physics.mask import MaskPhysics
from firmware_bridge.virtual.physics.rf_head import RfPhysics

SEEDS = range(300)
SETTLING = timedelta(seconds=20)


def mask_session(seed, *, worn=True, seconds=600):
    physics = MaskPhysics(Random(seed))  # chance, not a secret
    physics.handling.on_skin = worn
    physics.rest(SETTLING)
    return [physics.second(30.0, zone=12) for _ in range(seconds)]


def rf_session(seed, *, still_from=None, dry_from=None, seconds=240):
    physics = RfPhysics(Random(seed))  # chance, not a secret
    physics.handling.on_skin = True
    physics.rest(SETTLING)
    sensed = []
    for second in range(seconds):
        physics.handling.held_still = still_from is not None and second >= still_from
        physics.handling.gel_dry = dry_from is not None and second >= dry_from
        sensed.append(physics.second(10.0, zone=3))
    return sensed


def dose(sensed):
    return sum(second.dose for second in sensed)


def celsius(sensed):
    return [second.skin_celsius for second in sensed]


def losses(sensed):
    """How long each loss of contact lasted."""
    return [len(list(run)) for touching, run in groupby(second.contact for second in sensed) if not touching]


def longest_above(sensed, limit):
    runs = groupby(second.skin_celsius > limit for second in sensed)
    return max((len(list(run)) for above, run in runs if above), default=0)
