"""The page of figures: what was measured, its bound, how it grows with its load, and where the time goes."""

from collections.abc import Iterator, Sequence
from typing import Final

from lumenward.bench.context import Bench, Figure, Result

HEAD: Final = """\
# Performance

What the benches measured, written by `lumenward bench all`; one of them again: `lumenward bench NAME --json`.
Ratios say more than rates: a rate is that of one machine on one day.
"""


def report(results: Sequence[tuple[Bench, Sequence[Result]]], commit: str, machine: str) -> str:
    """The page in Markdown; each bench with its results at growing loads, the last the usual one."""
    parts = [HEAD, f"Measured at `{commit}` on {machine}.\n"]
    for bench, grown in results:
        parts.append("\n".join(_bench(bench, grown)) + "\n")
    return "\n".join(parts)


def _bench(bench: Bench, grown: Sequence[Result]) -> Iterator[str]:
    last = grown[-1]
    yield f"## {bench.name}"
    yield ""
    yield bench.sentence
    yield ""
    yield f"| figure | what it is | bound |{''.join(f' {_load(bench, one)} |' for one in grown)}"
    yield "|---|---|---|" + "---:|" * len(grown)
    for figure in bench.figures:
        yield _row(figure, grown)
    if last.profile:
        yield ""
        yield f"Where the time goes, at {_load(bench, last)}:"
        yield ""
        yield "| functions | share |"
        yield "|---|---:|"
        for share in sorted(last.profile, key=lambda one: -one.fraction):
            yield f"| {share.group} | {share.fraction:.0%} |"


def _load(bench: Bench, result: Result) -> str:
    return f"{result.size:,} {bench.load.word}" if bench.load else "measured"


def _row(figure: Figure, grown: Sequence[Result]) -> str:
    values = "".join(f" {_value(one.figures.get(figure.name))} |" for one in grown)
    return f"| `{figure.name}` | {figure.means} | {figure.bound} |{values}"


def _value(value: float | None) -> str:
    if value is None:
        return "not here"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
