"""Sum a session up: all that the weeks around it are judged by, so that nobody reads its samples again."""

from math import isinf
from statistics import mean

from sqlalchemy.orm import Session

from clinical.dose.cem43 import Doubt, hottest, thermal_doses
from clinical.dose.worn import wear_signs
from monitor_api.records.courses import SessionSumRow
from monitor_api.sessions.assembly import Account
from monitor_api.sessions.device_clocks import ahead_in
from monitor_api.sessions.evidence import Evidence


def store_sum(session: Session, evidence: Evidence, account: Account) -> None:
    """Write what a session comes to, in the transaction of its check."""
    samples, record = account.samples, account.record
    wear = wear_signs(samples, evidence.device.features, account.missing)
    heat = hottest(thermal_doses(samples, _doubt(evidence, account)))
    clock = ahead_in(evidence)
    impedances = [ohm for ohm in samples.impedance_ohm if ohm is not None]
    session.merge(
        SessionSumRow(
            clinic_id=evidence.key.clinic,
            session_id=evidence.key.session,
            level=samples.median_level(),
            impedance_ohm=record.impedance_ohm if record else mean(impedances) if impedances else None,
            cem43_low_min=None if heat is None else heat.low,
            # No store need know infinity: an upper end that nothing bounds is one that is not there.
            cem43_high_min=None if heat is None or isinf(heat.high) else heat.high,
            contact_fraction=wear.contact_fraction,
            moving_fraction=wear.moving_fraction,
            eye_shield_fraction=wear.eye_shield_fraction,
            skin_rise_celsius=wear.skin_rise_celsius,
            seen_fraction=wear.seen_fraction,
            faults=list(record.faults) if record else [],
            firmware=record.firmware if record else None,
            clock_ahead_s=clock.by.total_seconds() if clock else None,
            clock_doubt_s=clock.doubt.total_seconds() if clock else None,
        )
    )


def _doubt(evidence: Evidence, account: Account) -> Doubt:
    return Doubt(
        missing=account.missing,
        highest_celsius=account.record.highest_skin_celsius if account.record else None,
        sensor_celsius=evidence.device.calibration.skin_celsius or 0.0,
    )
