"""The benches there are: one module and one line each."""

from typing import Final

from lumenward.bench import chart, clinical, fleet, gateway, line, start
from lumenward.bench.context import Bench

BENCHES: Final[tuple[Bench, ...]] = (
    line.BENCH,
    gateway.BENCH,
    chart.BENCH,
    start.BENCH,
    fleet.BENCH,
    clinical.BENCH,
)
