"""Devices: list, read, and whose each is."""

from typing import Annotated

from fastapi import APIRouter

from monitor_api.http.deeds.devices import NewAssignment, assign_device
from monitor_api.http.describing import told
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import devices as queries
from monitor_api.http.queries.devices import Device
from monitor_api.http.queries.ledgers import DeviceLedger, ledger
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, needs
from monitor_api.http.wanted import UidPath
from vocabulary.identity import DeviceUid

routes = APIRouter(prefix="/devices", tags=["devices"])


@routes.get("", **told("List devices", examples.page(examples.DEVICE)))
def list_devices(visit: Annotated[Visit, needs(Permission.SEE_DEVICES)], wanted: Wanted) -> Page[Device]:
    """The clinic's devices, in the order in which they were first seen; for a patient, those that are theirs."""
    with visit.reading() as session:
        return queries.devices(session, visit.caller, wanted, visit.now)


@routes.get("/{uid}", **told("Read a device", examples.DEVICE))
def read_device(visit: Annotated[Visit, needs(Permission.SEE_DEVICES)], uid: UidPath) -> Device:
    """One device: its state and battery, and the ages of device and gateway apart."""
    with visit.reading() as session:
        return queries.device(session, visit.caller, DeviceUid(uid), visit.now)


@routes.get("/{uid}/records", **told("Read which records are here", examples.LEDGER))
def read_ledger(visit: Annotated[Visit, needs(Permission.SEE_GATEWAYS)], uid: UidPath) -> DeviceLedger:
    """The device's records in ranges without a gap, and the sessions that it counted and whose records never came."""
    with visit.reading() as session:
        return ledger(session, visit.caller, DeviceUid(uid))


@routes.put("/{uid}/assignment", **told("Assign a device", examples.DEVICE))
def put_assignment(
    visit: Annotated[Visit, needs(Permission.ASSIGN_DEVICES)], uid: UidPath, wanted: NewAssignment
) -> Device:
    """Give a device to a patient, or take it back, from an instant on. Its sessions since then are checked again."""
    with visit.writing() as writing:
        return assign_device(writing, DeviceUid(uid), wanted)
