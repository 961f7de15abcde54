"""Method calls on the bus, and the tables of who answers them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dbus_fast import Message

from firmware_bridge.virtual.bluez.bus_client import BusClient
from firmware_bridge.virtual.bluez.refusals import unknown_method


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A method call; `body` has the types of the signature that its method takes."""

    caller: BusClient
    path: str
    body: Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a method returns; file descriptors pass to the caller."""

    signature: str
    body: tuple[object, ...]
    fds: tuple[int, ...] = ()


NOTHING: Final = Answer(signature="", body=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method: the D-Bus signature of its arguments, and what runs it. It may raise BusError."""

    takes: str
    run: Callable[[Call], Awaitable[Answer]]


Methods = Mapping[tuple[str, str], Method]
"""Methods by interface and name."""


def find(methods: Methods, message: Message) -> Method:
    """The method that a message calls. Raises BusError."""
    interface, member = message.interface or "", message.member or ""
    method = methods.get((interface, member))
    if method is None or method.takes != message.signature:
        raise unknown_method(member, message.signature, interface)
    return method
