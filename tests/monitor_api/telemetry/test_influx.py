"""InfluxDB's own ways to fail: what each means to who asked, and what is then stored."""

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from monitor_api.app import open_telemetry
from monitor_api.errors import SamplesRefused, StoreUnavailable, StoreUnusable
from monitor_api.telemetry.influx import InfluxTelemetry
from monitor_api.telemetry.sqlite import SqliteTelemetry
from tests.servers import free_port
from tests.servers.influx import ORG
from tests.service import key_of, rf_samples, settings

EACH = {
    "append": lambda store: store.append([(key_of(), rf_samples(0))]),
    "series": lambda store: store.series(key_of()),
    "sessions": lambda store: list(store.sessions()),
}


def store_of(influx, **changes):
    return closing(InfluxTelemetry(influx.settings(**changes)))


@pytest.mark.parametrize("do", EACH.values(), ids=EACH)
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"bucket": "nowhere"}, "nowhere"),
        ({"bucket": "first", "org": "nobody"}, "nobody"),
        ({"bucket": "first", "token": "stale"}, "does not take the token"),
    ],
)
def test_what_the_settings_name_wrongly_is_told_with_what_to_do(influx, changes, problem, do):
    with store_of(influx, **changes) as store, pytest.raises(StoreUnusable, match=problem) as told:
        do(store)
    assert "lumenward store init" in str(told.value)


@pytest.mark.parametrize("do", EACH.values(), ids=EACH)
def test_a_server_that_is_away_fails_for_now(influx, do):
    with (
        store_of(influx, bucket="first", url=f"http://127.0.0.1:{free_port()}") as store,
        pytest.raises(StoreUnavailable, match="telemetry"),
    ):
        do(store)


def test_samples_older_than_the_bucket_keeps_are_refused_and_never_acknowledged(influx):
    rules = [{"type": "expire", "everySeconds": 40 * 86400}]
    influx.client.buckets_api().create_bucket(bucket_name="short", org=ORG, retention_rules=rules)
    with store_of(influx, bucket="short") as store:
        with pytest.raises(SamplesRefused, match="retention"):
            store.append([(key_of(), rf_samples(0, at=datetime(1970, 1, 1, tzinfo=UTC)))])
        store.append([(key_of(), rf_samples(0))])
        assert store.series(key_of()).count == 10


def test_more_lines_than_one_request_takes_are_all_stored(influx):
    with closing(InfluxTelemetry(influx.bucket())) as store:
        store.append([(key_of(), rf_samples(first, 3600)) for first in (0, 3600, 7200)])
        assert store.series(key_of()).count == 10_800


def test_the_settings_choose_the_store(influx, tmp_path):
    told = settings(tmp_path)
    with closing(open_telemetry(told)) as embedded:
        assert isinstance(embedded, SqliteTelemetry)
    with closing(open_telemetry(told.model_copy(update={"telemetry": influx.settings(bucket="first")}))) as store:
        assert isinstance(store, InfluxTelemetry)


def test_who_does_not_use_influxdb_does_not_wait_for_its_library():
    asked = "import sys, lumenward.cli.main, monitor_api.app; print('influxdb_client' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
