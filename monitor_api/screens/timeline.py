"""The last things that happened to a patient, newest first; sessions have a list of their own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor_api.http.queries.alerts import SeenAlert
from monitor_api.http.queries.regimens import SeenRegimen
from monitor_api.screens.words import device_name, said
from vocabulary.identity import UserId
from vocabulary.severity import Severity

MOST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened; `severity` for an alert."""

    at: datetime
    words: str
    severity: Severity | None


def timeline(
    alerts: Iterable[SeenAlert],
    regimens: Iterable[SeenRegimen],
    names: Mapping[UserId, str],
) -> list[Happening]:
    """The newest happenings; `names` are those of who prescribed."""
    every = (*_of_alerts(alerts), *_of_regimens(regimens, names))
    return sorted(every, key=lambda one: one.at, reverse=True)[:MOST]


def _of_alerts(alerts: Iterable[SeenAlert]) -> Iterator[Happening]:
    for one in alerts:
        late = " (found late)" if one.found_late else ""
        yield Happening(at=one.raised_at, words=f"Alert raised: {said(one.because)}{late}", severity=one.severity)
        if taken := one.acknowledgement:
            words = f"{taken.name or 'Somebody'} took on: {said(one.because)}"
            yield Happening(at=taken.at, words=words, severity=None)


def _of_regimens(regimens: Iterable[SeenRegimen], names: Mapping[UserId, str]) -> Iterator[Happening]:
    for one in regimens:
        newest, kind = one.newest, device_name(one.modality)
        by = names.get(newest.prescriber_id)
        words = f"Regimen for the {kind}, version {newest.version}" + (f", by {by}" if by else "")
        yield Happening(at=newest.from_at, words=words, severity=None)
        if one.ended_at:
            yield Happening(at=one.ended_at, words=f"Regimen for the {kind} ended", severity=None)
