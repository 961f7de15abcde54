"""The peers that the adapter knows: Device1 objects, from advertisements and bonds."""

import asyncio
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bumble.device import Advertisement
from bumble.hci import Address
from dbus_fast import Variant

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez import variants
from firmware_bridge.virtual.bluez.advertised import advertised_properties
from firmware_bridge.virtual.bluez.gatt_table import GattObject, Table
from firmware_bridge.virtual.bluez.live_link import LiveLink
from firmware_bridge.virtual.bluez.names import DEVICE
from firmware_bridge.virtual.bluez.refusals import ATT_NOT_CONNECTED, UNKNOWN_OBJECT
from firmware_bridge.virtual.bluez.stack import Stack


@dataclass(slots=True, eq=False, kw_only=True)
class Remote:
    """One peer, and the link to it while there is one."""

    path: str
    address: Address
    advertised: Mapping[str, Variant]
    shown_at: float  # on the clock of the event loop
    expiry: asyncio.TimerHandle | None = None
    is_temporary: bool = True
    dialling: asyncio.Task[LiveLink] | None = None
    link: LiveLink | None = None
    table: Table = field(default_factory=dict[str, GattObject])


class Remotes:
    """All peers by object path."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._remotes: dict[str, Remote] = {}

    def __iter__(self) -> Iterator[Remote]:
        return iter(tuple(self._remotes.values()))

    def at(self, path: str) -> Remote:
        """The peer at an object path. Raises BusError."""
        if path not in self._remotes:
            raise BusError(*UNKNOWN_OBJECT)
        return self._remotes[path]

    def attribute(self, path: str) -> tuple[LiveLink, GattObject]:
        """A GATT object, and the link over which to reach it. Raises BusError."""
        remote = self.at(path.partition("/service")[0])
        if remote.link is None:
            raise BusError(*ATT_NOT_CONNECTED)
        return remote.link, remote.table[path]

    def path_of(self, address: Address) -> str:
        """The object path of a peer, known or not."""
        return f"{self._stack.adapter_path}/dev_{_text(address).replace(':', '_')}"

    def show(self, heard: Advertisement) -> None:
        """Show an advertisement as a new object or as changed properties."""
        advertised = advertised_properties(heard.data.ad_structures)
        rssi = Variant("n", heard.rssi)
        remote = self._remotes.get(self.path_of(heard.address))
        if remote is None:
            self.know(heard.address, {**advertised, "RSSI": rssi})
            return
        if remote.expiry is not None:
            remote.expiry.cancel()
        news = {name: value for name, value in advertised.items() if remote.advertised.get(name) != value}
        now = asyncio.get_running_loop().time()
        if news or now - remote.shown_at >= self._stack.settings.show_again_after.total_seconds():
            remote.shown_at, remote.advertised = now, advertised
            self._stack.objects.change(remote.path, DEVICE, {**news, "RSSI": rssi})

    def know(self, address: Address, properties: Mapping[str, Variant]) -> None:
        """Make a peer an object."""
        path, is_bonded = self.path_of(address), self._stack.is_bonded(address)
        now = asyncio.get_running_loop().time()
        self._remotes[path] = Remote(
            path=path, address=address, advertised=properties, shown_at=now, is_temporary=not is_bonded
        )
        plain = _plain_properties(address, self._stack.adapter_path, is_bonded=is_bonded)
        self._stack.objects.add(path, {DEVICE: {**plain, **properties}})

    def forget(self, remote: Remote) -> None:
        """Forget a peer and its objects; its link, if any, is the caller's."""
        self._remotes.pop(remote.path, None)
        self._stack.objects.remove(remote.path)

    def fall_silent(self) -> None:
        """Discovery has ended: signal strengths are gone, and peers only heard are forgotten after a while."""
        patience = self._stack.settings.temporary_timeout.total_seconds()
        for remote in self:
            remote.shown_at = -math.inf
            self._stack.objects.change(remote.path, DEVICE, {}, gone=("RSSI", "TxPower"))
            remote.expiry = asyncio.get_running_loop().call_later(patience, self._expire, remote)

    def _expire(self, remote: Remote) -> None:
        if remote.is_temporary and self._remotes.get(remote.path) is remote:
            self.forget(remote)


def _text(address: Address) -> str:
    return address.to_string(with_type_qualifier=False)


def _plain_properties(address: Address, adapter_path: str, *, is_bonded: bool) -> Mapping[str, Variant]:
    flags = {"Paired": is_bonded, "Bonded": is_bonded} | dict.fromkeys(
        ("Trusted", "Blocked", "LegacyPairing", "Connected", "ServicesResolved"), False
    )
    return {
        "Address": variants.text(_text(address)),
        "AddressType": variants.text("random" if address.is_random else "public"),
        "Alias": variants.text(_text(address).replace(":", "-")),
        "Adapter": variants.path(adapter_path),
        "UUIDs": variants.texts([]),
        **{name: variants.flag(on=value) for name, value in flags.items()},
    }
