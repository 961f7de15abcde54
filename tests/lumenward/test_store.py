"""`lumenward store`: InfluxDB is made ready with least rights, and samples move between stores unharmed."""

import json
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from influxdb_client import InfluxDBClient
from typer.testing import CliRunner

from lumenward.cli import store
from monitor_api.errors import CopyDiffers, StoreUnusable
from monitor_api.sessions.copying import copy_telemetry
from monitor_api.settings import InfluxSettings
from monitor_api.telemetry.influx import InfluxTelemetry
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.servers.influx import TOKEN
from tests.service import CLINIC, UID, FakeBroker, Sealer, found, key_of, open_service, rf_samples, worker_of
from vocabulary.errors import SettingsError


def run(*arguments):
    result = CliRunner().invoke(store.app, [str(one) for one in arguments], catch_exceptions=True)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def init(influx, tmp_path):
    """Runs `store init` for a bucket, and gives what it says and the settings of a store that uses its token."""
    operator = tmp_path / "operator"
    operator.write_text(TOKEN)

    def run_it(org, bucket, *more):
        file = tmp_path / f"{bucket}-token"
        where = f"{influx.url}/{org}/{bucket}"
        said = run("init", where, "--operator-token-file", operator, "--token-file", file, "--json", *more)
        return json.loads(said.stdout), influx.settings(org=org, bucket=bucket, token=file.read_text().strip()), file

    return run_it


def test_init_makes_all_that_a_store_needs_and_its_token_suffices(init):
    said, settings, file = init("Quay", "quay", "--retention-days", 400)
    assert said["made"] == [
        "organisation Quay",
        "bucket quay",
        "bucket quay-minutes",
        "retention of 400 days",
        "task lumenward quay",
        "token lumenward quay",
    ]
    assert file.stat().st_mode & 0o777 == 0o600
    assert settings.token.get_secret_value() not in json.dumps(said)
    with closing(InfluxTelemetry(settings)) as opened:
        opened.append([(key_of(), rf_samples(0))])
        assert opened.series(key_of()).count == 10


def test_init_given_again_changes_nothing(init, influx):
    _, before, _ = init("Again", "again", "--retention-days", 90)
    said, after, _ = init("Again", "again", "--retention-days", 90)
    assert said["made"] == []
    assert after == before
    said, _, _ = init("Again", "again")
    assert said["made"] == []
    (bucket,) = influx.client.buckets_api().find_buckets(name="again").buckets
    assert [rule.every_seconds for rule in bucket.retention_rules] == [90 * 86400]


def test_the_token_of_init_opens_no_other_bucket_and_sees_nothing_else(init, influx):
    _, settings, _ = init("Least", "least")
    other = influx.settings(org="Least", bucket="least-minutes", token=settings.token)
    with closing(InfluxTelemetry(other)) as opened, pytest.raises(StoreUnusable):
        opened.append([(key_of(), rf_samples(0))])
    with InfluxDBClient(influx.url, settings.token.get_secret_value(), org="Least") as client:
        # A page of a list is filled before what may not be seen is left out: of the first hundred, and of its own.
        (org,) = influx.client.organizations_api().find_organizations(org="Least")
        pages = [client.buckets_api().find_buckets(**page).buckets for page in ({"limit": 100}, {"org_id": org.id})]
        assert {bucket.name for page in pages for bucket in page} == {"least"}
        assert client.organizations_api().find_organizations() == []
        assert client.authorizations_api().find_authorizations() == []


def test_the_task_of_init_keeps_the_mean_of_each_minute_of_a_device(init, influx):
    _, settings, _ = init("Means", "means")
    at = datetime.now(UTC).replace(second=59, microsecond=0) - timedelta(minutes=10)
    with closing(InfluxTelemetry(settings)) as opened:
        opened.append([(key_of(), rf_samples(10, at=at, skin=40.0)), (key_of(), rf_samples(0, at=at, skin=41.0))])
    with InfluxDBClient(influx.url, TOKEN, org="Means") as client:
        (task,) = client.tasks_api().find_tasks(name="lumenward means")
        client.tasks_api().run_manually(task.id)
        query = 'from(bucket: "means-minutes") |> range(start: -1h) |> filter(fn: (r) => r._field == "skin_celsius")'
        until = time.monotonic() + 60
        while not (tables := client.query_api().query(query)):
            assert time.monotonic() < until, "the task wrote nothing"
            time.sleep(0.1)
    ((row,),) = [table.records for table in tables]
    assert (row["device"], row["clinic"], row["_value"]) == (UID, str(CLINIC), 40.5)
    assert row["_time"] == at.replace(second=0)


