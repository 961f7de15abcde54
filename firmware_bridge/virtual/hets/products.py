"""The two virtual products: what they declare, their programmes and the limits built into them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from firmware_bridge.virtual.hets.clock import SECOND
from firmware_bridge.virtual.hets.codes import Feature, Modality, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a person selects: how long, how strong (mW/cm² or W), and where.

    Several zones are treated in their order, each for an equal share of the time.
    """

    planned: timedelta
    level: float
    zones: tuple[Zone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the device itself refuses or ends, whatever anybody asks for."""

    longest: timedelta
    highest_level: float
    cut_off_celsius: float
    cut_off_tolerance_celsius: float
    restart_celsius: float
    contact_to_start: bool
    contact_patience: timedelta | None
    dry_ohm: float | None
    pause_patience: timedelta
    cool_down: timedelta | None
    battery_to_start_percent: int
    battery_to_go_on_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A model of device. `firmware` is the u32 of its records, major version first."""

    manufacturer: str
    model: str
    modality: Modality
    features: frozenset[Feature]
    zones: frozenset[Zone]
    programs: tuple[Program, ...]
    limits: Limits
    max_records: int
    firmware: int

    def allows(self, program: Program) -> bool:
        """Whether this product can do that: within its limits, on zones that it has."""
        return (
            SECOND <= program.planned <= self.limits.longest
            and 0 < program.level <= self.limits.highest_level
            and bool(program.zones)
            and self.zones >= set(program.zones)
        )

    @property
    def firmware_text(self) -> str:
        """As Device Information gives it."""
        major, minor, patch, _ = self.firmware.to_bytes(4, "big")
        return f"{major}.{minor}.{patch}"


def _mask_program(minutes: int) -> Program:
    return Program(planned=timedelta(minutes=minutes), level=30.0, zones=(Zone.WHOLE_FACE,))


def _rf_program(*zones: Zone) -> Program:
    return Program(planned=len(zones) * timedelta(minutes=4), level=10.0, zones=zones)


# 633 and 830 nm, 30 mW/cm², 10 min: domain facts 1.2. Skin-side limits 43 °C from 10 min on: 5.2.
MASK: Final = Product(
    manufacturer="Lumenward",
    model="Virtual LED mask",
    modality=Modality.LED,
    features=frozenset(
        {
            Feature.RECORDS,
            Feature.LIVE,
            Feature.START,
            Feature.PAUSE,
            Feature.SKIN_TEMPERATURE,
            Feature.CONTACT,
            Feature.IRRADIANCE_SENSOR,
            Feature.IDENTIFY,
        }
    ),
    zones=frozenset({Zone.WHOLE_FACE}),
    programs=tuple(_mask_program(minutes) for minutes in (10, 5, 15, 20)),
    limits=Limits(
        longest=timedelta(minutes=60),
        highest_level=40.0,
        cut_off_celsius=43.0,
        cut_off_tolerance_celsius=0.5,
        restart_celsius=41.0,
        contact_to_start=False,
        contact_patience=None,
        dry_ohm=None,
        pause_patience=timedelta(minutes=10),
        cool_down=None,
        battery_to_start_percent=10,
        battery_to_go_on_percent=2,
    ),
    max_records=128,
    firmware=0x02010000,
)

# 1 MHz, 10 W into 360 Ω, 4 min a zone, cut-off at 42 ± 0.5 °C: domain facts 2.2 and 2.3.
RF: Final = Product(
    manufacturer="Lumenward",
    model="Virtual RF device",
    modality=Modality.RF,
    features=frozenset(
        {
            Feature.RECORDS,
            Feature.LIVE,
            Feature.START,
            Feature.PAUSE,
            Feature.ZONES,
            Feature.SKIN_TEMPERATURE,
            Feature.CONTACT,
            Feature.IMPEDANCE,
            Feature.MOTION,
            Feature.REAL_TIME_CLOCK,
            Feature.IDENTIFY,
        }
    ),
    zones=frozenset({Zone.FOREHEAD, Zone.CHEEK_LEFT, Zone.CHEEK_RIGHT, Zone.JAW_LEFT, Zone.JAW_RIGHT}),
    programs=(
        _rf_program(Zone.CHEEK_LEFT),
        _rf_program(Zone.CHEEK_RIGHT),
        _rf_program(Zone.FOREHEAD),
        _rf_program(Zone.JAW_LEFT),
        _rf_program(Zone.JAW_RIGHT),
        _rf_program(Zone.CHEEK_LEFT, Zone.CHEEK_RIGHT),
    ),
    limits=Limits(
        longest=timedelta(minutes=20),
        highest_level=12.0,
        cut_off_celsius=42.0,
        cut_off_tolerance_celsius=0.5,
        restart_celsius=41.5,
        contact_to_start=True,
        contact_patience=timedelta(seconds=30),
        dry_ohm=1000.0,
        pause_patience=timedelta(minutes=5),
        cool_down=None,
        battery_to_start_percent=10,
        battery_to_go_on_percent=2,
    ),
    max_records=128,
    firmware=0x01030000,
)

PRODUCTS: Final = {"mask": MASK, "rf": RF}
"""By the name that a home's definition uses."""
