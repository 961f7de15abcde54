"""Everything a demo needs on disk before its first process starts: settings, secrets, homes, people."""

import json
import secrets
import socket
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.definitions import (
    Ble,
    DeviceDefinition,
    HomeDefinition,
    Transport,
    Wifi,
    dump_home,
    socket_path,
)
from lumenward.demo.broker import broker_config
from lumenward.demo.scenario import DemoHome, Person, people
from lumenward.supervisor import Child
from vocabulary.clock import ClockMap
from vocabulary.errors import SettingsError
from vocabulary.wire.keys import KEY_BYTES

RATE: Final = 40.0
"""How much faster than life the demo runs until it meets the present."""

LEAD: Final = timedelta(minutes=27)
"""How far in the past it starts: long enough for every session of the scenario."""

_RIGHT: Final = timedelta(0)

INGEST: Final = "ingest"
NOTICE: Final = "A demo: its devices are virtual, its people are invented, and it ends with its process."


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a demo is to be: its homes, its chance, where its page is, which roles the service has, how it hurries.

    `uplink_port`: where the gateways find the broker; its own port unless something lies between. `clocks_off`: by how
    much the clock of a gateway is wrong.
    """

    homes: tuple[DemoHome, ...]
    seed: int
    http_port: int
    roles: tuple[str, ...]
    rate: float = RATE
    lead: timedelta = LEAD
    broker_port: int = field(default_factory=free_port)
    uplink_port: int | None = None
    clocks_off: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A demo on disk. `keys` are the gateways' keys by gateway, `accounts` the broker's passwords by client."""

    directory: Path
    homes: tuple[DemoHome, ...]
    seed: int
    clock: ClockMap
    broker_port: int
    uplink_port: int
    http_port: int
    clocks_off: Mapping[str, timedelta]
    secret: str = field(repr=False)
    accounts: dict[str, str] = field(repr=False)
    keys: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def server_settings(self) -> Path:
        """The settings of all server roles."""
        return self.directory / "server.toml"

    @property
    def signing_keys(self) -> Path:
        """Where the clinic's key is."""
        return self.directory / "keys"

    def journal(self, person: Person) -> Path:
        """Where a person's device keeps its journal."""
        return self.directory / f"{person.name}.journal"

    def outbox(self, home: DemoHome) -> Path:
        """Where a gateway keeps its outbox."""
        return self.directory / home.gateway / "outbox.sqlite"

    def socket(self, home: DemoHome) -> Path:
        """Where a home's org.bluez listens."""
        return self.directory / f"{home.gateway}.bus"

    def radio(self) -> tuple[Child, ...]:
        """The broker, and the process of all homes' radios and devices."""
        config = self.directory / "broker.toml"
        definitions = tuple(str(self._definition_path(home)) for home in self.homes)
        return (
            Child(name="broker", arguments=("-m", "lumenward.demo.broker", str(config), str(self.broker_port))),
            Child(name="devices", arguments=("-m", "lumenward", "devices", *definitions), environment=self._clocked()),
        )

    def service(self, roles: Iterable[str]) -> tuple[Child, ...]:
        """The server's roles."""
        arguments = ("-m", "lumenward", "server", "--settings", str(self.server_settings), "--role")
        return tuple(Child(name=role, arguments=(*arguments, role), environment=self._clocked()) for role in roles)

    def gateways(self) -> tuple[Child, ...]:
        """A gateway for each home."""
        return tuple(
            Child(
                name=home.gateway,
                arguments=("-m", "lumenward", "gateway", "--settings", str(self._gateway_settings(home))),
                environment=self._clocked(self.clocks_off.get(home.gateway, _RIGHT))
                | {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.socket(home)}"},
            )
            for home in self.homes
        )

    def write(self) -> None:
        """Write every file."""
        broker = self.directory / "broker.toml"
        broker.write_text(broker_config(self.broker_port, self.accounts))
        self.server_settings.write_text(self._server_toml())
        for home in self.homes:
            self._gateway_settings(home).write_text(self._gateway_toml(home))
            self._definition_path(home).write_text(json.dumps(dump_home(self._definition(home))))

    def _clocked(self, off: timedelta = _RIGHT) -> dict[str, str]:
        return {"LUMENWARD_CLOCK": replace(self.clock, lead=self.clock.lead - off).dump()}

    def _definition_path(self, home: DemoHome) -> Path:
        return self.directory / f"{home.gateway}.home.json"

    def _gateway_settings(self, home: DemoHome) -> Path:
        return self.directory / f"{home.gateway}.toml"

    def _server_toml(self) -> str:
        return (
            f'data = "{self.directory}"\nsecret = "{self.secret}"\nsigning_keys = "{self.signing_keys}"\n\n'
            f'[http]\nport = {self.http_port}\npublic_url = "{self.url}"\nnotice = "{NOTICE}"\n\n'
            f"[broker]\n{self._broker_toml(INGEST, self.broker_port)}"
        )

    def _gateway_toml(self, home: DemoHome) -> str:
        return (
            f'id = "{home.gateway}"\ndata = "{self.outbox(home).parent}"\nkey_id = 1\n'
            f'key = "{self.keys[home.gateway]}"\n\n[uplink]\n{self._broker_toml(home.gateway, self.uplink_port)}'
            f"{self._home_broker_toml(home)}"
        )

    def _home_broker_toml(self, home: DemoHome) -> str:
        """For a home with devices on Wi-Fi. One broker serves all homes, and would give each the others' devices."""
        if not any(person.on_wifi for person in home.people):
            return ""
        return f"\n[home]\n{self._broker_toml(home.gateway, self.broker_port)}"

    def _broker_toml(self, name: str, port: int) -> str:
        return (
            f'host = "127.0.0.1"\nport = {port}\ntls = false\nembedded = true\n'
            f'username = "{name}"\npassword = "{self.accounts[name]}"\n'
        )

    def _definition(self, home: DemoHome) -> HomeDefinition:
        return HomeDefinition(
            name=home.gateway,
            socket=self.socket(home),
            seed=self.seed,
            room=RoomSettings(),
            trace=None,
            devices=tuple(self._device(person) for person in home.people),
            troubles=home.troubles,
        )

    def _transport(self, person: Person) -> Transport:
        if person.on_wifi:
            return Wifi(host="127.0.0.1", port=self.broker_port, password=self.accounts[person.uid])
        tail = bytes.fromhex(person.uid)[-2:]
        return Ble(address=f"C0:DE:00:00:{tail[0]:02X}:{tail[1]:02X}")

    def _device(self, person: Person) -> DeviceDefinition:
        return DeviceDefinition(
            product=person.product,
            uid=person.uid,
            seed=self.seed,
            transport=self._transport(person),
            programs=(),
            cool_down=None,
            clock_is_set=person.product == "rf",
            script=person.script,
            journal=self.journal(person),
        )


