"""Weekly adherence of many people: what `lumenward cohort weekly --json` prints."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from lumenward.replay.run import AT_ONCE, Progress, Source
from monitor_api.cohorts.weeks import WEEKLY, WeekOfAll, Weeks


def weeks_of(source: Source, now: datetime, progress: Progress) -> dict[str, Any]:
    """Everybody's weeks as they stood at an instant, some people at a time."""
    total = source.count()
    with Weeks() as weeks:
        for first in range(0, total, AT_ONCE):
            end = min(first + AT_ONCE, total)
            weeks.add((case.course for case in source.cases(first, end)), now)
            progress(end / total)
        return {
            "as_of": now.isoformat(timespec="seconds"),
            "definition": {"id": WEEKLY.id, "version": WEEKLY.version, "words": WEEKLY.words},
            "targets": list(weeks.targets),
            "people": weeks.people,
            "left_out": dict(sorted(weeks.left_out.items())),
            "weeks": [_told(one) for one in weeks.by_week()],
        }


def _told(one: WeekOfAll) -> dict[str, Any]:
    """A week with its shares; None where nothing was due."""
    shares = {"share_low": one.taken_low, "share_high": one.taken_high, "coverage": one.proven}
    return (
        asdict(one)
        | {"week": one.week + 1}
        | {name: round(count / one.due, 4) if one.due else None for name, count in shares.items()}
    )
