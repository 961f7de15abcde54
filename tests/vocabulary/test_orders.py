"""Orders down the wire: the vector, what is refused, and what any bytes do."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers

from tests.vectors import VECTORS
from vocabulary.errors import BodyError, EnvelopeError, SealError, WireError
from vocabulary.quantities import Unit
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.limits import ORDER_BYTES
from vocabulary.wire.orders import (
    Desired,
    GuardLimits,
    Hold,
    OrderHeader,
    Stop,
    open_order,
    open_order_text,
    read_order_header,
    seal_order,
    seal_order_text,
)

WIRE = VECTORS["wire"]
VECTOR = WIRE["order"]
KEY = GatewayKey(WIRE["key_id"], bytes.fromhex(WIRE["gateway_key"]))
SEALED, TOPIC = bytes.fromhex(VECTOR["bytes"]), VECTOR["topic"]
CIPHER = KEY.order_cipher()
HEADER = OrderHeader(key_id=KEY.id, number=3)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOP = Stop(device="0011223344556677", wish="ab" * 16, until=NOON)
DESIRED = Desired(
    device="0011223344556677",
    wish="cd" * 16,
    revision=4,
    hold=Hold(until=NOON),
    limits=GuardLimits(
        regimen="ef" * 16, version=2, skin_grace_s=2, contact_grace_s=15, skin_celsius=41, dose=20, dose_unit=Unit.JOULE
    ),
    permit=bytes(138),
)


def test_an_order_is_sealed_as_the_vector_says():
    header = OrderHeader(key_id=WIRE["key_id"], number=VECTOR["number"])
    body, nonce = VECTOR["body"].encode(), SEALED[14:26]
    assert seal_order_text(body, header, CIPHER, TOPIC, nonce=nonce) == SEALED
    assert (read_order_header(SEALED), open_order_text(SEALED, CIPHER, TOPIC)) == (header, body)


@pytest.mark.parametrize("order", [STOP, DESIRED])
def test_an_order_is_what_it_was(order):
    assert open_order(seal_order(order, HEADER, CIPHER, TOPIC), CIPHER, TOPIC) == order


def test_no_two_orders_are_sealed_under_one_nonce():
    assert seal_order(STOP, HEADER, CIPHER, TOPIC) != seal_order(STOP, HEADER, CIPHER, TOPIC)


@given(integers(0, len(SEALED) * 8 - 1))
def test_an_order_with_another_bit_is_refused(bit):
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((EnvelopeError, SealError)):
        open_order_text(bytes(changed), CIPHER, TOPIC)


def test_an_order_for_another_gateway_or_under_another_key_is_refused():
    with pytest.raises(SealError):
        open_order_text(SEALED, CIPHER, "het/v1/gw/gw-02/order")
    with pytest.raises(SealError):
        open_order_text(SEALED, GatewayKey(7, bytes(32)).order_cipher(), TOPIC)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"{}", "kind"),
        (b'{"kind":"dance"}', "dance"),
        (b"\xff", "order"),
        (VECTOR["body"].encode(), "wish"),
        (b'{"kind":"stop","device":"00","wish":"' + b"ab" * 16 + b'","until":"2026-03-01T12:00:00Z"}', "device"),
    ],
)
def test_what_is_sealed_and_no_order_is_refused_with_its_place(text, part):
    sealed = seal_order_text(text, HEADER, CIPHER, TOPIC, nonce=bytes(12))
    with pytest.raises(BodyError, match=part):
        open_order(sealed, CIPHER, TOPIC)


@given(binary(max_size=200))
def test_any_bytes_are_an_order_or_refused(data):
    with pytest.raises(WireError):
        open_order(data, CIPHER, TOPIC)


def test_an_order_beyond_the_limit_is_refused_before_its_seal_is_looked_at():
    with pytest.raises(EnvelopeError, match=str(ORDER_BYTES)):
        read_order_header(SEALED + bytes(ORDER_BYTES))