def make_world(directory: Path, plan: Plan) -> World:
    """A world that starts now, with fresh secrets and a free port for its broker, written to an empty directory.

    Raises SettingsError when the sockets of its homes cannot be there.
    """
    names = [home.gateway for home in plan.homes]
    on_wifi = [person.uid for person in people(plan.homes) if person.on_wifi]
    world = World(
        directory=directory,
        homes=plan.homes,
        seed=plan.seed,
        clock=ClockMap(started_at=datetime.now(UTC), lead=plan.lead, rate=plan.rate),
        broker_port=plan.broker_port,
        uplink_port=plan.uplink_port or plan.broker_port,
        http_port=plan.http_port,
        clocks_off=plan.clocks_off,
        secret=_key(),
        accounts={name: secrets.token_urlsafe(16) for name in (INGEST, *names, *on_wifi)},
        keys={name: _key() for name in names},
    )
    _check_sockets(world)
    world.write()
    return world


def _check_sockets(world: World) -> None:
    for home in world.homes:
        try:
            socket_path(str(world.socket(home)))
        except ValueError as error:
            remedy = "Have it somewhere shorter: a demo is where TMPDIR says, for example TMPDIR=/tmp."
            raise SettingsError("the demo's directory", {home.gateway: str(error)}, remedy) from error


def _key() -> str:
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()