def test_init_says_whose_token_it_needs(influx, tmp_path):
    (tmp_path / "operator").write_text("nobody's")
    with pytest.raises(StoreUnusable, match="operator"):
        run(
            "init",
            f"{influx.url}/Org/bucket",
            "--operator-token-file",
            tmp_path / "operator",
            "--token-file",
            tmp_path / "token",
        )
    assert not (tmp_path / "token").exists()


def test_init_overwrites_no_other_secret(init, tmp_path):
    (tmp_path / "kept-token").write_text("another secret")
    with pytest.raises(SettingsError, match="holds something else"):
        init("Kept", "kept")
    assert (tmp_path / "kept-token").read_text() == "another secret"


@pytest.mark.parametrize("where", ["", "influx/org/bucket", "http://influx:8086", "http://influx/org", 'http://i/o/b"'])
def test_init_refuses_what_names_no_bucket(tmp_path, where):
    with pytest.raises(SettingsError, match="ORGANISATION/BUCKET"):
        run("init", where, "--operator-token-file", tmp_path / "o", "--token-file", tmp_path / "t")


@pytest.fixture
def service(tmp_path):
    """Two sessions through ingest; the second has samples that clash."""
    stores = open_service(tmp_path)
    found(stores)
    gateway, worker = Sealer(), worker_of(stores, tmp_path)
    blocks = [rf_samples(first, skin=40 + first / 7) for first in range(0, 60, 10)]
    clashing = [rf_samples(first, counter=2, skin=skin) for first, skin in ((0, 40.0), (0, 41.0), (5, 42.0))]
    worker.handle([gateway.batch(*blocks), gateway.batch(*clashing)], FakeBroker(), lambda _: True)
    stores.telemetry.seal(key_of(1))
    yield stores
    stores.close()


class Copying:
    """Copies between the stores of a service by the command."""

    def __init__(self, directory, influx: InfluxSettings, monkeypatch):
        self.file = directory / "server.toml"
        self.file.write_text(
            f'data = "{directory}"\nsecret = "{"A" * 43}="\n'
            '[broker]\nhost = "127.0.0.1"\nusername = "-"\npassword = "-"\n'
            '[http]\npublic_url = "http://127.0.0.1"\n'
            f'[telemetry]\nurl = "{influx.url}"\norg = "{influx.org}"\nbucket = "{influx.bucket}"\n'
        )
        monkeypatch.setenv("LUMENWARD_SERVER_TELEMETRY__TOKEN", influx.token.get_secret_value())

    def __call__(self, source, target):
        said = run("copy", "--from", source, "--to", target, "--settings", self.file, "--json")
        return json.loads(said.stdout)


@pytest.fixture
def bucket(influx):
    return influx.bucket()


@pytest.fixture
def copying(tmp_path, bucket, monkeypatch):
    return Copying(tmp_path, bucket, monkeypatch)


def samples(opened):
    return {key: (list(opened.series(key).samples()), opened.series(key).clashes) for key in opened.sessions()}


def test_a_copy_there_and_back_is_the_same_samples_with_what_clashes(service, copying, bucket, tmp_path):
    before = samples(service.telemetry)
    assert copying("sqlite", "influxdb") == {"sessions": 2, "samples": 75, "unknown": 0}
    with closing(InfluxTelemetry(bucket)) as there:
        assert samples(there) == before
    service.telemetry.close()
    (tmp_path / "telemetry.sqlite").unlink()
    assert copying("influxdb", "sqlite")["samples"] == 75
    with closing(SqliteTelemetry(tmp_path / "telemetry.sqlite")) as back:
        assert samples(back) == before


def test_a_copy_that_was_cut_short_is_completed_by_the_same_command(service, copying, bucket):
    with closing(InfluxTelemetry(bucket)) as there:
        there.append([(key_of(1), rf_samples(0, skin=40.0))])
    once, again = copying("sqlite", "influxdb"), copying("sqlite", "influxdb")
    assert once == again
    with closing(InfluxTelemetry(bucket)) as there:
        assert samples(there) == samples(service.telemetry)


def test_a_session_that_no_record_names_is_left_out_and_counted(service, copying):
    service.telemetry.append([(key_of(99), rf_samples(0, counter=99))])
    assert copying("sqlite", "influxdb")["unknown"] == 1


def test_the_first_difference_ends_a_copy(service, tmp_path):
    with closing(SqliteTelemetry(tmp_path / "other.sqlite")) as other:
        other.append([(key_of(2), rf_samples(3, 1, counter=2, skin=39.0))])
        with pytest.raises(CopyDiffers, match=str(key_of(2).session)):
            copy_telemetry(service.telemetry, other, service.database, lambda _: None)


def test_a_copy_needs_two_stores(copying):
    with pytest.raises(SettingsError, match="between sqlite and influxdb"):
        copying("sqlite", "sqlite")
