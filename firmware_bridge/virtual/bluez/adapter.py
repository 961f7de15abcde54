"""The adapter: Adapter1, its discovery, its power and its plug."""

from collections.abc import Mapping
from functools import partial

from bumble.device import Advertisement
from dbus_fast import Variant

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez import variants
from firmware_bridge.virtual.bluez.bus_client import BusClient
from firmware_bridge.virtual.bluez.calls import NOTHING, Answer, Call, Method, Methods
from firmware_bridge.virtual.bluez.host_reset import reset
from firmware_bridge.virtual.bluez.links import Links
from firmware_bridge.virtual.bluez.names import ADAPTER, DEVICE
from firmware_bridge.virtual.bluez.refusals import DOES_NOT_EXIST, IN_PROGRESS, NO_DISCOVERY
from firmware_bridge.virtual.bluez.remotes import Remotes
from firmware_bridge.virtual.bluez.scan import Scan
from firmware_bridge.virtual.bluez.stack import Stack


class Adapter:
    """The dongle as clients see it."""

    def __init__(self, stack: Stack, remotes: Remotes, scan: Scan, links: Links) -> None:
        self._stack, self._remotes, self._scan, self._links = stack, remotes, scan, links
        self._discoverers: set[BusClient] = set()
        scan.listen(self._heard)
        stack.objects.let_write(ADAPTER, "Powered", self._set_power)
        for interface, name in ((ADAPTER, "Alias"), (DEVICE, "Alias"), (DEVICE, "Trusted"), (DEVICE, "Blocked")):
            stack.objects.let_write(interface, name, partial(self._store, interface, name))

    def methods(self) -> Methods:
        """The table of Adapter1."""
        return {
            (ADAPTER, "SetDiscoveryFilter"): Method(takes="a{sv}", run=self._set_filter),
            (ADAPTER, "StartDiscovery"): Method(takes="", run=self._start_discovery),
            (ADAPTER, "StopDiscovery"): Method(takes="", run=self._stop_discovery),
            (ADAPTER, "RemoveDevice"): Method(takes="o", run=self._remove_device),
        }

    def gone(self, client: BusClient) -> None:
        """End the discovery of a client that left."""
        if client in self._discoverers:
            self._stack.tasks.start(self._leave(client))

    async def plug_in(self) -> None:
        """Switch the host on; the adapter is there, and the peers it is bonded with."""
        await self._stack.host.power_on()
        self._stack.objects.add(self._stack.adapter_path, {ADAPTER: self._properties()})
        for address in self._stack.bonded():
            self._remotes.know(address, {})

    async def unplug(self) -> None:
        """Take the dongle away: its peers hear no goodbye, and all its objects are gone."""
        await self._silence()
        for remote in self._remotes:
            if remote.dialling is not None:
                remote.dialling.cancel()
        await reset(self._stack.host)
        for remote in self._remotes:
            self._remotes.forget(remote)
        self._stack.objects.remove(self._stack.adapter_path)

    async def switch(self, *, on: bool) -> None:
        """Switch the power of the adapter; off ends discovery and links."""
        if not on:
            await self._silence()
            for remote in self._remotes:
                await self._links.hang_up(remote)
        self._show("Powered", on=on)

    async def _silence(self) -> None:
        for client in tuple(self._discoverers):
            await self._leave(client)

    async def _leave(self, client: BusClient) -> None:
        self._discoverers.discard(client)
        await self._scan.release(client)
        if not self._discoverers:
            self._remotes.fall_silent()
            self._show("Discovering", on=False)

    async def _set_filter(self, _: Call) -> Answer:
        return NOTHING

    async def _start_discovery(self, call: Call) -> Answer:
        self._stack.need_power()
        if call.caller in self._discoverers:
            raise BusError(*IN_PROGRESS)
        self._discoverers.add(call.caller)
        self._stack.faults.deaf = False
        await self._scan.need(call.caller)
        self._show("Discovering", on=True)
        return NOTHING

    async def _stop_discovery(self, call: Call) -> Answer:
        self._stack.need_power()
        if call.caller not in self._discoverers:
            raise BusError(*NO_DISCOVERY)
        await self._leave(call.caller)
        return NOTHING

    async def _remove_device(self, call: Call) -> Answer:
        path: str = call.body[0]
        if path not in self._stack.objects:
            raise BusError(*DOES_NOT_EXIST)
        remote = self._remotes.at(path)
        await self._links.hang_up(remote)
        await self._stack.unbond(remote.address)
        self._remotes.forget(remote)
        return NOTHING

    async def _set_power(self, _: str, value: Variant) -> None:
        await self.switch(on=bool(value.value))

    async def _store(self, interface: str, name: str, path: str, value: Variant) -> None:
        self._stack.objects.change(path, interface, {name: value})

    def _heard(self, advertisement: Advertisement) -> None:
        faults = self._stack.faults
        if self._discoverers and not (faults.hears_nothing or faults.deaf):
            self._remotes.show(advertisement)

    def _show(self, name: str, *, on: bool) -> None:
        self._stack.objects.change(self._stack.adapter_path, ADAPTER, {name: variants.flag(on=on)})

    def _properties(self) -> Mapping[str, Variant]:
        host = self._stack.host
        return {
            "Address": variants.text(host.static_address.to_string(with_type_qualifier=False)),
            "AddressType": variants.text("random"),
            "Name": variants.text(host.name),
            "Alias": variants.text(host.name),
            "Class": Variant("u", 0),
            "Powered": variants.YES,
            "Discoverable": variants.NO,
            "DiscoverableTimeout": Variant("u", 180),
            "Pairable": variants.YES,
            "PairableTimeout": Variant("u", 0),
            "Discovering": variants.NO,
            "UUIDs": variants.texts([]),
            "Modalias": variants.text("usb:v1D6Bp0246d0542"),
            "Roles": variants.texts(["central", "peripheral"]),
            "ExperimentalFeatures": variants.texts([]),
        }
