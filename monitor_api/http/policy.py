"""Who may do what: the roles, the permissions, and the one table that joins them.

Rules, kept here:
- What the table does not give is refused.
- A permission says what somebody may do; whose data it is done to is always that of their clinic, and for a patient
  their own.
"""

from enum import StrEnum
from typing import Final

from monitor_api.records.trail import ChangeKind


class Role(StrEnum):
    """What somebody is to a clinic; a maker's clinic is their laboratory."""

    PATIENT = "patient"
    PHYSICIAN = "physician"
    MAKER = "maker"
    OPERATOR = "operator"


class Permission(StrEnum):
    """What a route asks for."""

    KNOW_ONESELF = "know who one is"
    END_LOGIN = "end one's login"
    FOLLOW_EVENTS = "follow what changes"
    SEE_PATIENTS = "see patients"
    ADD_PATIENTS = "add patients"
    SEE_DEVICES = "see devices"
    ASSIGN_DEVICES = "say whose a device is"
    SEE_ORDERS = "see what devices were told"
    ORDER_DEVICES = "stop and hold devices"
    SEE_GATEWAYS = "see gateways"
    MANAGE_GATEWAYS = "register gateways and their keys"
    SEE_SESSIONS = "see sessions"
    SEE_REGIMENS = "see regimens"
    PRESCRIBE = "prescribe"
    SEE_COURSES = "see adherence and energy"
    SEE_PRACTICE = "see the clinic's figures"
    DECIDE_PRACTICE = "decide on the clinic's figures"
    SEE_SHADOWS = "see what a candidate would call"
    TRY_CANDIDATES = "hold a candidate in the shadow of what holds"
    NOTE_FACTS = "note excuses and what a patient answered"
    CALIBRATE = "say what devices put out, and recall firmware"
    SEE_ALERTS = "see alerts"
    ACKNOWLEDGE = "take alerts on"
    SEE_AUDIT = "see who did what"
    SEE_QUARANTINE = "see what was refused"
    SEE_HEALTH = "see how the service is"
    MANAGE_USERS = "manage users"
    MANAGE_TOKENS = "manage tokens"


P = Permission

_EVERYBODY: Final = frozenset({P.KNOW_ONESELF, P.END_LOGIN, P.FOLLOW_EVENTS, P.SEE_DEVICES})

MAY: Final = {
    Role.PATIENT: _EVERYBODY | {P.SEE_PATIENTS, P.SEE_SESSIONS, P.SEE_REGIMENS, P.SEE_COURSES},
    Role.PHYSICIAN: _EVERYBODY
    | {P.SEE_PATIENTS, P.ADD_PATIENTS, P.ASSIGN_DEVICES, P.SEE_GATEWAYS, P.SEE_SESSIONS}
    | {P.SEE_ORDERS, P.ORDER_DEVICES, P.SEE_COURSES, P.NOTE_FACTS, P.CALIBRATE}
    | {P.SEE_REGIMENS, P.PRESCRIBE, P.SEE_ALERTS, P.ACKNOWLEDGE, P.SEE_AUDIT, P.SEE_PRACTICE, P.DECIDE_PRACTICE}
    | {P.SEE_SHADOWS, P.TRY_CANDIDATES},
    Role.MAKER: _EVERYBODY | {P.SEE_GATEWAYS, P.SEE_SESSIONS},
    Role.OPERATOR: _EVERYBODY
    | {P.SEE_PATIENTS, P.ADD_PATIENTS, P.ASSIGN_DEVICES, P.SEE_GATEWAYS, P.MANAGE_GATEWAYS}
    | {P.SEE_AUDIT, P.SEE_QUARANTINE, P.SEE_HEALTH, P.MANAGE_USERS, P.MANAGE_TOKENS, P.CALIBRATE}
    | {P.SEE_PRACTICE},
}

PERSONAL: Final = frozenset(
    {P.END_LOGIN, P.PRESCRIBE, P.ACKNOWLEDGE, P.ORDER_DEVICES, P.NOTE_FACTS, P.CALIBRATE, P.DECIDE_PRACTICE}
    | {P.TRY_CANDIDATES}
)
"""What only a person does, never a machine with a token: somebody answers for it by name."""

PUBLIC: Final = frozenset({"log_in", "read_health", "read_description", "show_docs", "read_docs_file"})
"""Routes, by the name of their function, that anybody may use."""

SEEN_WITH: Final[dict[str, Permission]] = {
    ChangeKind.SESSION: P.SEE_SESSIONS,
    ChangeKind.ALERT: P.SEE_ALERTS,
    ChangeKind.DEVICE: P.SEE_DEVICES,
    ChangeKind.PATIENT: P.SEE_PATIENTS,
    ChangeKind.REGIMEN: P.SEE_REGIMENS,
    ChangeKind.DRAFT: P.PRESCRIBE,
    ChangeKind.PRACTICE: P.SEE_PRACTICE,
    ChangeKind.SHADOW: P.SEE_SHADOWS,
    ChangeKind.GATEWAY: P.SEE_GATEWAYS,
    ChangeKind.SERVICE: P.SEE_HEALTH,
}
"""What it takes to be told of a change."""
