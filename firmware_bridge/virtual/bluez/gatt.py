"""Reading and writing: GattCharacteristic1 and GattDescriptor1 without notifying."""

from contextlib import suppress
from typing import Final

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez import variants
from firmware_bridge.virtual.bluez.calls import NOTHING, Answer, Call, Method, Methods
from firmware_bridge.virtual.bluez.gatt_table import COMMANDS
from firmware_bridge.virtual.bluez.live_link import LiveLink
from firmware_bridge.virtual.bluez.names import GATT_CHARACTERISTIC, GATT_DESCRIPTOR
from firmware_bridge.virtual.bluez.pipes import WritePipe
from firmware_bridge.virtual.bluez.refusals import NOT_SUPPORTED
from firmware_bridge.virtual.bluez.remotes import Remotes
from firmware_bridge.virtual.bluez.stack import Stack

_REQUEST: Final = variants.text("request")


class Gatt:
    """Reads and writes the attributes of peers."""

    def __init__(self, stack: Stack, remotes: Remotes) -> None:
        self._stack, self._remotes = stack, remotes

    def methods(self) -> Methods:
        """The table of both interfaces."""
        return {
            (GATT_CHARACTERISTIC, "ReadValue"): Method(takes="a{sv}", run=self._read),
            (GATT_CHARACTERISTIC, "WriteValue"): Method(takes="aya{sv}", run=self._write_characteristic),
            (GATT_CHARACTERISTIC, "AcquireWrite"): Method(takes="a{sv}", run=self._acquire_write),
            (GATT_DESCRIPTOR, "ReadValue"): Method(takes="a{sv}", run=self._read),
            (GATT_DESCRIPTOR, "WriteValue"): Method(takes="aya{sv}", run=self._write_descriptor),
        }

    async def _read(self, call: Call) -> Answer:
        """BlueZ signals a value that was read like one that was notified."""
        link, attribute = self._remotes.attribute(call.path)
        value = await link.read(attribute.handle)
        self._stack.objects.change(call.path, attribute.interface, {"Value": variants.octets(value)})
        return Answer(signature="ay", body=(value,))

    async def _write_characteristic(self, call: Call) -> Answer:
        _, options = call.body
        return await self._write(call, with_response=options.get("type", _REQUEST).value != "command")

    async def _write_descriptor(self, call: Call) -> Answer:
        return await self._write(call, with_response=True)

    async def _acquire_write(self, call: Call) -> Answer:
        """A pipe whose packets are written without response; bleak takes one to learn the MTU."""
        link, attribute = self._remotes.attribute(call.path)
        if not (call.caller.passes_fds and attribute.flags & COMMANDS):
            raise BusError(*NOT_SUPPORTED)
        pipe = WritePipe(lambda value: self._stack.tasks.start(self._command(link, attribute.handle, value)))
        link.connection.on(link.connection.EVENT_DISCONNECTION, pipe.end_with)
        return Answer(signature="hq", body=(0, link.mtu), fds=(pipe.client_fd,))

    async def _command(self, link: LiveLink, handle: int, value: bytes) -> None:
        with suppress(BusError):
            await link.write(handle, value, with_response=False)

    async def _write(self, call: Call, *, with_response: bool) -> Answer:
        link, attribute = self._remotes.attribute(call.path)
        await link.write(attribute.handle, bytes(call.body[0]), with_response=with_response)
        return NOTHING
