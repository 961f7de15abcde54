"""A service on disk with one clinic, and a gateway that seals for it: what tests of the far side begin with."""

import atexit
import shutil
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from uuid import UUID

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import select

from clinical.regimen import Limits, Regimen
from monitor_api.app import Stores, make_worker, open_stores
from monitor_api.check.checker import Checker
from monitor_api.clock import clocks
from monitor_api.ingest.opening import Arrival
from monitor_api.ingest.receipts import Message
from monitor_api.records.database import Database
from monitor_api.records.devices import AssignmentRow, DeviceRow, GatewayKeyRow, GatewayRow
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.people import ClinicRow, PatientRow
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from monitor_api.settings import ServerSettings
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import SeriesKey
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.regimens import weekly
from tests.servers import postgres
from vocabulary.devices import Modality
from vocabulary.identity import ClinicId, DeviceUid, GatewayId, RegimenId, session_id
from vocabulary.quantities import Quantity, Unit
from vocabulary.wire.batches import (
    Body,
    Columns,
    Gap,
    GuardStop,
    Incident,
    Item,
    LinkStatus,
    ReportedMark,
    ReportedOrder,
    SampleBlock,
    SeenAnchor,
    SeenClock,
    SeenDevice,
    StoredRecord,
    encode_body,
)
from vocabulary.wire.envelope import Header, seal
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.receipts import Receipt, open_receipt
from vocabulary.wire.topics import batch_topic

SECRET = bytes(range(32))
CLINIC = ClinicId(UUID(int=1))
PATIENT = UUID(int=2)
REGIMEN = RegimenId(UUID(int=3))
GATEWAY = GatewayId("gw-01")
KEY = GatewayKey(7, bytes(range(32, 64)))
UID = DeviceUid("0011223344556677")

RF_REGIMEN = Regimen(
    id=REGIMEN,
    version=1,
    modality=Modality.RF,
    phases=(weekly(3, timedelta(minutes=4), Quantity(1800.0, Unit.JOULE)),),
    limits=Limits(
        duration=timedelta(minutes=5),
        dose=Quantity(2400.0, Unit.JOULE),
        skin_celsius=42.5,
        skin_grace=timedelta(seconds=2),
        rest=timedelta(hours=24),
        contact_grace=timedelta(seconds=30),
    ),
)


ON_POSTGRESQL, ON_SQLITE = "on postgresql", "on sqlite"
"""Files of these names: services in this directory, and in those below it, have records that they give back."""

_ADDRESS = "records address"


def settings(directory: Path) -> ServerSettings:
    address = directory / _ADDRESS
    return ServerSettings.model_validate(
        {
            "data": directory,
            "secret": b64encode(SECRET).decode(),
            "broker": {"host": "127.0.0.1", "username": "ingest", "password": "-"},
            "http": {"public_url": "http://127.0.0.1"},
            "records_url": address.read_text() if address.exists() else None,
        }
    )


def open_service(directory: Path, telemetry: Telemetry | None = None) -> Stores:
    """The stores of a service in a directory, samples included unless `telemetry` keeps them.

    New ones are copies of some that were migrated once.
    """
    _make_records(directory)
    told = settings(directory)
    samples = telemetry or SqliteTelemetry(told.telemetry_file)
    database = _known(told.records_url) if told.records_url else Database(told.records)
    return Stores(database=database, telemetry=samples, clocks=clocks({}))


def _make_records(directory: Path) -> None:
    records, address = directory / "records.sqlite", directory / _ADDRESS
    if address.exists():
        return
    if _is(directory, ON_POSTGRESQL):
        address.write_text(postgres.server().address(postgres.server().lend()))
    elif _is(directory, ON_SQLITE):
        address.write_text(_lend_file())
    elif not records.exists():
        shutil.copy(_migrated(), records)


def _is(directory: Path, kind: str) -> bool:
    return any((place / kind).exists() for place in (directory, *directory.parents))


@cache
def _known(address: str) -> Database:
    """One for all services that have their records there, one after the other: what it has compiled it keeps."""
    return Database(address)


@cache
def _free_files() -> list[str]:
    """Addresses of files that nobody has."""
    return []


def _lend_file() -> str:
    free = _free_files()
    address = free.pop() if free else f"sqlite:///{_migrated().with_name(f'{token_hex(6)}.sqlite')}"
    shutil.copy(_migrated(), address.removeprefix("sqlite:///"))
    return address


def give_back(directory: Path) -> None:
    """Let other tests have the records of the services in and below a directory."""
    for file in directory.rglob(_ADDRESS):
        address = file.read_text()
        _known(address).close()
        if address.startswith("sqlite"):
            records = Path(address.removeprefix("sqlite:///"))
            for part in records.parent.glob(f"{records.name}*"):
                part.unlink()
            _free_files().append(address)
        else:
            postgres.server().take_back(conninfo_to_dict(address)["dbname"])
        file.unlink()


@cache
def _migrated() -> Path:
    directory = Path(mkdtemp(prefix="lumenward-test-"))
    atexit.register(shutil.rmtree, directory)
    open_stores(settings(directory), {}).close()
    return directory / "records.sqlite"


