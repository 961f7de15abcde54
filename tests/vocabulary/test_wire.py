"""The wire: what is sealed in a home opens for its topic and key only, and everything else is refused by name."""

import zlib
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors import VECTORS
from vocabulary.errors import BodyError, EnvelopeError, SealError, WireError
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import Body, Columns, Gap, Incident, SampleBlock, decode_body, encode_body
from vocabulary.wire.envelope import Header, read_header, seal, tag_of, unseal
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.limits import BATCH_BYTES, BODY_BYTES
from vocabulary.wire.receipts import Receipt, open_receipt, read_epoch, seal_receipt
from vocabulary.wire.topics import batch_topic, gateway_of

WIRE = VECTORS["wire"]
TOPIC = WIRE["topic"]
EPOCH = int(WIRE["epoch"], 16)
KEY = GatewayKey(WIRE["key_id"], bytes.fromhex(WIRE["gateway_key"]))
CIPHER = KEY.batch_cipher(EPOCH)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINK = {"device": "0011223344556677", "connected": True, "heard_at": "2026-03-01T12:00:00Z"}


def header(number: int = 5, *, compressed: bool = False) -> Header:
    return Header(key_id=KEY.id, epoch=EPOCH, number=number, compressed=compressed)


def block(**changes) -> SampleBlock:
    columns = Columns(active_s=[1, 2], remaining_s=[599, 598], signs=[1, 1], skin_celsius=[34.12, None])
    parts = {"modality": "led", "state": "emitting", "first": 0, "received_at": NOON, "columns": columns, **changes}
    return SampleBlock(device="0011223344556677", counter=42, **parts)


def body(**items) -> Body:
    return Body(sealed_at=NOON, boot=1, **items)


def test_a_batch_has_the_bytes_of_the_vector():
    vector = WIRE["batch_5"]
    assert seal(vector["body"].encode(), header(), CIPHER, TOPIC).hex() == vector["bytes"]


@pytest.mark.parametrize(("name", "text"), [("batch_5", 1), ("batch_6_compressed", 20)])
def test_the_vectors_open(name, text):
    sealed = bytes.fromhex(WIRE[name]["bytes"])
    assert unseal(sealed, read_header(sealed), CIPHER, TOPIC) == WIRE["batch_5"]["body"].encode() * text


def test_a_receipt_has_the_bytes_of_the_vector():
    sealed = bytes.fromhex(WIRE["receipt"]["bytes"])
    receipt = open_receipt(sealed, KEY.receipt_key(EPOCH))
    assert read_epoch(sealed) == EPOCH
    assert receipt.taken == [(5, tag_of(bytes.fromhex(WIRE["batch_5"]["bytes"])))]
    assert seal_receipt(receipt, KEY.receipt_key(EPOCH)) == sealed


@given(st.binary(max_size=4000), st.booleans(), st.integers(0, 2**64 - 1))
def test_what_is_sealed_opens_to_the_same_bytes(text, compressed, number):
    sealed = seal(text, header(number, compressed=compressed), CIPHER, TOPIC)
    assert unseal(sealed, read_header(sealed), CIPHER, TOPIC) == text


@given(st.data())
def test_a_batch_with_any_bit_changed_is_refused(data):
    sealed = bytearray(bytes.fromhex(WIRE["batch_5"]["bytes"]))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WireError):
        unseal(bytes(sealed), read_header(bytes(sealed)), CIPHER, TOPIC)


def test_a_batch_does_not_open_under_another_gateways_topic():
    sealed = bytes.fromhex(WIRE["batch_5"]["bytes"])
    with pytest.raises(SealError):
        unseal(sealed, read_header(sealed), CIPHER, batch_topic(GatewayId("gw-02")))


def test_a_compressed_body_over_the_limit_is_refused_before_it_fills_the_memory():
    bomb = seal(bytes(BODY_BYTES * 50), header(compressed=True), CIPHER, TOPIC)
    assert len(bomb) < BATCH_BYTES
    with pytest.raises(BodyError, match="more than"):
        unseal(bomb, read_header(bomb), CIPHER, TOPIC)


@pytest.mark.parametrize("text", [b"not zlib", zlib.compress(b"body")[:-2], b""])
def test_a_body_that_is_no_whole_zlib_stream_is_refused(text):
    sealed = seal(text, header(), CIPHER, TOPIC)
    lying = header(compressed=True)
    with pytest.raises(WireError):
        unseal(lying.pack() + sealed[22:], lying, CIPHER, TOPIC)
    honest = header(compressed=True)
    resealed = honest.pack() + CIPHER.encrypt(bytes(4) + (5).to_bytes(8, "big"), text, TOPIC.encode() + honest.pack())
    with pytest.raises(BodyError, match="zlib"):
        unseal(resealed, honest, CIPHER, TOPIC)


