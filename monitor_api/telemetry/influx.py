"""Telemetry on InfluxDB 2: line protocol in, Flux out, and what its answers mean."""

import csv
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from itertools import islice
from typing import Any, Final
from uuid import UUID

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.dialect import Dialect
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from monitor_api.errors import MonitorError, SamplesRefused, StoreUnavailable, StoreUnusable
from monitor_api.settings import InfluxSettings
from monitor_api.telemetry import axis
from monitor_api.telemetry.lines import NOTE, SAMPLE, Row, lines, stretches
from monitor_api.telemetry.series import Series, SeriesKey, Stretch, assemble
from vocabulary.identity import ClinicId, SessionId
from vocabulary.wire.batches import SampleBlock

LINES: Final = 10_000
"""Lines in one request at most."""

TIMEOUT_MS: Final = 20_000

REMEDY: Final = "Check `telemetry` in the settings; `lumenward store init` makes the bucket and its token"

_PLAIN: Final[Any] = Dialect(header=True, delimiter=",", annotations=[])  # type: ignore[no-untyped-call]

_NOTES: Final = """
from(bucket: "{bucket}") |> range(start: time(v: {range[0]}), stop: time(v: {range[1]}))
 |> filter(fn: (r) => r._measurement == "{note}" and r.clinic == "{key.clinic}" and r._field == "id")
 |> filter(fn: (r) => r._value == "{key.session}")
 |> map(fn: (r) => ({{at: int(v: r._time), device: r.device}}))"""

_SAMPLES: Final = """
from(bucket: "{bucket}") |> range(start: time(v: {range[0]}), stop: time(v: {range[1]}))
 |> filter(fn: (r) => r._measurement == "{sample}" and r.clinic == "{key.clinic}" and r.device == "{device}")
 |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
 |> filter(fn: (r) => r.session == "{key.session}")
 |> drop(columns: ["_start", "_stop", "_time", "_measurement", "clinic", "device", "session"])"""

_SESSIONS: Final = """
from(bucket: "{bucket}") |> range(start: time(v: {range[0]}), stop: time(v: {range[1]}))
 |> filter(fn: (r) => r._measurement == "{note}" and r._field == "id")
 |> keep(columns: ["clinic", "_value"]) |> group(columns: ["clinic"]) |> unique(column: "_value")"""


class InfluxTelemetry:
    """The telemetry store of a clinic: a bucket of InfluxDB 2. Any number of processes may write to it.

    It is asked nothing until it is needed, so a role starts while it is away.
    """

    def __init__(self, settings: InfluxSettings) -> None:
        self._bucket = settings.bucket
        token = settings.token.get_secret_value()
        # The library gives too few types for a strict checker.
        self._client: Any = InfluxDBClient(settings.url, token, org=settings.org, timeout=TIMEOUT_MS)
        self._writing = self._client.write_api(write_options=SYNCHRONOUS)
        self._asking = self._client.query_api()

    def append(self, blocks: Sequence[tuple[SeriesKey, SampleBlock]]) -> None:
        """Write blocks as line protocol; when this returns, InfluxDB said that they are on its disk."""
        waiting = lines(blocks)
        while some := list(islice(waiting, LINES)):
            with _told(refusals=(400, 413, 422)):
                self._writing.write(bucket=self._bucket, record="\n".join(some).encode())

    def series(self, key: SeriesKey) -> Series:
        """All samples of a session."""
        return assemble(self.stretches(key))

    def stretches(self, key: SeriesKey) -> tuple[Stretch, ...]:
        """Each block of a session, by first number and content."""
        notes: dict[str, list[int]] = {}
        for row in self._rows(_NOTES, key=key, range=axis.notes_of(key)):
            notes.setdefault(row["device"], []).append(int(row["at"]))
        ranges = ((device, hours) for device, at in notes.items() for hours in axis.noted(at))
        return stretches(
            row for device, hours in ranges for row in self._rows(_SAMPLES, key=key, device=device, range=hours)
        )

    def sessions(self) -> Iterator[SeriesKey]:
        """Every session that was noted."""
        for shelf in axis.shelves():
            for row in self._rows(_SESSIONS, range=shelf):
                yield SeriesKey(clinic=ClinicId(UUID(row["clinic"])), session=SessionId(UUID(row["_value"])))

    def seal(self, key: SeriesKey) -> None:
        """Nothing: InfluxDB packs its shards by itself."""

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _rows(self, flux: str, **about: object) -> Iterator[Row]:
        query = flux.format(bucket=self._bucket, note=NOTE, sample=SAMPLE, **about)
        with _told():
            answer: str = self._asking.query_raw(query, dialect=_PLAIN).data.decode()
        return _read(answer)


def _read(answer: str) -> Iterator[Row]:
    """The rows of an answer; an empty line ends those of one shape. Raises StoreUnavailable when it is an error."""
    header: list[str] = []
    for line in csv.reader(StringIO(answer)):
        if not line or not header:
            header = line
        elif "error" in header:
            raise StoreUnavailable("telemetry", dict(zip(header, line, strict=True))["error"])
        else:
            yield dict(zip(header, line, strict=True))


@contextmanager
def _told(refusals: Sequence[int] = ()) -> Generator[None]:
    """Raises StoreUnusable, StoreUnavailable for what InfluxDB, or the way to it, says; SamplesRefused for refusals."""
    try:
        yield
    except ApiException as error:
        raise _meaning(error, refusals) from error
    except (HTTPError, OSError) as error:
        raise StoreUnavailable("telemetry", str(error)) from error


def _meaning(error: Any, refusals: Sequence[int]) -> MonitorError:  # noqa: ANN401 - the library gives it no types
    message = str(getattr(error, "message", None) or error.reason)
    if error.status in refusals:
        return SamplesRefused(message)
    if error.status in (401, 403):
        return StoreUnusable("telemetry", f"InfluxDB does not take the token ({message})", REMEDY)
    if error.status in (400, 404):
        return StoreUnusable("telemetry", f"InfluxDB answers: {message}", REMEDY)
    return StoreUnavailable("telemetry", message)
