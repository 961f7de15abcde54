"""Simulated homes: gateways with keys, and the batches that they seal, ten samples each, by the true wire."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from monitor_api.records.database import Database
from monitor_api.records.devices import GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.people import ClinicRow
from vocabulary.devices import DeviceState, Modality
from vocabulary.identity import DeviceUid, GatewayId
from vocabulary.wire.batches import (
    Body,
    Columns,
    LinkStatus,
    SampleBlock,
    SeenClock,
    SeenDevice,
    encode_body,
)
from vocabulary.wire.envelope import Header, seal
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.topics import batch_topic

SAMPLES: Final = 10
"""In one batch."""

SESSION_SAMPLES: Final = 600
"""Ten minutes at one a second."""

CLINIC: Final = UUID(int=1)

_PLACES: Final = 2
"""Decimals of what a device measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A gateway with one device. `began_at`: when the first of its sessions began."""

    gateway: GatewayId
    key: GatewayKey
    epoch: int
    device: DeviceUid
    began_at: datetime

    @property
    def topic(self) -> str:
        """Where it publishes."""
        return batch_topic(self.gateway)


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """Bytes for the broker, and the batch's name."""

    topic: str
    payload: bytes
    gateway: GatewayId
    number: int


def make_homes(count: int) -> list[Home]:
    """Homes whose evening began an hour ago, within ten minutes of each other; keys and epochs by chance."""
    evening = datetime.now(UTC) - timedelta(hours=1)
    return [
        Home(
            gateway=GatewayId(f"home-{index:05}"),
            key=GatewayKey(1, secrets.token_bytes(32)),
            epoch=secrets.randbits(63),
            device=DeviceUid(f"{index + 1:016x}"),
            began_at=evening + timedelta(seconds=index % SESSION_SAMPLES),
        )
        for index in range(count)
    ]


def register(database: Database, homes: list[Home], secret: bytes) -> None:
    """Register homes with one clinic, as an operator does."""
    wrap, at = KeyWrap(secret), datetime.now(UTC) - timedelta(days=1)
    with database.write() as session:
        session.add(ClinicRow(id=CLINIC, name="Bench", zone="UTC"))
        session.flush()
        session.add_all(
            GatewayRow(id=home.gateway, clinic_id=CLINIC, name=home.gateway, registered_at=at, heard_at=None)
            for home in homes
        )
        session.flush()
        session.add_all(
            GatewayKeyRow(
                gateway_id=home.gateway,
                key_id=home.key.id,
                wrapped=wrap.wrap(home.gateway, home.key),
                created_at=at,
                retired_at=None,
            )
            for home in homes
        )


def batches(homes: list[Home], count: int) -> Iterator[SealedBatch]:
    """The batches of an evening: every home in turn, session after session; each home's first says what is there."""
    chance = Random(1)  # noqa: S311 - the same evening every time
    ciphers = [home.key.batch_cipher(home.epoch) for home in homes]
    for index in range(count):
        turn, which = divmod(index, len(homes))
        home = homes[which]
        header = Header(key_id=home.key.id, epoch=home.epoch, number=turn + 1)
        payload = seal(encode_body(_body(home, turn, chance)), header, ciphers[which], home.topic)
        yield SealedBatch(home.topic, payload, home.gateway, turn + 1)


def burn(home: Home) -> SealedBatch:
    """The first batch of a home whose RF device has just been far too hot for ten seconds."""
    at = home.began_at + timedelta(seconds=SAMPLES)
    numbers = range(SAMPLES)
    block = SampleBlock(
        device=home.device,
        counter=1,
        modality=Modality.RF,
        state=DeviceState.EMITTING,
        first=0,
        received_at=at,
        columns=Columns(
            active_s=[number + 1 for number in numbers],
            remaining_s=[SESSION_SAMPLES - number - 1 for number in numbers],
            signs=[1] * SAMPLES,
            rf_power_w=[10.0 for _ in numbers],
            rf_energy_j=[10.0 * (number + 1) for number in numbers],
            skin_celsius=[45.0 for _ in numbers],
            impedance_ohm=[250.0 for _ in numbers],
            battery_percent=[90 for _ in numbers],
        ),
    )
    header = Header(key_id=home.key.id, epoch=home.epoch, number=1)
    body = _first_body(home, at, block, Modality.RF)
    payload = seal(encode_body(body), header, home.key.batch_cipher(home.epoch), home.topic)
    return SealedBatch(home.topic, payload, home.gateway, 1)


def _body(home: Home, turn: int, chance: Random) -> Body:
    session, first = divmod(turn * SAMPLES, SESSION_SAMPLES)
    at = home.began_at + timedelta(seconds=(turn + 1) * SAMPLES)
    block = SampleBlock(
        device=home.device,
        counter=session + 1,
        modality=Modality.LED,
        state=DeviceState.EMITTING,
        first=first,
        received_at=at,
        columns=columns(range(first, first + SAMPLES), chance),
    )
    if turn:
        return Body(sealed_at=at, boot=1, samples=[block])
    return _first_body(home, at, block, Modality.LED)


def _first_body(home: Home, at: datetime, block: SampleBlock, modality: Modality) -> Body:
    return Body(
        sealed_at=at,
        boot=1,
        samples=[block],
        devices=[_device(home, modality)],
        links=[LinkStatus(device=home.device, connected=True, heard_at=at)],
        clocks=[SeenClock(boot=1, at=at, service_at=at, uncertainty_s=0.05)],
    )


def columns(numbers: range, chance: Random) -> Columns:
    """Eight quantities of some samples of a session, by their numbers."""
    return Columns(
        active_s=[number + 1 for number in numbers],
        remaining_s=[SESSION_SAMPLES - number - 1 for number in numbers],
        signs=[1 for _ in numbers],
        irradiance_mw_per_cm2=[round(30 + chance.random(), _PLACES) for _ in numbers],
        fluence_j_per_cm2=[round(0.03 * (number + 1), _PLACES) for number in numbers],
        skin_celsius=[round(34 + chance.random() * 4, _PLACES) for _ in numbers],
        impedance_ohm=[round(200 + chance.random() * 50, _PLACES) for _ in numbers],
        battery_percent=[90 - number // 60 for number in numbers],
    )


def _device(home: Home, modality: Modality) -> SeenDevice:
    return SeenDevice(
        device=home.device,
        family="hets/1",
        modality=modality,
        model="Bench",
        serial=home.device[-8:],
        firmware="1.0.0",
        features=[],
    )
