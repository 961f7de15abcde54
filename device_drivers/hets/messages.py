"""HETS over MQTT: the messages that a device publishes, decoded, and those for it (device profile, MQTT 5)."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from device_drivers.errors import FrameRefused
from device_drivers.hets.topics import Said
from vocabulary.devices import DeviceDescription, DeviceState, Fault, Feature, Lockout, Mark, Modality, Zone
from vocabulary.identity import DeviceUid
from vocabulary.instants import Tick
from vocabulary.readings import Measurement, Reading, Sign
from vocabulary.wire.limits import DURATION_S, REASON, TEXT

MESSAGE_BYTES: Final = 8 * 1024
"""A payload, and so whatever is in it."""

DEFINITION: Final = "hets/1"
_NUMBER: Final = 2**32 - 1
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_PLACE: Final = re.compile(r"(.*) - at `\$\.?(.*)`")

U32 = Annotated[int, Meta(ge=0, le=_NUMBER)]
Counter = Annotated[int, Meta(ge=1, le=_NUMBER)]
Words = Annotated[str, Meta(max_length=TEXT)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Seconds = Annotated[int, Meta(ge=0, le=0xFFFF)]
Amount = Annotated[float, Meta(ge=0, le=1e6)]
Celsius = Annotated[float, Meta(ge=-60, le=200)]
TickS = Annotated[int, Meta(ge=0, le=DURATION_S)] | Annotated[float, Meta(ge=0, le=DURATION_S)]


class Treatment(StrEnum):
    """The modalities that have live messages."""

    LED = "led"
    RF = "rf"


class Happening(StrEnum):
    """What an event tells of."""

    PRESS = "press"
    RESET = "reset"
    POWER_ON = "power on"


class _Info(Struct):
    uid: str
    modality: Treatment
    model: Words
    serial: Words
    firmware: Words
    features: list[str]
    zones: list[str]
    max_records: U32
    definition: str


class _Presence(Struct):
    online: bool
    boot: U32


class _State(Struct):
    state: DeviceState
    faults: list[str]
    newest: U32
    oldest: U32
    timeline: U32
    lockout: str | None = None
    lockout_s: TickS | None = None
    battery_percent: Percent | None = None


class _Live(Struct):
    state: DeviceState
    timeline: U32
    counter: Counter
    seq: U32
    active_s: Seconds
    remaining_s: Seconds
    flags: list[str]
    zone: Zone | None = None
    skin_celsius: Celsius | None = None
    impedance_ohm: Annotated[float, Meta(ge=0, le=1e7)] | None = None
    battery_percent: Percent | None = None


class _LedLevels(Struct):
    level_mw_per_cm2: Amount
    dose_j_per_cm2: Amount


class _RfLevels(Struct):
    level_w: Amount
    dose_j: Amount


class _Session(Struct):
    record: str
    oldest: Counter


class _Event(Struct):
    event: Happening
    tick_s: TickS
    timeline: U32


class _Answer(Struct):
    id: Annotated[str, Meta(min_length=1, max_length=36)]
    result: Words


class _TickRead(Struct):
    timeline: U32
    tick_s: TickS


@dataclass(frozen=True, slots=True)
class MessageNumber:
    """The number of a message among those of one boot of its device."""

    boot: int
    seq: int


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a device is there, in which boot, and what it does; `mark` is None for one that is gone."""

    boot: int
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class SentRecord:
    """The bytes of a session record, and the counter of the oldest one that is not acknowledged."""

    data: bytes
    oldest: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the command of this `id`; `result` is `OK`, `UNSUPPORTED` or another word of the profile."""

    id: str
    result: str


@dataclass(frozen=True, slots=True)
class TickRead:
    """A device's tick when it was read, and how much later the true one may be."""

    tick: Tick
    step: timedelta


OK: Final = "ok"
UNSUPPORTED: Final = "unsupported"

S = TypeVar("S", bound=Struct)
E = TypeVar("E", bound=StrEnum)


def read_number(said: Said, properties: Iterable[tuple[str, str]]) -> MessageNumber:
    """The number of a message, out of its user properties. Raises FrameRefused, also for another schema."""
    found = dict(properties)
    schema = found.get("schema", "")
    if schema != f"{said}/1":
        raise FrameRefused(said, "schema", f"{schema!r:.40}, and {said}/1 is what reads")
    return MessageNumber(*(_whole(said, name, found.get(name, "")) for name in ("boot", "seq")))


def _whole(said: Said, name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_NUMBER)) and int(text) <= _NUMBER):
        raise FrameRefused(said, name, f"{text!r:.40} is no whole number up to {_NUMBER}")
    return int(text)


def read_info(payload: bytes, device: DeviceUid) -> DeviceDescription:
    """What the device of this topic says it is. Raises FrameRefused, also when it names another device."""
    info = _decode(Said.INFO, payload, _Info)
    if info.uid != device:
        raise FrameRefused("info", "uid", f"{info.uid!r:.40}, on the topic of {device}")
    if info.definition != DEFINITION:
        raise FrameRefused("info", "definition", f"{info.definition!r:.40}, and {DEFINITION} is what reads")
    return DeviceDescription(
        device=device,
        family=DEFINITION,
        modality=Modality(info.modality),
        model=info.model,
        serial=info.serial,
        firmware=info.firmware,
        features=_named(Feature, info.features),
        epoch=None,
    )


def read_presence(payload: bytes) -> Presence:
    """Whether the device is there, and what it does. Raises FrameRefused."""
    presence = _decode(Said.STATE, payload, _Presence)
    return Presence(presence.boot, _mark(_decode(Said.STATE, payload, _State)) if presence.online else None)


