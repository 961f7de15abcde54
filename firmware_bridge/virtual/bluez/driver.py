"""What the bus itself answers: `org.freedesktop.DBus`."""

from collections.abc import Callable, Iterable
from typing import Final

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez.calls import NOTHING, Answer, Call, Method, Methods
from firmware_bridge.virtual.bluez.match_rules import parse_rule
from firmware_bridge.virtual.bluez.names import BLUEZ, PEER
from firmware_bridge.virtual.bluez.refusals import NO_NAME_OWNER
from firmware_bridge.virtual.bluez.sasl import GUID

DRIVER: Final = "org.freedesktop.DBus"
BLUEZ_OWNER: Final = ":1.0"

_PRIMARY_OWNER: Final = 1
_NOT_OWNER: Final = 3


class Driver:
    """The bus's own methods; `clients` gives the unique names of everybody connected."""

    def __init__(self, clients: Callable[[], Iterable[str]]) -> None:
        self._clients = clients

    def methods(self) -> Methods:
        """The table of this object."""
        return {
            (DRIVER, "Hello"): Method(takes="", run=self._hello),
            (DRIVER, "AddMatch"): Method(takes="s", run=self._add_match),
            (DRIVER, "RemoveMatch"): Method(takes="s", run=self._remove_match),
            (DRIVER, "GetNameOwner"): Method(takes="s", run=self._owner),
            (DRIVER, "NameHasOwner"): Method(takes="s", run=self._has_owner),
            (DRIVER, "ListNames"): Method(takes="", run=self._list_names),
            (DRIVER, "RequestName"): Method(takes="su", run=self._request_name),
            (DRIVER, "ReleaseName"): Method(takes="s", run=self._release_name),
            (DRIVER, "GetId"): Method(takes="", run=self._identify),
            (PEER, "Ping"): Method(takes="", run=self._ping),
        }

    async def _hello(self, call: Call) -> Answer:
        return Answer(signature="s", body=(call.caller.name,))

    async def _add_match(self, call: Call) -> Answer:
        call.caller.rules.append(parse_rule(call.body[0]))
        return NOTHING

    async def _remove_match(self, call: Call) -> Answer:
        rule = parse_rule(call.body[0])
        if rule in call.caller.rules:
            call.caller.rules.remove(rule)
        return NOTHING

    async def _owner(self, call: Call) -> Answer:
        name: str = call.body[0]
        if name not in self._names():
            raise BusError(*NO_NAME_OWNER)
        return Answer(signature="s", body=(BLUEZ_OWNER if name == BLUEZ else name,))

    async def _has_owner(self, call: Call) -> Answer:
        return Answer(signature="b", body=(call.body[0] in self._names(),))

    async def _list_names(self, _: Call) -> Answer:
        return Answer(signature="as", body=(self._names(),))

    async def _request_name(self, _: Call) -> Answer:
        return Answer(signature="u", body=(_PRIMARY_OWNER,))

    async def _release_name(self, _: Call) -> Answer:
        return Answer(signature="u", body=(_NOT_OWNER,))

    async def _identify(self, _: Call) -> Answer:
        return Answer(signature="s", body=(GUID.decode(),))

    async def _ping(self, _: Call) -> Answer:
        return NOTHING

    def _names(self) -> list[str]:
        return [DRIVER, BLUEZ, BLUEZ_OWNER, *self._clients()]
