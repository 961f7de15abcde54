"""A service into which a test hands batches, on the stores that it asks for."""

import pytest

from tests.monitor_api.ingest.handing import Service


@pytest.fixture
def service(request, data):
    made = Service(data, _influx(request) if getattr(request, "param", "sqlite") == "influxdb" else None)
    yield made
    made.stores.close()


def _influx(request):
    from monitor_api.telemetry.influx import InfluxTelemetry  # noqa: PLC0415 - takes long to import

    return InfluxTelemetry(request.getfixturevalue("influx").bucket())
