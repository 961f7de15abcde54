"""Real brokers for tests: the embedded one, and Mosquitto where the machine has it."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from lumenward.demo.broker import broker_config
from lumenward.demo.world import free_port
from tests.servers import require

MOSQUITTO = """\
user root
listener {port} 127.0.0.1
allow_anonymous false
password_file {directory}/passwords
acl_file {directory}/acl
set_tcp_nodelay true
max_inflight_messages 1000
max_queued_messages 1000000
persistence false
log_type error
"""

ACL = """\
user ingest
topic read $share/ingest/het/v1/gw/+/batch
topic read het/v1/gw/+/batch
topic write het/v1/gw/+/receipt
topic write het/v1/gw/+/order
topic read het/v1/gw/+/state
"""

OWN_TOPICS = """\
user {gateway}
topic write het/v1/gw/{gateway}/batch
topic write het/v1/gw/{gateway}/state
topic read het/v1/gw/{gateway}/receipt
topic read het/v1/gw/{gateway}/order
topic read het/v1/dev/#
topic write het/v1/dev/+/ack
topic write het/v1/dev/+/cmd/+
topic write het/v1/dev/+/reject
"""

OWN_TOPICS_OF_A_DEVICE = """\
user {device}
topic write het/v1/dev/{device}/#
topic read het/v1/dev/{device}/ack
topic read het/v1/dev/{device}/cmd/+
topic read het/v1/dev/{device}/reject
"""


def acl(accounts: Iterable[str]) -> str:
    """Who may do what; an account of 16 hex digits is a device's, of another name a gateway's."""
    own = (
        OWN_TOPICS_OF_A_DEVICE.format(device=name)
        if re.fullmatch("[0-9a-f]{16}", name)
        else OWN_TOPICS.format(gateway=name)
        for name in accounts
        if name != "ingest"
    )
    return ACL + "".join(own)


class Broker:
    """A broker process on a port, that can be killed and started again with nothing left."""

    def __init__(self, directory: Path, accounts: Mapping[str, str]) -> None:
        self.directory, self.accounts, self.port = directory, accounts, free_port()

    def start(self) -> None:
        with (self.directory / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        until = monotonic() + 10
        while not self.listens():
            assert monotonic() < until, (self.directory / "broker.log").read_text()
            sleep(0.02)

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Mosquitto(Broker):
    embedded = False

    def command(self):
        (self.directory / "mosquitto.conf").write_text(MOSQUITTO.format(port=self.port, directory=self.directory))
        (self.directory / "acl").write_text(acl(self.accounts))
        passwords = self.directory / "passwords"
        passwords.write_text("".join(f"{name}:{password}\n" for name, password in self.accounts.items()))
        subprocess.run([require("mosquitto_passwd"), "-U", passwords], check=True)
        return [require("mosquitto"), "-c", str(self.directory / "mosquitto.conf")]


class Embedded(Broker):
    embedded = True

    def command(self):
        config = self.directory / "broker.toml"
        config.write_text(broker_config(self.port, self.accounts))
        return [sys.executable, "-m", "lumenward.demo.broker", str(config), str(self.port)]


BROKERS = {"embedded": Embedded, "mosquitto": Mosquitto}


@contextmanager
def running_broker(kind: str, directory: Path, accounts: Mapping[str, str]):
    broker = BROKERS[kind](directory, accounts)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
