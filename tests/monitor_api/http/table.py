"""Who may do what, by hand: an operation that is added has to be added here."""

from monitor_api.http.policy import Role

PATIENT, PHYSICIAN, MAKER, OPERATOR = Role.PATIENT, Role.PHYSICIAN, Role.MAKER, Role.OPERATOR
EVERYBODY = {PATIENT, PHYSICIAN, MAKER, OPERATOR}

MAY = {
    "read_me": EVERYBODY,
    "renew_login": EVERYBODY,
    "log_out": EVERYBODY,
    "follow_events": EVERYBODY,
    "list_patients": {PATIENT, PHYSICIAN, OPERATOR},
    "read_patient": {PATIENT, PHYSICIAN, OPERATOR},
    "add_patient": {PHYSICIAN, OPERATOR},
    "list_users": {OPERATOR},
    "add_user": {OPERATOR},
    "disable_user": {OPERATOR},
    "list_tokens": {OPERATOR},
    "make_token": {OPERATOR},
    "revoke_token": {OPERATOR},
    "list_gateways": {PHYSICIAN, MAKER, OPERATOR},
    "read_gateway": {PHYSICIAN, MAKER, OPERATOR},
    "read_ledger": {PHYSICIAN, MAKER, OPERATOR},
    "register_gateway": {OPERATOR},
    "add_gateway_key": {OPERATOR},
    "retire_gateway_key": {OPERATOR},
    "list_devices": EVERYBODY,
    "read_device": EVERYBODY,
    "put_assignment": {PHYSICIAN, OPERATOR},
    "list_incidents": {PHYSICIAN, MAKER, OPERATOR},
    "read_orders": {PHYSICIAN},
    "read_order": {PHYSICIAN},
    "stop_device": {PHYSICIAN},
    "hold_device": {PHYSICIAN},
    "lift_hold": {PHYSICIAN},
    "list_sessions": {PATIENT, PHYSICIAN, MAKER},
    "read_session": {PATIENT, PHYSICIAN, MAKER},
    "read_samples": {PATIENT, PHYSICIAN, MAKER},
    "list_regimens": {PATIENT, PHYSICIAN},
    "read_regimen": {PATIENT, PHYSICIAN},
    "prescribe_regimen": {PHYSICIAN},
    "put_regimen": {PHYSICIAN},
    "preview_regimen": {PHYSICIAN},
    "end_regimen": {PHYSICIAN},
    "read_course": {PATIENT, PHYSICIAN},
    "read_energy": {PATIENT, PHYSICIAN},
    "list_excuses": {PATIENT, PHYSICIAN},
    "note_excuse": {PHYSICIAN},
    "withdraw_excuse": {PHYSICIAN},
    "put_skin": {PHYSICIAN},
    "put_outputs": {PHYSICIAN, OPERATOR},
    "put_recall": {PHYSICIAN, OPERATOR},
    "step_regimen": {PHYSICIAN},
    "compare_versions": {PATIENT, PHYSICIAN},
    "list_templates": {PHYSICIAN},
    "list_alerts": {PHYSICIAN},
    "read_alert": {PHYSICIAN},
    "acknowledge": {PHYSICIAN},
    "list_quarantine": {OPERATOR},
    "read_quarantine": {OPERATOR},
    "list_audit": {PHYSICIAN, OPERATOR},
    "read_health_details": {OPERATOR},
}
PUBLIC = {"log_in", "read_health"}
NOT_BY_TOKEN = {
    "renew_login",
    "log_out",
    "prescribe_regimen",
    "put_regimen",
    "preview_regimen",
    "end_regimen",
    "step_regimen",
    "list_templates",
    "acknowledge",
    "stop_device",
    "hold_device",
    "lift_hold",
    "note_excuse",
    "withdraw_excuse",
    "put_skin",
    "put_outputs",
    "put_recall",
}


def who_may(operation_id: str) -> Role:
    """A role that may; anybody may log in."""
    return min(MAY.get(operation_id, {PHYSICIAN}), key=lambda role: role is not OPERATOR)
