"""`bench chart`: what a chart of one session costs, out of a store of very many."""

from cProfile import Profile
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final
from uuid import UUID

import msgspec

from lumenward.bench.context import Bench, Figure, Figures, Load, Share, Work
from lumenward.bench.homes import SESSION_SAMPLES, columns
from lumenward.bench.measuring import collecting_as_the_service, quantile
from lumenward.bench.shares import Group, shares
from monitor_api.http.queries.samples import session_samples
from monitor_api.telemetry.series import SeriesKey
from monitor_api.telemetry.sqlite import SqliteTelemetry
from vocabulary.devices import DeviceState, Modality
from vocabulary.identity import ClinicId, DeviceUid, SessionId
from vocabulary.wire.batches import Columns, SampleBlock

CHARTS: Final = 1000
"""Sessions that are looked at, by chance."""

POINTS: Final = 300
"""What a chart asks for."""

KINDS: Final = 50
"""Sessions that differ; the others are like one of them."""

AT_ONCE: Final = 20
"""Sessions that are stored in one transaction."""

_GROUPS: Final[tuple[Group, ...]] = (
    ("driver of the store (sqlite3)", ("sqlite3",)),
    ("unpacking blocks", ("zlib", "zstd", "decompress", "struct", "array", "monitor_api/telemetry")),
    ("fewer points, as an answer", ("monitor_api/http",)),
    ("JSON (msgspec)", ("msgspec", "encode")),
)

_CLINIC: Final = ClinicId(UUID(int=1))


def run(work: Work, charts: int = CHARTS) -> Figures:
    """Measure. Raises Interrupted."""
    count = max(1, work.size // SESSION_SAMPLES)
    path = work.directory / "telemetry.sqlite"
    _fill(path, count, work)
    store, chance = SqliteTelemetry(path), Random(2)  # noqa: S311 - the same charts every time
    try:
        with collecting_as_the_service():
            took = [_chart_s(store, chance.randrange(count)) for _ in range(charts)]
        work.profile += _profile(store, [chance.randrange(count) for _ in range(max(1, charts // 10))])
    finally:
        store.close()
    return {"chart_p50_ms": quantile(took, 0.5) * 1e3, "chart_p99_ms": quantile(took, 0.99) * 1e3}


def _chart_s(store: SqliteTelemetry, number: int) -> float:
    """Seconds from the question to the bytes of the answer."""
    key, began = _key(number), perf_counter()
    msgspec.json.encode(session_samples(key.session, store.series(key), POINTS))
    return perf_counter() - began


def _profile(store: SqliteTelemetry, numbers: list[int]) -> list[Share]:
    profile = Profile()
    for number in numbers:
        profile.runcall(_chart_s, store, number)
    return shares(profile, _GROUPS)


def _fill(path: Path, count: int, work: Work) -> None:
    """Store and seal sessions, as ingest and checkers do."""
    chance = Random(1)  # noqa: S311 - the same sessions every time
    kinds = [columns(range(SESSION_SAMPLES), chance) for _ in range(min(KINDS, count))]
    store = SqliteTelemetry(path)
    try:
        for start in range(0, count, AT_ONCE):
            some = range(start, min(count, start + AT_ONCE))
            store.append([(_key(number), _block(kinds[number % len(kinds)])) for number in some])
            for number in some:
                store.seal(_key(number))
            work.progress(0.95 * some.stop / count)
    finally:
        store.close()


def _key(number: int) -> SeriesKey:
    return SeriesKey(clinic=_CLINIC, session=SessionId(UUID(int=number + 1)))


def _block(kind: Columns) -> SampleBlock:
    return SampleBlock(
        device=DeviceUid("00000000000000aa"),
        counter=1,
        modality=Modality.LED,
        state=DeviceState.EMITTING,
        first=0,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        columns=kind,
    )


FIGURES: Final = (
    Figure(name="chart_p50_ms", means="a session's 600 samples of 8 quantities, fewer points, as JSON, median, ms"),
    Figure(name="chart_p99_ms", means="the same, 99th percentile, ms", bound="≤ 5 at 10,000,000 samples"),
)

BENCH: Final = Bench(
    name="chart",
    sentence="Sealed sessions of 600 samples in the embedded store; a chart's samples of one of them by chance.",
    figures=FIGURES,
    load=Load(word="samples", usual=10_000_000),
    run=run,
)
