"""A replay's figures: what `lumenward replay --json` prints."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from firmware_bridge.virtual.cohort.labels import Done
from lumenward.replay.scoring import COUNTED, EXPECTED, KNOWN_CAUSES, Result
from lumenward.replay.tally import EXAMPLES, LOUD, Tally
from monitor_api.cohorts.replay import Window

_COLUMNS: Final = {"fires": "fired", "missed": "missed", "false": "false", "undetermined": "undetermined"}


def figures(tally: Tally, window: Window) -> dict[str, Any]:
    """Everything, by name."""
    days = (window.until_at - window.from_at) / timedelta(days=1)
    hundreds = tally.people / 100
    loud = Counter[str]()
    for (_, _, severity), count in tally.alerts.items():
        loud[severity] += count
    return {
        "people": tally.people,
        "sessions": tally.sessions,
        "days": round(days),
        "urgent_sensitivity": _sensitivity(tally),
        "urgent": {result.value: tally.urgent[result.value] for result in Result},
        "false_high_per_week_per_100": _rate(tally.false_alerts["high"], days / 7 * hundreds),
        "medium_per_day_per_100": _rate(loud["medium"], days * hundreds),
        "false_medium_per_day_per_100": _rate(tally.false_alerts["medium"], days * hundreds),
        "alerts": {severity.value: loud[severity.value] for severity in LOUD},
        "alerts_per_physician_per_week": _by_physician(tally, days),
        "whom": [{"patient": patient, "alerts": count} for patient, count in _most(tally)],
        "rules": _rules(tally),
        "labels": _labels(tally),
        "missed_urgent": tally.missed,
        "false_alerts": tally.false,
    }


def difference(tally: Tally) -> dict[str, Any]:
    """What a candidate would change, by rule and severity."""
    return {
        "people_concerned": dict(sorted(tally.concerned.items())),
        "not_tried": [{"because": reason, "people": people} for reason, people in sorted(tally.refused.items())],
        "would_start": [_changed(key, count) for key, count in sorted(tally.starts.items())],
        "would_stop": [_changed(key, count) for key, count in sorted(tally.stops.items())],
    }


def _most(tally: Tally) -> list[tuple[str, int]]:
    return sorted(tally.whom.items(), key=lambda one: (-one[1], one[0]))[:EXAMPLES]


def _changed(key: tuple[str, str], count: int) -> dict[str, Any]:
    rule, severity = key
    return {"rule": rule, "severity": severity, "alerts": count}


def _sensitivity(tally: Tally) -> float | None:
    """Of urgent events that reached the store beyond doubt and were decided; None where there was none."""
    fired, missed = tally.urgent[Result.FIRED.value], tally.urgent[Result.MISSED.value]
    return round(fired / (fired + missed), 4) if fired + missed else None


def _rate(count: int, per: float) -> float:
    return round(count / per, 3) if per else 0.0


def _by_physician(tally: Tally, days: float) -> dict[str, Any]:
    """Means and the worst week, by severity."""
    physicians = {physician for physician, _, _ in tally.alerts}
    weeks = days / 7
    return {
        severity.value: {
            "mean": _rate(sum(_of(tally, severity.value)), len(physicians) * weeks),
            "worst_week": max(_of(tally, severity.value), default=0),
        }
        for severity in LOUD
    }


def _of(tally: Tally, severity: str) -> list[int]:
    return [count for (_, _, one), count in tally.alerts.items() if one == severity]


def _rules(tally: Tally) -> dict[str, dict[str, int | None]]:
    """What is not counted is None, never 0: what was missed or false where nothing is known that was to be found."""
    names = sorted({rule for rule, _ in tally.rules})
    known = {"missed": COUNTED, "false": KNOWN_CAUSES} if tally.labelled else {"missed": (), "false": ()}
    return {
        rule: {
            title: None if key in known and rule not in known[key] else tally.rules[rule, key]
            for key, title in _COLUMNS.items()
        }
        for rule in names
    }


def _labels(tally: Tally) -> dict[str, dict[str, int | None]]:
    kinds = sorted({kind for kind, _ in tally.labels})
    return {kind: dict(_results(tally, kind)) for kind in kinds}


def _results(tally: Tally, kind: str) -> Iterator[tuple[str, int | None]]:
    counted = EXPECTED[Done(kind)].beyond is not None
    for result in Result:
        is_open = not counted and result not in {Result.FIRED, Result.UNCOUNTED}
        yield result.value, None if is_open else tally.labels[kind, result.value]