@pytest.mark.parametrize(
    ("sealed", "where"),
    [
        (b"", "envelope"),
        (bytes(37), "envelope"),
        (bytes(BATCH_BYTES + 1), "envelope"),
        (b"\x02\x01" + bytes(36), "envelope.version"),
        (b"\x01\x02" + bytes(36), "envelope.algorithm"),
    ],
)
def test_a_header_that_is_none_is_refused_by_the_part_that_is_wrong(sealed, where):
    with pytest.raises(EnvelopeError) as refusal:
        read_header(sealed)
    assert refusal.value.where == where


@given(st.binary(max_size=200))
def test_any_bytes_are_a_body_or_refused(text):
    with pytest.raises(BodyError):
        decode_body(text)


def test_a_text_with_a_zero_costs_no_batch():
    incident = Incident(kind="unreadable message", at=NOON, until=NOON, detail="a\0b")
    assert decode_body(encode_body(body(incidents=[incident]))).incidents[0].detail == "a\ufffdb"


def test_a_body_decodes_to_what_was_encoded():
    whole = body(samples=[block()], gaps=[Gap(device="0011223344556677", counter=42, first=2, last=2)])
    assert decode_body(encode_body(whole)) == whole


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"kind": "example"}, "body.kind"),
        ({"boot": -1}, "body.boot"),
        ({"sealed_at": "2026-03-01T12:00:00"}, "body.sealed_at"),
        ({"colour": "red"}, "body"),
        ({"gaps": [{"device": "0011223344556677", "counter": 1, "first": 5, "last": 4}]}, "body.gaps[0].last"),
        ({"gaps": [{"device": "../../etc", "counter": 1, "first": 5, "last": 4}]}, "body.gaps[0].device"),
        ({"gaps": [{"device": "0011223344556677", "counter": 0, "first": 5, "last": 6}]}, "body.gaps[0].counter"),
        ({"links": [LINK] * 1001}, "body.links"),
    ],
)
def test_a_body_that_is_wrong_is_refused_by_the_place_that_is_wrong(change, where):
    text = msgspec.json.encode({**msgspec.json.decode(encode_body(body())), **change})
    with pytest.raises(BodyError) as refusal:
        decode_body(text)
    assert refusal.value.where == where


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("skin_celsius", [34.1]),
        ("skin_celsius", [34.1, 300]),
        ("skin_celsius", ["34", "35"]),
        ("signs", [1, 256]),
        ("active_s", []),
    ],
)
def test_a_column_out_of_step_or_out_of_range_is_refused_by_name(name, column):
    plain = msgspec.to_builtins(body(samples=[block()]))
    plain["samples"][0]["columns"][name] = column
    with pytest.raises(BodyError, match=rf"body\.samples\[0\]\.columns\.{name}"):
        decode_body(msgspec.json.encode(plain))


def test_a_number_that_is_not_finite_is_refused():
    text = encode_body(body(samples=[block()])).replace(b"34.12", b"1e999")
    with pytest.raises(BodyError, match="skin_celsius"):
        decode_body(text)


@pytest.mark.parametrize("topic", ["", "het/v1/gw//batch", "het/v1/gw/a/b/batch", "het/v1/gw/+/batch", "x/gw-01/batch"])
def test_a_topic_that_names_no_gateway_is_refused(topic):
    with pytest.raises(EnvelopeError):
        gateway_of(topic)


def test_a_receipt_under_another_key_is_refused():
    sealed = bytes.fromhex(WIRE["receipt"]["bytes"])
    with pytest.raises(SealError):
        open_receipt(sealed, KEY.receipt_key(EPOCH + 1))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_receipt_or_refused(text):
    with pytest.raises(WireError):
        open_receipt(text, KEY.receipt_key(EPOCH))
    with pytest.raises(WireError):
        read_epoch(text)


def test_a_key_does_not_show_itself():
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(bytes(range(32))) not in repr(KEY)


def test_a_key_of_another_length_is_no_key():
    with pytest.raises(ValueError, match="32 bytes"):
        GatewayKey(1, bytes(31))


def test_a_receipt_names_each_batch_by_number_and_tag():
    receipt = Receipt(epoch=WIRE["epoch"], taken=[(1, "00" * 8)], refused=[(2, "11" * 8, "body.kind: unknown")])
    key = KEY.receipt_key(EPOCH)
    assert open_receipt(seal_receipt(receipt, key), key) == receipt
