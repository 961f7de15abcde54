"""What somebody found out about a device besides what it says: its output by band, and recalls of its firmware."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.records.courses import BandOutputRow, RecalledFirmwareRow
from monitor_api.records.devices import DeviceRow
from vocabulary.light import Band, BandOutput


def outputs_of(session: Session, device: DeviceRow) -> tuple[BandOutput, ...]:
    """What a device puts out, as somebody measured it."""
    mine = (BandOutputRow.clinic_id == device.clinic_id, BandOutputRow.device_uid == device.uid)
    rows = session.scalars(select(BandOutputRow).where(*mine).order_by(BandOutputRow.program, BandOutputRow.band))
    return tuple(
        BandOutput(
            program=row.program,
            band=Band(row.band),
            wavelength_nm=row.wavelength_nm,
            irradiance_mw_per_cm2=row.irradiance_mw_per_cm2,
            uncertainty_fraction=row.uncertainty_fraction,
            source=row.source,
        )
        for row in rows
    )


def recalled_on(session: Session, device: DeviceRow) -> tuple[str, ...]:
    """The firmware that is not to be used any more on devices of its model."""
    if device.model is None:
        return ()
    of_model = (RecalledFirmwareRow.clinic_id == device.clinic_id, RecalledFirmwareRow.model == device.model)
    query = select(RecalledFirmwareRow.firmware).where(*of_model).order_by(RecalledFirmwareRow.firmware)
    return tuple(session.scalars(query))
