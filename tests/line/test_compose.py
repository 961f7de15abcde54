"""The composition of a clinic's server: its tool accepts it, it has no default password, and the line runs over it."""

import os
import re
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from time import monotonic, sleep

import pytest
from influxdb_client import InfluxDBClient
from sqlalchemy import select

from lumenward.demo.journals import Journals
from lumenward.demo.people import settle
from lumenward.demo.run import Demo
from lumenward.demo.scenario import SCENARIO
from lumenward.demo.stored import Watch
from lumenward.demo.verdict import Kind
from lumenward.demo.world import Plan, make_world
from lumenward.environment import with_secret_files
from lumenward.supervisor import Patience, Supervisor
from lumenward.up.accounts import Accounts
from lumenward.up.place import make_secrets
from monitor_api.app import open_records, open_telemetry
from monitor_api.records.watching import LeaseRow
from monitor_api.settings import ServerSettings
from tests.line.composed import FILE, ROLES, ROOT, compose, composition
from tests.servers import require
from vocabulary.identity import GatewayId
from vocabulary.settings import read_settings


def test_docker_compose_accepts_it():
    command = [require("docker-compose"), "-f", str(FILE), "config", "-q"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


def test_every_role_is_in_it_and_every_server_has_a_health_check():
    services = composition()["services"]
    assert services.keys() >= {*ROLES, "mosquitto", "influxdb", "postgres"}
    assert all("healthcheck" in services[name] for name in ("mosquitto", "influxdb", "postgres", "api"))


def test_every_password_and_token_is_a_file_and_no_service_gets_one_that_it_does_not_name():
    for service in composition()["services"].values():
        told = service.get("environment", {})
        secrets = {name: value for name, value in told.items() if any(word in name for word in WORDS)}
        assert all(name.endswith("_FILE") and value.startswith("/run/secrets/") for name, value in secrets.items())
        said = " ".join([*told.values(), *service.get("command", [])])
        assert set(re.findall(r"/run/secrets/([\w-]+)", said)) == set(service.get("secrets", []))


WORDS = ("PASSWORD", "TOKEN", "SECRET")


def test_no_role_gets_the_token_that_may_do_everything():
    services = composition()["services"]
    assert {name for name in services if OPERATOR in services[name].get("secrets", [])} == {"influxdb", "store-init"}


OPERATOR = "influx-operator-token"


def settings_of(composed):
    environment = with_secret_files(composed.environment("check"), ServerSettings.PREFIX)
    return read_settings(ServerSettings, "the composition", "", environment)


SESSIONS_LAST_S = 1100
"""Civil seconds from the first link to the end of the last session of the scenario."""

LATE_S = 60
"""Real seconds after which an alert is late, however busy the machine."""


def lived(demo, seconds):
    """Wait until the sessions are over, and note meanwhile when alerts come."""
    until = monotonic() + seconds
    while monotonic() < until:
        demo.supervisor.look()
        demo.watch.glance()
        sleep(0.2)


def settled(demo, seconds):
    """The verdict once nothing is wrong but that an alert took longer than it does on a machine of its own."""
    until = monotonic() + seconds
    while True:
        verdict = demo.weigh()
        problems = [problem.words for problem in verdict.problems if problem.kind is not Kind.LATE]
        if not problems or monotonic() > until:
            return verdict, problems
        demo.supervisor.look()
        sleep(2)  # every look reads every session from the stores, which have more to do


RATE = 20.0
"""A busy machine is late, and every second that it is late is this many of the people's."""


def world_of(composed):
    """A world that begins now, on the secrets, the accounts and the keys of a composition."""
    plan = Plan(
        homes=SCENARIO,
        seed=3,
        http_port=composed.http,
        roles=ROLES,
        uplink_port=composed.mosquitto,
        rate=RATE,
        lead=timedelta(hours=1),  # so that it never meets the present, however long the roles take to start
    )
    made = make_world(composed.directory, plan)
    secret, accounts = composed.secret("server").read_text().strip(), Accounts(composed.run).plain()
    world = replace(made, secret=secret, accounts=made.accounts | accounts)
    world.write()
    world.signing_keys.symlink_to(composed.run / "keys")
    return world


def buckets_seen(store):
    """Every bucket that the token of the roles may look into."""
    with InfluxDBClient(store.url, store.token.get_secret_value()) as client:
        return {bucket.name for bucket in client.buckets_api().find_buckets().buckets}


@pytest.mark.alone
@pytest.mark.timeout(300)
def test_the_scenario_of_the_demo_runs_over_the_same_commands_and_files(tmp_path):
    composed = compose(tmp_path)
    make_secrets(composed.run)
    for home in SCENARIO:
        Accounts(composed.run).add(GatewayId(home.gateway))
    with ExitStack() as running:
        running.enter_context(composed.servers())
        told = settings_of(composed)
        database, telemetry = open_records(told), open_telemetry(told)
        running.callback(database.close)
        running.callback(telemetry.close)
        database.migrate()
        world = world_of(composed)
        password = settle(database, world)
        supervisor = Supervisor(tmp_path, Patience(start_s=120))
        running.callback(supervisor.stop)
        supervisor.start(world.radio())
        supervisor.wait_until_ready()
        clock = {"LUMENWARD_CLOCK": world.clock.dump(), "PATH": os.environ["PATH"]}
        supervisor.start([*world.gateways(), *(composed.child(role, **clock) for role in ROLES)])
        supervisor.wait_until_ready()
        demo = Demo(world, supervisor, Journals(world), Watch(database, telemetry), password)
        lived(demo, SESSIONS_LAST_S / RATE)
        verdict, problems = settled(demo, 120)
        assert not problems, "\n".join(problems)
        assert verdict.samples_produced == verdict.samples_stored + verdict.samples_in_gaps
        assert [alert.seconds <= LATE_S for alert in verdict.alerts] == [True] * 8
        assert composed.answers()
        assert buckets_seen(told.telemetry) == {"telemetry"}
        with database.read() as session:
            assert session.scalar(select(LeaseRow.holder)) not in {None, ""}
        assert not (tmp_path / "data" / "telemetry.sqlite").exists()
        assert not (tmp_path / "data" / "records.sqlite").exists()
