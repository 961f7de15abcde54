"""A bluetoothd in pure Python: org.bluez on a socket of its own, and a Bumble host below it."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from bumble.device import Device
from dbus_fast import Message

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez.adapter import Adapter
from firmware_bridge.virtual.bluez.agents import Agents
from firmware_bridge.virtual.bluez.bus import Bus
from firmware_bridge.virtual.bluez.bus_client import BusClient
from firmware_bridge.virtual.bluez.calls import Answer, Call, Methods, find
from firmware_bridge.virtual.bluez.dialler import Dialler
from firmware_bridge.virtual.bluez.faults import Faults
from firmware_bridge.virtual.bluez.gatt import Gatt
from firmware_bridge.virtual.bluez.links import Links
from firmware_bridge.virtual.bluez.names import AGENTS, BLUEZ_PATH, OBJECTS
from firmware_bridge.virtual.bluez.notifying import Notifying
from firmware_bridge.virtual.bluez.objects import Objects
from firmware_bridge.virtual.bluez.pairing import Pairing
from firmware_bridge.virtual.bluez.refusals import UNKNOWN_OBJECT, unknown_method
from firmware_bridge.virtual.bluez.remotes import Remotes
from firmware_bridge.virtual.bluez.scan import Scan
from firmware_bridge.virtual.bluez.stack import BluezSettings, Stack
from firmware_bridge.virtual.bluez.tasks import Tasks

_PATIENCE: Final = timedelta(milliseconds=200)


class VirtualBluez:
    """org.bluez for the clients of one socket, with one adapter: the given host, made by `make_host`.

    A client finds it by `DBUS_SYSTEM_BUS_ADDRESS`, which is to be set to `address`. Bonds live as long as the host.
    """

    def __init__(
        self, host: Device, socket: Path, faults: Faults | None = None, settings: BluezSettings | None = None
    ) -> None:
        self.address = f"unix:path={socket}"
        self.faults = faults or Faults()
        tasks = Tasks()
        self._bus = Bus(socket, self._answer, self._forget, tasks)
        self._stack = Stack(
            host=host,
            objects=Objects(self._bus.emit),
            faults=self.faults,
            tasks=tasks,
            settings=settings or BluezSettings(),
        )
        self._compose()

    def _compose(self) -> None:
        scan, remotes = Scan(self._stack), Remotes(self._stack)
        links = Links(self._stack, remotes, Dialler(self._stack, scan))
        self._adapter = Adapter(self._stack, remotes, scan, links)
        self._agents = Agents(remotes)
        self._notifying = Notifying(self._stack, remotes)
        self._stack.host.pairing_config_factory = self._agents.pairing_config
        self._methods: Methods = {
            **self._stack.objects.methods(),
            **self._adapter.methods(),
            **links.methods(),
            **Pairing(self._stack, remotes, links).methods(),
            **Gatt(self._stack, remotes).methods(),
            **self._notifying.methods(),
            **self._agents.methods(),
        }

    async def start(self) -> None:
        """Plug the adapter in and open the bus."""
        self._stack.objects.add(BLUEZ_PATH, {AGENTS: {}})
        await self._adapter.plug_in()
        self._bus.open()

    async def stop(self) -> None:
        """Close the bus, end everything under way and take the adapter out."""
        self._bus.close()
        await self.unplug()
        await self._stack.tasks.stop(_PATIENCE)

    async def switch_off(self) -> None:
        """Switch the adapter off, as a person with a settings screen does."""
        await self._adapter.switch(on=False)

    async def switch_on(self) -> None:
        """Switch the adapter on."""
        await self._adapter.switch(on=True)

    async def unplug(self) -> None:
        """Pull the dongle out."""
        await self._adapter.unplug()

    async def plug_in(self) -> None:
        """Put the dongle back; bonds are known again, other peers must be heard first."""
        await self._adapter.plug_in()

    def restart_bus(self) -> None:
        """Let the bus die under its clients, and take new ones at once; links to peers stay up."""
        self._bus.cut_off()

    async def _answer(self, client: BusClient, message: Message) -> Answer:
        interface, path = message.interface or "", message.path or ""
        await self.faults.admit(interface, message.member or "")
        if path not in self._stack.objects and interface != OBJECTS:
            raise BusError(*UNKNOWN_OBJECT)
        method = find(self._methods, message)
        if interface.startswith("org.bluez.") and not self._stack.objects.implements(path, interface):
            raise unknown_method(message.member or "", message.signature, interface)
        answer = await method.run(Call(caller=client, path=path, body=message.body))
        self.faults.conclude(interface, message.member or "")
        return answer

    def _forget(self, client: BusClient) -> None:
        self._adapter.gone(client)
        self._agents.gone(client)
        self._notifying.gone(client)
