"""Who and what: identifiers, and how those that a crash may ask for twice are derived."""

import re
from typing import Final, NewType
from uuid import UUID, uuid5

from vocabulary.errors import IdentityError

DeviceUid = NewType("DeviceUid", str)
"""EUI-64 of a device, 16 lower-case hex digits."""

GatewayId = NewType("GatewayId", str)
"""Name of a gateway, a level of its MQTT topics: 1 to 40 of a-z, 0-9 and '-'."""

SessionId = NewType("SessionId", UUID)
ClinicId = NewType("ClinicId", UUID)
PatientId = NewType("PatientId", UUID)
UserId = NewType("UserId", UUID)
RegimenId = NewType("RegimenId", UUID)
FindingId = NewType("FindingId", UUID)
AlertId = NewType("AlertId", UUID)

RuleId = NewType("RuleId", str)
"""Name of a rule of `clinical`, such as "too-hot"."""

HETS_SERVICE: Final = UUID("e7a00001-6f1c-4b0e-9d5a-3c8f1d2a7b40")
"""UUID of the HETS service, and the namespace of every derived identifier (device profile, Sync)."""

_DEVICE_UID = re.compile(r"[0-9a-f]{16}")
_GATEWAY_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def device_uid(text: str) -> DeviceUid:
    """Check a device uid. Raises IdentityError."""
    if not _DEVICE_UID.fullmatch(text):
        raise IdentityError("device uid", text, "16 lower-case hex digits")
    return DeviceUid(text)


def gateway_id(text: str) -> GatewayId:
    """Check a gateway id. Raises IdentityError."""
    if not _GATEWAY_ID.fullmatch(text):
        raise IdentityError("gateway id", text, "1 to 40 of a-z, 0-9 and '-', not at the ends")
    return GatewayId(text)


def session_id(device: DeviceUid, counter: int, epoch: str | None = None) -> SessionId:
    """Derive a session's id from the device and its session counter (device profile, Sync).

    `epoch`: that of the gateway which counts the sessions of a device that does not.
    """
    return SessionId(uuid5(HETS_SERVICE, f"{device}:{epoch}:{counter}" if epoch else f"{device}:{counter}"))


def finding_id(rule: RuleId, subject: UUID, episode: str) -> FindingId:
    """Derive a finding's id, so that evaluating the same facts again names the same finding."""
    return FindingId(uuid5(HETS_SERVICE, f"finding:{rule}:{subject}:{episode}"))


def alert_id(clinic: ClinicId, subject: UUID, rule: RuleId, episode: str) -> AlertId:
    """Derive an alert's id; the rule's version is left out, so an upgrade raises nothing twice."""
    return AlertId(uuid5(HETS_SERVICE, f"alert:{clinic}:{subject}:{rule}:{episode}"))
