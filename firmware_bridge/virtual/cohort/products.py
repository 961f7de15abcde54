"""What people have at home: invented makers, whose devices put out what products of their kind do."""

from dataclasses import dataclass
from typing import Final

from vocabulary.devices import Feature, Modality, Zone
from vocabulary.light import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """What a programme puts out in one band at the skin."""

    band: Band
    wavelength_nm: int
    irradiance_mw_per_cm2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A programme of a product: how long it runs, and its light or its power."""

    number: int
    seconds: int
    lights: tuple[Light, ...] = ()
    power_w: float = 0.0

    @property
    def level(self) -> float:
        """Irradiance over all bands, or power."""
        return sum(light.irradiance_mw_per_cm2 for light in self.lights) or self.power_w

    @property
    def dose(self) -> float:
        """What a whole run of it delivers: J/cm² of light, J of RF."""
        return self.seconds * self.level / (1000 if self.lights else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A model: programme 1 is the one that is prescribed. Uncertainties are those of its calibration sheet."""

    maker: str
    model: str
    modality: Modality
    features: tuple[Feature, ...]
    zones: tuple[Zone, ...]
    programs: tuple[Program, ...]
    firmware: tuple[str, ...]
    recalled: tuple[str, ...]
    dose_fraction: float
    skin_celsius: float | None

    def program(self, number: int) -> Program:
        """A programme by its number."""
        return self.programs[number - 1]


def _light(band: Band, nm: int, irradiance: float) -> Light:
    return Light(band=band, wavelength_nm=nm, irradiance_mw_per_cm2=irradiance)


_KEEPS: Final = (Feature.RECORDS, Feature.LIVE, Feature.CONTACT)
_FACE: Final = (Zone.WHOLE_FACE,)
_CHEEKS: Final = (Zone.CHEEK_LEFT, Zone.CHEEK_RIGHT)

PRODUCTS: Final[tuple[Product, ...]] = (  # levels and durations: domain facts 1.2 and 2.2
    Product(
        maker="Aurelia",
        model="Aurelia Veil",
        modality=Modality.LED,
        features=(*_KEEPS, Feature.SKIN_TEMPERATURE, Feature.IRRADIANCE_SENSOR),
        zones=_FACE,
        programs=(
            Program(number=1, seconds=600, lights=(_light(Band.RED, 633, 18.0), _light(Band.NEAR_INFRARED, 830, 14.0))),
            Program(number=2, seconds=900, lights=(_light(Band.BLUE, 415, 20.0), _light(Band.RED, 633, 10.0))),
        ),
        firmware=("1.3.0", "1.4.2", "1.4.3"),
        recalled=("1.4.2",),
        dose_fraction=0.05,
        skin_celsius=0.5,
    ),
    Product(
        maker="Brightwell",
        model="Brightwell Trial 9",
        modality=Modality.LED,
        features=(*_KEEPS, Feature.EYE_SHIELD, Feature.MOTION),
        zones=_FACE,
        programs=(
            Program(number=1, seconds=540, lights=(_light(Band.RED, 630, 10.0), _light(Band.NEAR_INFRARED, 850, 10.0))),
            Program(number=2, seconds=300, lights=(_light(Band.BLUE, 420, 30.0),)),
        ),
        firmware=("2.0.1", "2.1.0"),
        recalled=("2.0.0",),
        dose_fraction=0.08,
        skin_celsius=None,
    ),
    Product(
        maker="Lucerna",
        model="Lucerna Three",
        modality=Modality.LED,
        features=(*_KEEPS, Feature.EYE_SHIELD),
        zones=_FACE,
        programs=(
            Program(number=1, seconds=180, lights=(_light(Band.RED, 633, 68.0),)),
            Program(number=2, seconds=540, lights=(_light(Band.RED, 633, 73.0),)),
        ),
        firmware=("5.2", "5.3"),
        recalled=("5.2",),
        dose_fraction=0.1,
        skin_celsius=None,
    ),
    Product(
        maker="Thermelle",
        model="Thermelle One",
        modality=Modality.RF,
        features=(*_KEEPS, Feature.SKIN_TEMPERATURE, Feature.IMPEDANCE, Feature.MOTION),
        zones=_CHEEKS,
        programs=(
            Program(number=1, seconds=480, power_w=7.5),
            Program(number=2, seconds=480, power_w=10.0),
        ),
        firmware=("3.0.0", "3.0.4"),
        recalled=("3.0.0",),
        dose_fraction=0.1,
        skin_celsius=0.3,
    ),
    Product(
        maker="Ondine",
        model="Ondine Lift",
        modality=Modality.RF,
        features=(*_KEEPS, Feature.SKIN_TEMPERATURE, Feature.IMPEDANCE),
        zones=_CHEEKS,
        programs=(
            Program(number=1, seconds=300, power_w=5.7),
            Program(number=2, seconds=600, power_w=5.7),
        ),
        firmware=("0.9.8", "1.0.0"),
        recalled=("0.9.7",),
        dose_fraction=0.1,
        skin_celsius=0.5,
    ),
)


def of_modality(modality: Modality) -> tuple[Product, ...]:
    """All products of one modality."""
    return tuple(product for product in PRODUCTS if product.modality is modality)
