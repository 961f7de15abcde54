"""The benches there are: one module and one line each."""

from typing import Final

from lumenward.bench import line
from lumenward.bench.context import Bench

BENCHES: Final[tuple[Bench, ...]] = (line.BENCH,)
