"""The client at the home's broker: a packet that cannot be read is said, and does not come again for ever."""

import asyncio
import socket
import struct
import threading
from contextlib import contextmanager

from gateway.mqtt.client import SHORT_IN_A_ROW, Ears, HomeClient
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.gateway.devices import NOON
from vocabulary.identity import GatewayId
from vocabulary.settings import BrokerSettings

CONNACK = bytes([0x20, 3, 0, 0, 0])
TOPIC = b"het/v1/dev/0011223344556677/state"
BYTE_ORDER_MARK = b"\x26\0\x03\xef\xbb\xbf\0\x01x"  # a user property with a name that MQTT allows and paho refuses


def publication():
    body = struct.pack(">H", len(TOPIC)) + TOPIC + b"\0\x07" + bytes([len(BYTE_ORDER_MARK)]) + BYTE_ORDER_MARK + b"{}"
    return bytes([0x32, len(body)]) + body


class Broker:
    """Lets everybody in and sends what it has for a session that is not new; notes whether each was."""

    def __init__(self, listener):
        self.listener, self.links, self.were_new = listener, [], []

    def serve(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self.links.append(link)
            is_new = bool(link.recv(4096)[9] & 0x02)
            self.were_new.append(is_new)
            link.sendall(CONNACK if is_new else CONNACK + publication())


@contextmanager
def running():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        broker = Broker(listener)
        threading.Thread(target=broker.serve, daemon=True).start()
        yield broker, listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    for link in broker.links:
        link.close()


@in_a_loop
async def test_a_packet_that_ends_each_connection_is_said_and_its_session_given_up(caplog):
    with running() as (broker, port):
        settings = BrokerSettings(host="127.0.0.1", port=port, username="u", password="p", tls=False)
        cuts = []
        client = HomeClient(GatewayId("gw"), settings, lambda: NOON, Ears(lambda *_: None, lambda: cuts.append(1)))
        client.start()
        await until(lambda: len(broker.were_new) > SHORT_IN_A_ROW, seconds=20)
        await asyncio.to_thread(client.stop)
    assert broker.were_new == [False] * SHORT_IN_A_ROW + [True]
    assert [message.partition(" is gone")[2] for message in caplog.messages] == [
        ": Protocol error",
        f" {SHORT_IN_A_ROW} times in a row (Protocol error); a new session is begun",
    ]
