"""Bumble without the cost of the debug messages it formats whether or not anybody reads them."""

import inspect
from typing import Final

from bumble import att, controller, device, gatt_client, gatt_server, hci, host, l2cap, smp

_PACKETS: Final = (hci.HCI_Packet, att.ATT_PDU, l2cap.L2CAP_PDU, l2cap.L2CAP_Control_Frame)
_SPEAKERS: Final = (controller, device, gatt_client, gatt_server, host, l2cap, smp)


def quiet_bumble() -> None:
    """Let packets print as the name of their class and nothing be coloured: about half of Bumble's time.

    Changes Bumble for the whole process, its debug log included. For programs, not for libraries and tests.
    """
    for module in (hci, att, l2cap):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, _PACKETS) and "__str__" in vars(kind):
                setattr(kind, "__str__", _name_of)  # noqa: B010  # a plain assignment to a method does not type
    for speaker in _SPEAKERS:
        vars(speaker)["color"] = _uncoloured


def _name_of(packet: object) -> str:
    return type(packet).__name__


def _uncoloured(text: str, *_: object, **__: object) -> str:
    return text