def found(stores: Stores) -> None:
    """A clinic with a patient, an RF device of theirs, its regimen, and a gateway with its key."""
    long_ago = datetime.now(UTC) - timedelta(days=30)
    with stores.database.write() as session:
        for row in (
            ClinicRow(id=CLINIC, name="Clinic", zone="UTC"),
            PatientRow(
                id=PATIENT, clinic_id=CLINIC, name="P", reference="1", born=None, zone="UTC", created_at=long_ago
            ),
            GatewayRow(id=GATEWAY, clinic_id=CLINIC, name="home", registered_at=long_ago, heard_at=None),
            GatewayKeyRow(
                gateway_id=GATEWAY,
                key_id=KEY.id,
                wrapped=KeyWrap(SECRET).wrap(GATEWAY, KEY),
                created_at=long_ago,
                retired_at=None,
            ),
            DeviceRow(clinic_id=CLINIC, uid=UID, gateway_id=GATEWAY, heard_at=long_ago, first_seen_at=long_ago),
            AssignmentRow(
                id=UUID(int=4), clinic_id=CLINIC, device_uid=UID, patient_id=PATIENT, from_at=long_ago, until_at=None
            ),
            RegimenRow(
                id=REGIMEN, clinic_id=CLINIC, patient_id=PATIENT, modality="rf", created_at=long_ago, ended_at=None
            ),
            RegimenVersionRow(
                regimen_id=REGIMEN,
                version=1,
                from_at=long_ago,
                prescriber_id=UUID(int=5),
                body=write_regimen(RF_REGIMEN),
            ),
        ):
            session.add(row)
            session.flush()


@dataclass
class FakeBroker:
    """Keeps what the worker publishes and acknowledges."""

    published: list[Message] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    listens: bool = True
    connected: bool = True

    def publish(self, message: Message) -> None:
        self.published.append(message)

    def acknowledge(self, message_ids) -> None:
        self.acknowledged += message_ids

    def receipts(self, epoch: int = 1) -> list[Receipt]:
        return [open_receipt(message.payload, KEY.receipt_key(epoch)) for message in self.published]

    def taken(self, epoch: int = 1) -> set[int]:
        return {number for receipt in self.receipts(epoch) for number, _ in receipt.taken}

    def refused(self, epoch: int = 1) -> dict[int, str]:
        return {number: reason for receipt in self.receipts(epoch) for number, _, reason in receipt.refused}


@dataclass
class Sealer:
    """A gateway that seals bodies under one epoch, numbered from 1."""

    epoch: int = 1
    numbers: count = field(default_factory=lambda: count(1))

    def batch(self, *items: Item, sealed_at: datetime | None = None, gateway: GatewayId = GATEWAY) -> Arrival:
        number = next(self.numbers)
        return self.sealed(encode_body(body(*items, sealed_at=sealed_at)), number, gateway)

    def sealed(self, text: bytes, number: int, gateway: GatewayId = GATEWAY) -> Arrival:
        header = Header(key_id=KEY.id, epoch=self.epoch, number=number)
        topic = batch_topic(gateway)
        return Arrival(topic=topic, payload=seal(text, header, KEY.batch_cipher(self.epoch), topic), message_id=number)


LISTS = {
    SeenDevice: "devices",
    SeenAnchor: "anchors",
    ReportedMark: "marks",
    SampleBlock: "samples",
    Gap: "gaps",
    StoredRecord: "records",
    LinkStatus: "links",
    ReportedOrder: "orders",
    GuardStop: "guard_stops",
    Incident: "incidents",
    SeenClock: "clocks",
}


def body(*items: Item, sealed_at: datetime | None = None) -> Body:
    lists: dict[str, list[Item]] = {}
    for item in items:
        lists.setdefault(LISTS[type(item)], []).append(item)
    return Body(sealed_at=sealed_at or datetime.now(UTC), boot=1, **lists)


def rf_device() -> SeenDevice:
    return SeenDevice(
        device=UID,
        family="hets/1",
        modality=Modality.RF,
        model="RF",
        serial="1",
        firmware="1",
        features=["records", "skin temperature", "contact"],
    )


def rf_samples(
    first: int,
    many: int = 10,
    *,
    skin: float = 40.0,
    signs: int = 1,
    counter: int = 1,
    at: datetime | None = None,
):
    numbers = range(first, first + many)
    return SampleBlock(
        device=UID,
        counter=counter,
        modality=Modality.RF,
        state="emitting",
        first=first,
        received_at=at or datetime.now(UTC),
        columns=Columns(
            active_s=[number + 1 for number in numbers],
            remaining_s=[max(0, 239 - number) for number in numbers],
            signs=[signs] * many,
            rf_power_w=[8.0] * many,
            rf_energy_j=[8.0 * (number + 1) for number in numbers],
            skin_celsius=[skin] * many,
        ),
    )


def key_of(counter: int = 1) -> SeriesKey:
    return SeriesKey(clinic=CLINIC, session=session_id(UID, counter))


def worker_of(stores: Stores, directory: Path):
    return make_worker(settings(directory), stores)


def checker_of(stores: Stores, name: str = "check-1") -> Checker:
    return Checker(stores.database, stores.telemetry, stores.clocks, name)


def rows(stores: Stores, table):
    with stores.database.read() as session:
        return list(session.scalars(select(table)))
