"""The tree of objects that org.bluez exports, and the signals by which it changes."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from dbus_fast import Message, Variant

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez.calls import NOTHING, Answer, Call, Method, Methods
from firmware_bridge.virtual.bluez.names import INTROSPECTABLE, OBJECTS, PEER, PROPERTIES
from firmware_bridge.virtual.bluez.refusals import READ_ONLY, UNKNOWN_PROPERTY

Properties = Mapping[str, Variant]
Writer = Callable[[str, Variant], Awaitable[None]]
"""Carries out that a client sets a property: object path, new value."""


class Objects:
    """Object paths, their interfaces and properties; every change is a signal through `emit`."""

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._tree: dict[str, dict[str, dict[str, Variant]]] = {}
        self._writers: dict[tuple[str, str], Writer] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._tree

    def implements(self, path: str, interface: str) -> bool:
        """Whether an object has an interface."""
        return interface in self._tree.get(path, {})

    def add(self, path: str, interfaces: Mapping[str, Properties]) -> None:
        """Export an object."""
        self._tree[path] = {name: dict(properties) for name, properties in interfaces.items()}
        self._emit(Message.new_signal("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, self._tree[path]]))

    def remove(self, path: str) -> None:
        """Remove an object and everything below it, leaves first."""
        below = [known for known in self._tree if known == path or known.startswith(f"{path}/")]
        for leaf in sorted(below, key=len, reverse=True):
            interfaces = list(self._tree.pop(leaf))
            self._emit(Message.new_signal("/", OBJECTS, "InterfacesRemoved", "oas", [leaf, interfaces]))

    def change(self, path: str, interface: str, changed: Properties, gone: Iterable[str] = ()) -> None:
        """Change properties and remove those in `gone`; nothing happens to an object that is not there."""
        properties = self._tree.get(path, {}).get(interface)
        if properties is None:
            return
        gone = [name for name in gone if properties.pop(name, None) is not None]
        properties.update(changed)
        body = [interface, dict(changed), gone]
        self._emit(Message.new_signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body))

    def value(self, path: str, interface: str, name: str) -> Any:  # noqa: ANN401  # as many types as properties
        """The value of a property. Raises BusError."""
        return self._property(path, interface, name).value

    def let_write(self, interface: str, name: str, writer: Writer) -> None:
        """Let clients set a property; the writer makes the change."""
        self._writers[interface, name] = writer

    def methods(self) -> Methods:
        """The table of what every object answers."""
        return {
            (OBJECTS, "GetManagedObjects"): Method(takes="", run=self._list),
            (PROPERTIES, "Get"): Method(takes="ss", run=self._get),
            (PROPERTIES, "GetAll"): Method(takes="s", run=self._get_all),
            (PROPERTIES, "Set"): Method(takes="ssv", run=self._set),
            (INTROSPECTABLE, "Introspect"): Method(takes="", run=self._introspect),
            (PEER, "Ping"): Method(takes="", run=self._ping),
        }

    async def _list(self, _: Call) -> Answer:
        return Answer(signature="a{oa{sa{sv}}}", body=(self._tree,))

    async def _get(self, call: Call) -> Answer:
        return Answer(signature="v", body=(self._property(call.path, *call.body),))

    async def _get_all(self, call: Call) -> Answer:
        return Answer(signature="a{sv}", body=(self._tree[call.path].get(call.body[0], {}),))

    async def _set(self, call: Call) -> Answer:
        interface, name, value = call.body
        self._property(call.path, interface, name)
        writer = self._writers.get((interface, name))
        if writer is None:
            raise BusError(*READ_ONLY)
        await writer(call.path, value)
        return NOTHING

    async def _introspect(self, _: Call) -> Answer:
        return Answer(signature="s", body=("<node/>",))

    async def _ping(self, _: Call) -> Answer:
        return NOTHING

    def _property(self, path: str, interface: str, name: str) -> Variant:
        found = self._tree.get(path, {}).get(interface, {}).get(name)
        if found is None:
            raise BusError(*UNKNOWN_PROPERTY)
        return found
