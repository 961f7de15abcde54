"""Match rules: which signals a client of the bus has asked for."""

from collections.abc import Callable, Mapping
from typing import Final

from dbus_fast import Message


def parse_rule(text: str) -> Mapping[str, str]:
    """The parts of a rule such as `type='signal',member='InterfacesAdded'`; quotes are optional, as libdbus has it."""
    pairs = (part.split("=", 1) for part in text.split(",") if "=" in part)
    return {key.strip(): value.strip("'") for key, value in pairs}


def matches(rule: Mapping[str, str], signal: Message) -> bool:
    """Whether a signal is one that the rule asks for; parts that say nothing about our signals are ignored."""
    return all(_CONDITIONS[key](wanted, signal) for key, wanted in rule.items() if key in _CONDITIONS)


def _is_within(wanted: str, signal: Message) -> bool:
    path = signal.path or ""
    return path == wanted or path.startswith(wanted.rstrip("/") + "/")


def _is_first_path(wanted: str, signal: Message) -> bool:
    first = str(signal.body[0]) if signal.body else ""
    return first == wanted or (wanted.endswith("/") and first.startswith(wanted)) or _ends_above(first, wanted)


def _ends_above(first: str, wanted: str) -> bool:
    return first.endswith("/") and wanted.startswith(first)


_CONDITIONS: Final[Mapping[str, Callable[[str, Message], bool]]] = {
    "interface": lambda wanted, signal: signal.interface == wanted,
    "member": lambda wanted, signal: signal.member == wanted,
    "path": lambda wanted, signal: signal.path == wanted,
    "path_namespace": _is_within,
    "arg0": lambda wanted, signal: bool(signal.body) and signal.body[0] == wanted,
    "arg0path": _is_first_path,
}
