"""What `make fuzz` feeds with bytes: a target decodes them or refuses them, and anything else is a crash."""

import hmac
from contextlib import suppress

from device_drivers.blockbluelight.frames import Command, abandon, parse
from device_drivers.blockbluelight.record import read_record as read_panel_record
from device_drivers.blockbluelight.status import read_brightness, read_status
from device_drivers.errors import FrameRefused
from device_drivers.hets.live import read_live
from device_drivers.hets.procedures import read_access_answer, read_control_answer
from device_drivers.hets.record import read_record
from device_drivers.hets.segments import join
from device_drivers.hets.status import read_elapsed_time, read_features, read_state, read_system_id
from vocabulary.devices import Modality
from vocabulary.errors import WireError
from vocabulary.wire.batches import decode_body
from vocabulary.wire.envelope import Header, read_header, unseal
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.receipts import open_receipt, read_epoch

READERS = {
    "live LED": lambda frame: read_live(frame, Modality.LED),
    "live RF": lambda frame: read_live(frame, Modality.RF),
    "record": read_record,
    "state": read_state,
    "features": read_features,
    "system id": read_system_id,
    "elapsed time": lambda frame: read_elapsed_time(frame, 1),
    "access": read_access_answer,
    "control": read_control_answer,
}
_KEY = GatewayKey(1, bytes(range(32)))
_TOPIC = "het/v1/gw/home-1/batch"


def frames(data: bytes) -> None:
    """Every reader of a HETS characteristic."""
    for read in READERS.values():
        with suppress(FrameRefused):
            read(data)


def segments(data: bytes) -> None:
    """Notifications of a record, each as long as its first byte says."""
    partial = None
    while data:
        length, data = data[0] + 1, data[1:]
        try:
            partial, _ = join(partial, data[:length])
        except FrameRefused:
            partial = None
        data = data[length:]


def panel(data: bytes) -> None:
    """Notifications of a panel, each as long as its first byte says; what they carry; the bytes as a record."""
    with suppress(FrameRefused):
        read_panel_record(data)
    rest, frames = b"", ()
    while data:
        length, data = data[0] % 40 + 1, data[1:]
        rest, more = parse(rest, data[:length])
        frames, data = frames + more, data[length:]
    for frame in frames + abandon(rest)[1]:
        with suppress(FrameRefused):
            (read_brightness if frame.command == Command.BRIGHTNESS else read_status)(frame.payload)


def batch(data: bytes) -> None:
    """A batch as it comes from the broker; the bytes as the content of one whose seal holds; the bytes as a body."""
    with suppress(WireError):
        header = read_header(data)
        unseal(data, header, _KEY.batch_cipher(header.epoch), _TOPIC)
    header = Header(key_id=1, epoch=1, number=1, compressed=True)
    cipher, packed = _KEY.batch_cipher(1), header.pack()
    with suppress(WireError):
        unseal(packed + cipher.encrypt(bytes(11) + b"\x01", data, _TOPIC.encode() + packed), header, cipher, _TOPIC)
    with suppress(WireError):
        decode_body(data)


def receipt(data: bytes) -> None:
    """A receipt as it comes to a gateway, and the same bytes under an authenticator that holds."""
    key = _KEY.receipt_key(1)
    for sealed in (data, data + hmac.digest(key, data, "sha256")):
        with suppress(WireError):
            read_epoch(sealed)
        with suppress(WireError):
            open_receipt(sealed, key)


TARGETS = {target.__name__: target for target in (frames, segments, panel, batch, receipt)}
