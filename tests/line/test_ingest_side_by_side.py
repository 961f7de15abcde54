"""Ingest processes side by side on one shared subscription: what dies, dies; every batch is stored, once."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from monitor_api.records.devices import BatchRow
from monitor_api.records.sessions import DueRow, SessionRow
from tests.line.brokers import running_broker
from tests.servers import postgres
from tests.service import (
    GATEWAY,
    KEY,
    SECRET,
    Sealer,
    found,
    key_of,
    open_service,
    rf_device,
    rf_samples,
    rows,
    settings,
)
from vocabulary.wire.receipts import open_receipt
from vocabulary.wire.topics import receipt_topic

pytestmark = pytest.mark.timeout(300)

BATCHES = 120
SAMPLES = 10
ACCOUNTS = {"ingest": "ingest-password", GATEWAY: "gateway-password"}

INGEST = """
import os
from lumenward.environment import load
from lumenward.processes import say_ready, stop_event, write_log
from monitor_api.app import run_ingest
from monitor_api.settings import ServerSettings

write_log()
run_ingest(load(ServerSettings, None), os.environ, stop_event(), say_ready)
"""

TELLS_BEFORE_IT_STORES = f"""
from time import sleep
from monitor_api.ingest.receipts import receipts
from monitor_api.ingest.worker import Worker

def handle(self, group, broker, _wait):
    opened = [self._opener.open(arrival) for arrival in group]
    for message in receipts(opened, self._clock()):
        broker.publish(message)
    broker.acknowledge([arrival.message_id for arrival in group])
    sleep(2)
    self._try_to_store(group)

Worker.handle = handle
{INGEST}
"""
"""The sabotaged twin."""


class Home:
    """A gateway that sends its batches again and again until a receipt names them."""

    def __init__(self, broker):
        sealer = Sealer()
        self.waiting = {1: sealer.batch(rf_device())} | {
            number: sealer.batch(rf_samples((number - 2) * SAMPLES)) for number in range(2, BATCHES + 1)
        }
        self.receipted, self.connected = {}, Event()
        self.client = Client(CallbackAPIVersion.VERSION2, GATEWAY, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.username_pw_set(GATEWAY, ACCOUNTS[GATEWAY])
        self.client.on_connect = lambda client, *_: client.subscribe(receipt_topic(GATEWAY), qos=1)
        self.client.on_subscribe = lambda *_: self.connected.set()
        self.client.on_message = self._told
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        assert self.connected.wait(30)

    def _told(self, _client, _data, message):
        for number, tag in open_receipt(message.payload, KEY.receipt_key(1)).taken:
            self.receipted[number] = tag

    def send(self):
        """Everything that no receipt has named."""
        for number, one in self.waiting.items():
            if number not in self.receipted:
                self.client.publish(one.topic, one.payload, qos=1)

    def sends_until(self, done, every_s=3.0):
        until, again = monotonic() + 120, 0.0
        while not done():
            assert monotonic() < until, f"{len(self.receipted)} of {BATCHES} receipted"
            if monotonic() >= again:
                self.send()
                again = monotonic() + every_s
            sleep(0.02)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class Workers:
    """Processes in the role `ingest`, told apart by their names."""

    def __init__(self, directory: Path, broker):
        self.directory, self.names, self.processes = directory, count(1), []
        told = settings(directory)
        self.environ = {
            "LUMENWARD_SERVER_DATA": str(directory),
            "LUMENWARD_SERVER_SECRET": told.secret.get_secret_value(),
            "LUMENWARD_SERVER_BROKER__HOST": "127.0.0.1",
            "LUMENWARD_SERVER_BROKER__PORT": str(broker.port),
            "LUMENWARD_SERVER_BROKER__USERNAME": "ingest",
            "LUMENWARD_SERVER_BROKER__PASSWORD": ACCOUNTS["ingest"],
            "LUMENWARD_SERVER_BROKER__TLS": "false",
            "LUMENWARD_SERVER_HTTP__PUBLIC_URL": "http://127.0.0.1",
        } | ({"LUMENWARD_SERVER_RECORDS_URL": told.records_url} if told.records_url else {})
        assert told.secret_bytes == SECRET

    def start(self, how_many, program=INGEST):
        for _ in range(how_many):
            name = str(next(self.names))
            with (self.directory / f"ingest-{name}.log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-c", program],
                    env=os.environ | self.environ | {"LUMENWARD_SERVER_WORKER": name},
                    stdout=log,
                    stderr=log,
                )
            self.processes.append(process)
        for number in range(1, how_many + 1):
            self._await_ready(self.directory / f"ingest-{number}.log")

    def _await_ready(self, log):
        until = monotonic() + 120
        while b"listening at" not in log.read_bytes():
            assert monotonic() < until, log.read_text()
            sleep(0.05)

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def a_service(directory):
    """A clinic's stores, Mosquitto, a home, and workers to be started."""
    stores = open_service(directory)
    found(stores)
    stores.close()
    with running_broker("mosquitto", directory, ACCOUNTS) as broker:
        home, workers = Home(broker), Workers(directory, broker)
        try:
            yield home, workers
        finally:
            workers.stop()
            home.close()


def stored(directory):
    """The numbers of the batches that are registered, and how many samples there are, how many of them twice."""
    stores = open_service(directory)
    try:
        series = stores.telemetry.series(key_of())
        numbers = sorted(row.number for row in rows(stores, BatchRow))
        assert len(rows(stores, SessionRow)) == len(rows(stores, DueRow)) == (1 if len(numbers) > 1 else 0)
        return numbers, series.count, series.clashes
    finally:
        stores.close()


ALL = (list(range(1, BATCHES + 1)), (BATCHES - 1) * SAMPLES, 0)


def test_of_three_that_share_a_subscription_one_is_killed_and_every_batch_is_stored_once(data):
    with a_service(data) as (home, workers):
        workers.start(3)
        home.sends_until(lambda: len(home.receipted) > BATCHES // 8, every_s=60)
        workers.processes[0].send_signal(signal.SIGKILL)
        killed_at = len(home.receipted)
        home.sends_until(lambda: len(home.receipted) == BATCHES)
        assert killed_at < BATCHES
    assert stored(data) == ALL


@pytest.fixture
def own_server(tmp_path):
    """A durable PostgreSQL that a test may kill, and a directory for a service on it."""
    server = postgres.Postgres()
    directory = tmp_path / "service"
    directory.mkdir()
    (directory / "records address").write_text(server.address(server.lend()))
    yield server, directory
    server.remove()


def test_postgresql_dies_and_is_back_and_nothing_is_lost_or_receipted_that_was_not_stored(own_server):
    server, directory = own_server
    with a_service(directory) as (home, workers):
        workers.start(2)
        home.sends_until(lambda: len(home.receipted) > BATCHES // 8, every_s=60)
        server.kill()
        receipted = set(home.receipted)
        sleep(1)
        assert len(home.receipted) < BATCHES
        server.start()
        assert set(stored(directory)[0]) >= receipted
        home.sends_until(lambda: len(home.receipted) == BATCHES)
    assert stored(directory) == ALL


def test_a_twin_that_tells_before_it_stores_is_caught_when_postgresql_dies(own_server):
    server, directory = own_server
    with a_service(directory) as (home, workers):
        workers.start(1, TELLS_BEFORE_IT_STORES)
        home.sends_until(lambda: home.receipted)
        server.crash()
        receipted = set(home.receipted)
        server.start()
        assert not set(stored(directory)[0]) >= receipted