def _mark(state: _State) -> Mark:
    if state.oldest > state.newest:
        raise FrameRefused("state", "oldest", f"{state.oldest} is newer than the newest, {state.newest}")
    return Mark(
        state=state.state,
        lockout=_lockout(state.lockout),
        lockout_left=None if state.lockout_s is None else timedelta(seconds=state.lockout_s),
        newest=state.newest,
        oldest=state.oldest,
        timeline=state.timeline,
        faults=_named(Fault, state.faults),
        battery_percent=state.battery_percent,
        sessions_left=None,
    )


def _lockout(word: str | None) -> Lockout | None:
    if word is None:
        return None
    if word not in _LOCKOUTS:
        raise FrameRefused("state", "lockout", f"{word!r:.40} is none of {', '.join(_LOCKOUTS)}")
    return _LOCKOUTS[word]


_OTHER_WORDS: Final = {
    Lockout.DAY: "day's count",
    Lockout.WEEK: "week's count",
    Lockout.EARLY: "too early",
    Lockout.CONTACT: "no contact",
}
_LOCKOUTS: Final = {_OTHER_WORDS.get(lockout, lockout.value): lockout for lockout in Lockout}


def read_live(payload: bytes, modality: Modality) -> Reading:
    """A live sample. Raises FrameRefused, also for a modality that has none."""
    live = _decode(Said.LIVE, payload, _Live)
    signs = {sign.name: sign for sign in Sign}
    return Reading(
        state=live.state,
        zone=live.zone,
        sequence_low=live.seq & 0xFFFF,
        counter_low=live.counter & 0xFFFF,
        counter=live.counter,
        measurement=Measurement(
            active_s=live.active_s,
            remaining_s=live.remaining_s,
            signs=Sign(sum({signs.get(flag.upper().replace(" ", "_"), Sign(0)) for flag in live.flags})),
            skin_celsius=live.skin_celsius,
            impedance_ohm=live.impedance_ohm,
            battery_percent=live.battery_percent,
            **_levels(payload, modality),
        ),
    )


def _levels(payload: bytes, modality: Modality) -> dict[str, float]:
    match modality:
        case Modality.LED:
            led = _decode(Said.LIVE, payload, _LedLevels)
            return {"irradiance_mw_per_cm2": led.level_mw_per_cm2, "fluence_j_per_cm2": led.dose_j_per_cm2}
        case Modality.RF:
            rf = _decode(Said.LIVE, payload, _RfLevels)
            return {"rf_power_w": rf.level_w, "rf_energy_j": rf.dose_j}
        case _:
            raise FrameRefused("live", "modality", f"{modality} has no live message")


def read_session(payload: bytes) -> SentRecord:
    """The bytes of a session record, whatever they say. Raises FrameRefused."""
    session = _decode(Said.SESSION, payload, _Session)
    try:
        return SentRecord(b64decode(session.record, validate=True), session.oldest)
    except ValueError as error:
        raise FrameRefused("session", "record", f"no base64: {error}") from error


def read_event(payload: bytes) -> Happening:
    """What happened at the device. Raises FrameRefused."""
    return _decode(Said.EVENT, payload, _Event).event


def read_answer(payload: bytes) -> Answer:
    """The answer to a command. Raises FrameRefused."""
    answer = _decode(Said.ANSWER, payload, _Answer)
    return Answer(answer.id, answer.result)


def read_tick(payload: bytes) -> TickRead:
    """The tick in the answer to a time command. Raises FrameRefused."""
    answer = _decode(Said.ANSWER, payload, _TickRead)
    step = _WHOLE_STEP if isinstance(answer.tick_s, int) else _FRACTION_STEP
    return TickRead(Tick(timeline=answer.timeline, since_start=timedelta(seconds=answer.tick_s)), step)


_WHOLE_STEP: Final = timedelta(seconds=1)
_FRACTION_STEP: Final = timedelta(milliseconds=100)
"""The coarsest resolution with a fraction (device profile, Elapsed Time)."""


def ack(upto: int) -> bytes:
    """All records up to this counter are stored."""
    return msgspec.json.encode({"upto": upto})


def command(op: str) -> bytes:
    """A command without operands, such as `stop` or `time`."""
    return msgspec.json.encode({"op": op})


def prescribe(prescription: bytes) -> bytes:
    """The command that hands over a signed prescription."""
    return msgspec.json.encode({"op": "prescription", "prescription": b64encode(prescription).decode()})


def reject(topic: str, seq: int | None, reason: str) -> bytes:
    """A message that does not read, and why."""
    numbered = {} if seq is None else {"seq": seq}
    return msgspec.json.encode({"topic": topic, **numbered, "reason": reason[:REASON]})


def _decode(said: Said, payload: bytes, kind: type[S]) -> S:
    if len(payload) > MESSAGE_BYTES:
        raise FrameRefused(said, "length", f"{len(payload)} bytes, at most {MESSAGE_BYTES}")
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.ValidationError as error:
        raise FrameRefused(said, *_explained(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameRefused(said, "payload", f"no JSON: {error}") from error


def _explained(problem: str) -> tuple[str, str]:
    """The field that a complaint of msgspec is about, and the complaint."""
    if missing := _MISSING.match(problem):
        return missing[1], "is missing"
    if placed := _PLACE.fullmatch(problem):
        return placed[2], placed[1][:REASON]
    return "payload", problem[:REASON]


def _named(names: type[E], found: Iterable[str]) -> tuple[E, ...]:
    """The names that are known, in the order of their table; the others are ignored, as unnamed bits are."""
    said = frozenset(found)
    return tuple(name for name in names if name.value.lower() in said)
