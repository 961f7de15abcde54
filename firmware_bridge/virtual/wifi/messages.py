"""What a device says over MQTT: its state and what happens to it as JSON messages (device profile, MQTT 5).

A live message says what the 20-byte frame of the same second says, rounded as it is, so that one device is equal over
both transports.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import msgspec

from firmware_bridge.virtual.hets.clock import Tick
from firmware_bridge.virtual.hets.codes import LiveFlag, Modality, Result
from firmware_bridge.virtual.hets.device import VirtualDevice
from firmware_bridge.virtual.hets.happenings import Sampled
from firmware_bridge.virtual.hets.layouts import UNITS, Live, StateReport
from firmware_bridge.virtual.wifi.words import word, words


class Kind(StrEnum):
    """What a device publishes; the last level of the topic."""

    INFO = "info"
    STATE = "state"
    LIVE = "live"
    SESSION = "session"
    EVENT = "event"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How messages of a kind travel."""

    qos: int
    retained: bool
    expires: timedelta | None


DELIVERIES: Final = {
    Kind.INFO: Delivery(1, retained=True, expires=None),
    Kind.STATE: Delivery(1, retained=True, expires=timedelta(days=1)),
    Kind.LIVE: Delivery(0, retained=False, expires=timedelta(seconds=60)),
    Kind.SESSION: Delivery(1, retained=False, expires=None),
    Kind.EVENT: Delivery(1, retained=False, expires=None),
    Kind.ANSWER: Delivery(1, retained=False, expires=timedelta(seconds=300)),
}

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Message:
    """One message, less its number; fields of the body that are None are absent from its JSON."""

    kind: Kind
    body: Body
    correlation: bytes | None = None

    @property
    def content_type(self) -> str:
        """Its media type."""
        return f"application/vnd.het.{self.kind}+json"

    @property
    def schema(self) -> str:
        """Which description its body follows."""
        return f"{self.kind}/1"

    def encode(self) -> bytes:
        """Its JSON."""
        return msgspec.json.encode({name: value for name, value in self.body.items() if value is not None})


def info(device: VirtualDevice) -> Message:
    """What the device is."""
    product = device.product
    body = {
        "uid": device.uid,
        "modality": word(product.modality),
        "model": product.model[:40],
        "serial": device.uid.upper(),
        "firmware": product.firmware_text,
        "features": words(product.features),
        "zones": words(product.zones),
        "max_records": product.max_records,
        "definition": "hets/1",
    }
    return Message(Kind.INFO, body)


def state(report: StateReport, boot: int) -> Message:
    """What the device does."""
    body = {
        "online": True,
        "boot": boot,
        "state": word(report.state),
        "faults": words(report.faults),
        "lockout": word(Result(report.lockout)) if report.lockout else None,
        "lockout_s": report.lockout_s,
        "newest": report.newest,
        "oldest": report.oldest,
        "timeline": report.timeline,
        "battery_percent": report.battery_percent,
    }
    return Message(Kind.STATE, body)


def will(boot: int) -> Message:
    """That the device is gone."""
    return Message(Kind.STATE, {"online": False, "boot": boot})


_LEVEL_AND_DOSE: Final = {
    Modality.LED: ("level_mw_per_cm2", "dose_j_per_cm2"),
    Modality.RF: ("level_w", "dose_j"),
}


def live(sampled: Sampled, timeline: int, modality: Modality) -> Message:
    """One second of a session, on the timeline that the device then had."""
    said = Live.decode(sampled.frame, UNITS[modality])
    level, dose = _LEVEL_AND_DOSE[modality]
    body = {
        "state": word(said.state),
        "timeline": timeline,
        "counter": sampled.counter,
        "seq": sampled.sequence,
        "zone": None if said.zone is None else word(said.zone),
        "active_s": said.active_s,
        "remaining_s": said.remaining_s,
        level: said.level,
        dose: said.dose,
        "skin_celsius": said.skin_celsius,
        "impedance_ohm": said.impedance_ohm,
        "battery_percent": said.battery_percent,
        "flags": [word(flag) for flag in LiveFlag if said.flags >> flag & 1],
    }
    return Message(Kind.LIVE, body)


def session(record: bytes, oldest: int) -> Message:
    """A record as it reads now, and the counter of the oldest one that is not acknowledged."""
    return Message(Kind.SESSION, {"record": b64encode(record).decode(), "oldest": oldest})


def event(name: str, at: Tick) -> Message:
    """Something that happened at the device: `press` or `power on`."""
    return Message(Kind.EVENT, {"event": name, "tick_s": at.seconds, "timeline": at.timeline})


def answer(command: str, outcome: Body, correlation: bytes | None) -> Message:
    """What became of a command."""
    return Message(Kind.ANSWER, {"id": command, **outcome}, correlation)
