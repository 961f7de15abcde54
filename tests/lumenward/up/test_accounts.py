"""The accounts of a real Mosquitto: proved by what arrives, for it grants subscriptions that it never serves."""

import stat
import subprocess
from contextlib import contextmanager
from queue import Empty, Queue
from socket import create_connection
from ssl import SSLCertVerificationError, create_default_context
from time import monotonic, sleep

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from lumenward.up.accounts import Accounts
from lumenward.up.place import Place, make_secrets
from lumenward.up.running import find_mosquitto
from lumenward.up.settings import UpSettings
from tests.servers import free_port, require
from tests.servers.certificates import make_certificate
from vocabulary.errors import SettingsError
from vocabulary.identity import GatewayId

HOME, OTHER = GatewayId("home-1"), GatewayId("home-2")


@pytest.fixture
def place(tmp_path):
    require("mosquitto")
    made = Place(tmp_path / "service")
    made.make()
    for gateway in (HOME, OTHER):
        made.accounts.add(gateway)
    return made


@contextmanager
def running(place, **told):
    """Its port, while Mosquitto runs on what was generated."""
    port = free_port()
    place.configure(UpSettings.model_validate({"broker": {"port": port}, **told}))
    with (place.logs / "broker").open("w") as log:
        process = subprocess.Popen([find_mosquitto(), "-c", str(place.mosquitto)], stdout=log, stderr=log)
    try:
        yield port, process
    finally:
        process.terminate()
        process.wait()


class Caller:
    """A client under an account; `heard` is what was delivered to it."""

    def __init__(self, port, name, password, tls=None):
        self.heard, self.answers = Queue(), Queue()
        self.client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.username_pw_set(name, password)
        if tls:
            self.client.tls_set_context(tls)
        self.client.on_connect = lambda *told: self.answers.put(told[3].is_failure)
        self.client.on_subscribe = lambda *_: self.answers.put(None)
        self.client.on_message = lambda *told: self.heard.put((told[2].topic, told[2].payload))
        until = monotonic() + 20
        while True:
            try:
                self.client.connect("127.0.0.1", port)
                break
            except ConnectionRefusedError:
                assert monotonic() < until
                sleep(0.05)
        self.client.loop_start()
        self.refused = self.answers.get(timeout=20)

    def listen(self, *topics):
        for topic in topics:
            self.client.subscribe(topic, qos=1)
            self.answers.get(timeout=20)
        return self

    def say(self, topic):
        self.client.publish(topic, topic.encode(), qos=1).wait_for_publish(20)

    def next(self, seconds=20):
        try:
            return self.heard.get(timeout=seconds)[0]
        except Empty:
            return None

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def callers(place, port, *names):
    plain = place.accounts.plain()
    made = [Caller(port, name, plain[name]) for name in names]
    try:
        yield made
    finally:
        for one in made:
            one.close()


def test_every_client_hears_and_says_its_own_and_nothing_of_the_others(place):
    with running(place) as (port, _), callers(place, port, "ingest", "dispatch", HOME, OTHER) as clients:
        ingest, dispatch, home, other = clients
        ingest.listen("$share/ingest/het/v1/gw/+/batch", "het/v1/gw/+/state", "#")
        dispatch.listen("het/v1/gw/+/state", "het/v1/gw/+/batch")
        home.listen("het/v1/gw/home-1/receipt", "het/v1/gw/home-1/order")
        other.listen("het/v1/gw/home-1/receipt", "het/v1/gw/home-1/order", "het/v1/gw/+/batch", "#")

        home.say("het/v1/gw/home-2/batch")  # forbidden: another's
        home.say("het/v1/gw/home-1/receipt")  # forbidden: a gateway receipts nothing
        dispatch.say("het/v1/gw/home-1/receipt")  # forbidden: nor does dispatch
        ingest.say("het/v1/gw/home-1/order")  # forbidden: ingest orders nothing
        home.say("het/v1/gw/home-1/batch")
        home.say("het/v1/gw/home-1/state")
        ingest.say("het/v1/gw/home-1/receipt")
        dispatch.say("het/v1/gw/home-1/order")
        ingest.say("het/v1/gw/home-2/receipt")

        assert {home.next(), home.next()} == {"het/v1/gw/home-1/receipt", "het/v1/gw/home-1/order"}
        assert dispatch.next() == "het/v1/gw/home-1/state"
        assert {ingest.next(), ingest.next()} == {"het/v1/gw/home-1/batch"}  # by both subscriptions that are its own
        assert other.next() == "het/v1/gw/home-2/receipt"
        assert [one.next(0.3) for one in clients] == [None] * 4


def test_nobody_comes_in_with_another_password(place):
    with running(place) as (port, _):
        caller = Caller(port, HOME, "wrong")
        assert caller.refused
        caller.close()


def test_a_new_account_is_known_after_a_signal_and_the_others_stay_connected(place):
    with running(place) as (port, process), callers(place, port, HOME) as (home,):
        home.listen("het/v1/gw/home-1/receipt")
        place.accounts.add(GatewayId("home-3"))
        process.send_signal(1)

        def comes_in():
            caller = Caller(port, "home-3", place.accounts.plain()["home-3"])
            caller.close()
            return not caller.refused

        until = monotonic() + 20
        while not comes_in():
            assert monotonic() < until
            sleep(0.1)
        with callers(place, port, "ingest") as (ingest,):
            ingest.say("het/v1/gw/home-1/receipt")
            assert home.next() == "het/v1/gw/home-1/receipt"


def test_a_home_from_elsewhere_comes_in_with_tls_by_a_certificate_that_it_trusts_and_is_heard(place, tmp_path):
    certificate, key = make_certificate(tmp_path)
    homes = {"host": "127.0.0.1", "port": free_port(), "certificate": str(certificate), "key": str(key)}
    plain = place.accounts.plain()
    with running(place, homes=homes) as (port, _), callers(place, port, "ingest") as (ingest,):
        ingest.listen("het/v1/gw/+/batch")
        home = Caller(homes["port"], HOME, plain[HOME], tls=create_default_context(cafile=certificate))
        home.say("het/v1/gw/home-1/batch")
        assert ingest.next() == "het/v1/gw/home-1/batch"
        home.close()
        with create_connection((homes["host"], homes["port"])) as untrusting, pytest.raises(SSLCertVerificationError):
            create_default_context().wrap_socket(untrusting, server_hostname=homes["host"])


def test_an_account_that_is_there_keeps_its_password(place):
    before = place.accounts.plain()
    place.accounts.add(HOME)
    assert place.accounts.plain() == before


def test_no_gateway_is_named_like_a_role(place):
    with pytest.raises(SettingsError, match="ingest"):
        place.accounts.add(GatewayId("ingest"))


def test_a_directory_without_accounts_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="holds no"):
        Accounts(tmp_path).add(HOME)


def test_secrets_of_a_composition_are_files_for_their_owner_only_and_are_made_once(tmp_path):
    make_secrets(tmp_path / "run")
    files = {file: file.read_text() for file in (tmp_path / "run" / "secrets").rglob("*") if file.is_file()}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len(set(files.values())) == len(files) == 6
    make_secrets(tmp_path / "run")
    assert {file: file.read_text() for file in files} == files
