"""Topics of HETS over MQTT (device profile, MQTT 5): which message of which device."""

from enum import StrEnum
from typing import Final

from device_drivers.errors import FrameRefused
from vocabulary.errors import IdentityError
from vocabulary.identity import DeviceUid, device_uid

_ROOT: Final = "het/v1/dev/"


class Said(StrEnum):
    """What a device publishes; the last level of its topic."""

    INFO = "info"
    STATE = "state"
    LIVE = "live"
    SESSION = "session"
    EVENT = "event"
    ANSWER = "answer"


def said_by_all(said: Said) -> str:
    """The subscription to one message of every device."""
    return f"{_ROOT}+/{said}"


def read_topic(topic: str) -> tuple[DeviceUid, Said]:
    """Whose topic it is, and of which message. Raises FrameRefused."""
    device, _, said = topic.removeprefix(_ROOT).partition("/")
    if not topic.startswith(_ROOT) or said not in list(Said):
        raise FrameRefused("topic", "type", f"{topic!r:.80} is none that a device publishes on")
    try:
        return device_uid(device), Said(said)
    except IdentityError as error:
        raise FrameRefused("topic", "dev", str(error)) from error


def said_topic(device: DeviceUid, said: Said) -> str:
    """Where a device publishes a message."""
    return f"{_ROOT}{device}/{said}"


def ack_topic(device: DeviceUid) -> str:
    """Where a device is told which records are safe."""
    return f"{_ROOT}{device}/ack"


def command_topic(device: DeviceUid, command: str) -> str:
    """Where a device is told to do something; `command` is the id of this one: 1 to 36 of a-z, 0-9 and -."""
    return f"{_ROOT}{device}/cmd/{command}"


def reject_topic(device: DeviceUid) -> str:
    """Where a device is told that a message of its does not read."""
    return f"{_ROOT}{device}/reject"
