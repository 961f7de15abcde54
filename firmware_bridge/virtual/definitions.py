"""What a home is, as data that travels in a file: its air, its devices and what happens to them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.blockbluelight.definition import PanelDefinition, dump_panel, read_panel
from firmware_bridge.virtual.errors import DefinitionError
from firmware_bridge.virtual.fields import Fields
from firmware_bridge.virtual.hets.codes import Zone
from firmware_bridge.virtual.hets.products import PRODUCTS, Product, Program
from firmware_bridge.virtual.people import Begin, Script, dump_script, read_step
from firmware_bridge.virtual.troubles import Troubled, dump_troubled, read_troubled
from vocabulary.identity import DeviceUid, device_uid

SOCKET_BYTES: Final = 107
"""How long the path of a socket may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ble:
    """A device on the air of its room: `address` is a static random one."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wifi:
    """A device at the broker of its home: where that is, and the password; client id and user name are its uid."""

    host: str
    port: int
    password: str = field(repr=False)


Transport = Ble | Wifi


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDefinition:
    """One device: which product, which unit of it, how it is reached and what happens to it.

    `product` is a name of `PRODUCTS`; `programs` replaces its table of programmes unless empty. `clock_is_set` sets a
    real-time clock before anything happens.
    """

    product: str
    uid: DeviceUid
    seed: int
    transport: Transport
    programs: tuple[Program, ...]
    cool_down: timedelta | None
    clock_is_set: bool
    script: Script
    journal: Path

    @property
    def made_as(self) -> Product:
        """The product with the changes this definition makes to it."""
        product = PRODUCTS[self.product]
        limits = replace(product.limits, cool_down=self.cool_down)
        return replace(product, programs=self.programs or product.programs, limits=limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeDefinition:
    """One home: the socket of its org.bluez, its air, and its devices; `trace` writes the dongle's HCI packets."""

    name: str
    socket: Path
    seed: int
    room: RoomSettings
    trace: Path | None
    devices: tuple[DeviceDefinition, ...]
    panels: tuple[PanelDefinition, ...] = ()
    troubles: tuple[Troubled, ...] = ()


def socket_path(text: str) -> Path:
    """A path at which a socket can listen. Raises ValueError for one that is too long."""
    size = len(os.fsencode(text))
    if size > SOCKET_BYTES:
        raise ValueError(f"{text} has {size} bytes, and the path of a socket {SOCKET_BYTES} at most")
    return Path(text)


def load_home(text: str | bytes) -> HomeDefinition:
    """Read what `dump_home` gives, from JSON. Raises DefinitionError."""
    fields = Fields.parse("home", text)
    home = HomeDefinition(
        name=fields.text("name"),
        socket=fields.parsed("socket", socket_path),
        seed=fields.whole("seed"),
        room=fields.inside("room", _read_room),
        trace=fields.optional("trace", lambda name: fields.parsed(name, Path)),
        devices=fields.each("devices", _read_device),
        panels=fields.optional("panels", lambda name: fields.each(name, read_panel)) or (),
        troubles=fields.optional("troubles", lambda name: fields.each(name, read_troubled)) or (),
    )
    fields.done()
    return home


def dump_home(home: HomeDefinition) -> dict[str, object]:
    """A definition as values for JSON."""
    return {
        "name": home.name,
        "socket": str(home.socket),
        "seed": home.seed,
        "room": _dump_room(home.room),
        "trace": None if home.trace is None else str(home.trace),
        "devices": [_dump_device(device) for device in home.devices],
        "panels": [dump_panel(panel) for panel in home.panels],
        "troubles": [dump_troubled(troubled) for troubled in home.troubles],
    }


def _read_room(fields: Fields) -> RoomSettings:
    return RoomSettings(
        supervision_timeout=fields.seconds("supervision_timeout_s"),
        connection_interval=fields.optional("connection_interval_s", fields.seconds),
        packets_per_event=fields.whole("packets_per_event"),
        advertisement_loss=fields.number("advertisement_loss"),
        rssi_dbm=fields.whole("rssi_dbm"),
    )


def _dump_room(room: RoomSettings) -> dict[str, object]:
    return {
        "supervision_timeout_s": room.supervision_timeout.total_seconds(),
        "connection_interval_s": _dump_span(room.connection_interval),
        "packets_per_event": room.packets_per_event,
        "advertisement_loss": room.advertisement_loss,
        "rssi_dbm": room.rssi_dbm,
    }


def _read_device(fields: Fields) -> DeviceDefinition:
    device = DeviceDefinition(
        product=fields.choice("product", {name: name for name in PRODUCTS}),
        uid=fields.parsed("uid", device_uid),
        seed=fields.whole("seed"),
        transport=fields.inside("transport", _read_transport),
        programs=fields.each("programs", _read_program),
        cool_down=fields.optional("cool_down_s", fields.seconds),
        clock_is_set=fields.truth("clock_is_set"),
        script=fields.each("script", read_step),
        journal=fields.parsed("journal", Path),
    )
    _check_programs(fields.where, device)
    return device


def _read_transport(fields: Fields) -> Transport:
    return fields.choice("over", _TRANSPORTS)(fields)


def _read_ble(fields: Fields) -> Ble:
    return Ble(address=fields.text("address"))


def _read_wifi(fields: Fields) -> Wifi:
    return Wifi(host=fields.text("host"), port=fields.whole("port"), password=fields.text("password"))


def _dump_transport(transport: Transport) -> dict[str, object]:
    if isinstance(transport, Ble):
        return {"over": "ble", "address": transport.address}
    return {"over": "wifi", "host": transport.host, "port": transport.port, "password": transport.password}


def _check_programs(where: str, device: DeviceDefinition) -> None:
    product, count = device.made_as, len(device.made_as.programs)
    for at, program in enumerate(device.programs):
        if not product.allows(program):
            raise DefinitionError(f"{where}.programs[{at}]", f"is beyond the limits or zones of the {device.product}")
    for at, step in enumerate(device.script):
        if isinstance(step.act, Begin) and not 0 <= step.act.program < count:
            raise DefinitionError(f"{where}.script[{at}]", f"there is no programme {step.act.program} among {count}")


def _dump_device(device: DeviceDefinition) -> dict[str, object]:
    return {
        "product": device.product,
        "uid": device.uid,
        "seed": device.seed,
        "transport": _dump_transport(device.transport),
        "programs": [_dump_program(program) for program in device.programs],
        "cool_down_s": _dump_span(device.cool_down),
        "clock_is_set": device.clock_is_set,
        "script": dump_script(device.script),
        "journal": str(device.journal),
    }


def _read_program(fields: Fields) -> Program:
    return Program(
        planned=fields.seconds("planned_s"), level=fields.number("level"), zones=fields.choices("zones", _ZONES)
    )


def _dump_program(program: Program) -> dict[str, object]:
    return {
        "planned_s": program.planned.total_seconds(),
        "level": program.level,
        "zones": [_name(zone) for zone in program.zones],
    }


def _dump_span(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _name(zone: Zone) -> str:
    return zone.name.lower().replace("_", " ")


_TRANSPORTS: Final[Mapping[str, Callable[[Fields], Transport]]] = {"ble": _read_ble, "wifi": _read_wifi}
_ZONES: Final[Mapping[str, Zone]] = {_name(zone): zone for zone in Zone}
