"""A device on the bench: a product with chosen limits on skin that does what a test says."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from firmware_bridge.virtual.hets.codes import Feature
from firmware_bridge.virtual.hets.control import control
from firmware_bridge.virtual.hets.device import VirtualDevice
from firmware_bridge.virtual.hets.happenings import Ended, Recorded, Sampled
from firmware_bridge.virtual.hets.products import MASK, Product
from firmware_bridge.virtual.physics.sensing import Handling, Sensed
from vocabulary.identity import DeviceUid

UID = DeviceUid("0011223344556677")


def seconds(count):
    return timedelta(seconds=count)


class SteadySkin:
    """Delivers what is asked, at a temperature and with a contact that a test sets."""

    def __init__(self):
        self.handling = Handling(on_skin=True)
        self.skin_celsius = 34.0
        self.impedance_ohm = None
        self.touching = True

    @property
    def contact(self):
        return self.touching

    def second(self, level, zone):
        del zone
        return Sensed(level, level / 1000, self.skin_celsius, self.impedance_ohm, self.touching, moving=False)

    def rest(self, lasting):
        pass


class Bench:
    """A device that has just been switched on, its skin, and what has happened to it so far."""

    def __init__(self, product: Product = MASK, **limits):
        self.skin = SteadySkin()
        chance = Random(7)  # no secret
        self.device = VirtualDevice(with_limits(product, **limits), UID, self.skin, chance)
        self.device.power_on()
        self._happened = []

    def wait(self, count):
        self.device.advance(self.device.now + seconds(count))

    def ask(self, request):
        return control(self.device, bytes.fromhex(request)).hex()

    def happened(self, kind):
        self._happened.extend(self.device.collect())
        return [happening for happening in self._happened if isinstance(happening, kind)]

    @property
    def samples(self):
        return self.happened(Sampled)

    @property
    def records(self):
        return [recorded.record for recorded in self.happened(Recorded)]

    @property
    def ends(self):
        return [(ended.reason.name, ended.samples) for ended in self.happened(Ended)]

    @property
    def state(self):
        return self.device.read_state()

    @property
    def lockout(self):
        return self.state[1]

    @property
    def faults(self):
        return self.state[16]


def with_limits(product, **limits):
    return replace(product, limits=replace(product.limits, **limits))


def with_feature(product, feature: Feature):
    return replace(product, features=product.features | {feature})
