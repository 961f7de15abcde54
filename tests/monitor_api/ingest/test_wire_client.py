"""The faster way past paho: what it takes itself, what it leaves to paho, and what it must never do."""

import socket
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, lists, tuples
from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from monitor_api.ingest.wire_client import ReadAhead, WireClient, split_publish, variable_length

PINGRESP = b"\xd0\x00"


def publish(topic: bytes, payload: bytes, number: int) -> bytes:
    """A PUBLISH with QoS 1 and no properties, as MQTT 5 (3.3) lays it out."""
    content = len(topic).to_bytes(2, "big") + topic + number.to_bytes(2, "big") + b"\x00" + payload
    return b"\x32" + variable_length(len(content)) + content


def puback(number: int) -> bytes:
    return b"\x40\x02" + number.to_bytes(2, "big")


class Wire:
    """A socket's other end: gives what arrived, in the pieces it arrived in; b"" is its end."""

    def __init__(self, pieces):
        self.pieces = list(pieces)

    def recv(self, _size):
        if not self.pieces:
            raise BlockingIOError
        return self.pieces.pop(0)


def cut(data, places):
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


@given(
    messages=lists(tuples(binary(min_size=1, max_size=20), binary(max_size=300), integers(1, 65535)), max_size=6),
    places=lists(integers(0, 5000), max_size=6),
)
def test_a_stream_gives_the_same_messages_however_it_is_cut(messages, places):
    pieces = cut(b"".join(publish(*message) for message in messages), places)
    ahead, found = ReadAhead(Wire(pieces)), []
    for _ in pieces:
        ahead.fill()
        while ahead.head() is not None:
            found.append(split_publish(ahead.take()))
    assert found == messages


@pytest.mark.parametrize(("length", "written"), [(0, "00"), (127, "7f"), (128, "8001"), (16384, "808001")])
def test_lengths_are_written_as_mqtt_has_them(length, written):
    assert variable_length(length).hex() == written


def test_properties_of_a_message_are_passed_over():
    content = b"\x00\x01t\x00\x07" + b"\x05\x02\x00\x00\x00\x09" + b"payload"
    assert split_publish(content) == (b"t", b"payload", 7)


class Connected(WireClient):
    """A client that is connected to nobody, and keeps what it would send."""

    def __init__(self, ahead):
        self.taken, self.sent, self.connected = [], [], True
        super().__init__("test", lambda *message: self.taken.append(message))
        self._read_ahead = ahead

    def is_connected(self):
        return self.connected

    def _packet_queue(self, _command, packet, *_):
        self.sent.append(bytes(packet))


def test_receipts_go_out_before_the_acknowledgements_of_what_they_are_for_and_in_one_write():
    client = Connected(ReadAhead(Wire([])))
    client.put("r", b"receipt")
    client.acknowledge([5, 6])
    assert client.sent == [publish(b"r", b"receipt", 1) + b"\x40\x02\x00\x05" + b"\x40\x02\x00\x06"]


def test_no_more_messages_are_under_way_than_the_broker_takes_and_acknowledgements_wait_behind_them():
    client = Connected(ReadAhead(Wire([b"\x40\x02\x00\x01"])))
    client.connected_anew(1)
    for payload in (b"1", b"2"):
        client.put("r", payload)
    client.acknowledge([9])
    assert client.sent == [publish(b"r", b"1", 1)]
    client.loop_read()
    assert client.sent[1:] == [publish(b"r", b"2", 2) + b"\x40\x02\x00\x09"]


def test_nothing_is_sent_without_a_connection_nor_kept_for_the_next():
    client = Connected(ReadAhead(Wire([])))
    client.connected = False
    client.put("r", b"receipt")
    client.acknowledge([5])
    client.connected = True
    client.acknowledge([6])
    assert client.sent == [b"\x40\x02\x00\x06"]


def connected(*pieces):
    return Connected(ReadAhead(Wire(pieces)))


@pytest.mark.parametrize("first", [b"\x3a", b"\x33", b"\x3b"], ids=["again", "retained", "both"])
def test_what_the_broker_sends_again_or_had_kept_is_taken_like_any_message(first):
    client = connected(first + publish(b"t", b"payload", 3)[1:])
    assert client.loop_read() == 0
    assert client.taken == [(b"t", b"payload", 3)]


def test_a_new_connection_begins_with_nothing_under_way_and_nothing_left_of_the_one_before():
    client = connected()
    client.connected_anew(1)
    for payload in (b"1", b"2"):
        client.put("r", payload)
    client.acknowledge([9])
    client.connected_anew(1)
    client.put("r", b"3")
    client.acknowledge([10])
    assert client.sent == [publish(b"r", b"1", 1), publish(b"r", b"3", 3) + puback(10)]


def test_of_a_broker_that_names_no_limit_all_numbers_are_used_and_then_the_first_again():
    client = connected(puback(1))
    client.connected_anew(None)
    for _ in range(65536):
        client.put("r", b"")
    client.acknowledge([7])
    (sent,) = client.sent
    assert sent.endswith(publish(b"r", b"", 65535))
    client.loop_read()
    assert client.sent[1:] == [publish(b"r", b"", 1) + puback(7)]


def test_acknowledgements_of_what_was_never_sent_make_no_room_for_more():
    client = connected(puback(1) + puback(2))
    client.connected_anew(1)
    client.loop_read()
    for payload in (b"1", b"2"):
        client.put("r", payload)
    client.acknowledge([])
    assert client.sent == [publish(b"r", b"1", 1)]


@pytest.mark.parametrize(("reason", "said"), [(b"\x00", 0), (b"\x10", 0), (b"\x87", 1)])
def test_a_receipt_that_the_broker_refuses_is_said(reason, said, caplog):
    client = connected(b"\x40\x03\x00\x01" + reason)
    client.loop_read()
    assert len(caplog.records) == said


def test_the_end_of_a_connection_is_told_to_paho_that_connects_again():
    class Reset:
        def recv(self, _size):
            raise ConnectionResetError

    assert connected().loop_read() == 0
    assert connected(b"").loop_read() == MQTTErrorCode.MQTT_ERR_NO_CONN
    assert Connected(ReadAhead(Reset())).loop_read() == MQTTErrorCode.MQTT_ERR_NO_CONN


def test_what_paho_makes_of_a_packet_that_it_cannot_take_ends_the_reading():
    assert connected(PINGRESP).loop_read() == MQTTErrorCode.MQTT_ERR_NO_CONN


def test_a_message_that_is_cut_short_ends_the_connection_and_not_the_thread():
    client = Connected(ReadAhead(Wire([b"\x32\x03\x00\x01t"])))
    assert client.loop_read() != 0
    assert client.taken == []


def test_paho_still_reads_and_sends_as_the_faster_way_needs_it_to():
    """Fails when paho changes what the faster way stands on: read its new source before the pin is moved."""
    ours, theirs = socket.socketpair()
    client = Connected(ReadAhead(ours))
    client._sock = client._read_ahead
    ours.settimeout(0)
    client._ping_t = 1.0
    theirs.sendall(PINGRESP + publish(b"t", b"payload", 3))
    assert client.loop_read() == 0
    assert client._ping_t == 0, "paho has read the answer to its ping, and nothing beyond it"
    assert client.taken == [(b"t", b"payload", 3)]
    Client._packet_queue(client, 0x40, b"\x40\x02\x00\x03\x40\x02\x00\x04", 0, 1)
    if client.want_write():
        client.loop_write()
    assert theirs.recv(100) == b"\x40\x02\x00\x03\x40\x02\x00\x04", "paho sends several packets as one"
    client._sock = None
    ours.close()
    theirs.close()
