"""A prescription in words that a physician and a patient both read."""

from datetime import timedelta

from clinical.plan import Phase, Timing, Weekday

_WEEK = timedelta(days=7)
_HOUR_S, _DAY_S = 3600, 86400


def timing_words(timing: Timing) -> str:
    """How often: "3 times a week", "once every 2 days", "on Monday and Thursday"."""
    if timing.weekdays:
        return f"on {_listed([_day(one) for one in timing.weekdays])}"
    times = {1: "once", 2: "twice"}.get(timing.frequency, f"{timing.frequency} times")
    return f"{times} {_every(timing.period)}"


def phase_words(phase: Phase) -> str:
    """For how long a phase lasts."""
    return lasts_words(phase.lasts)


def lasts_words(lasts: timedelta | None) -> str:
    """For how long: "for 4 weeks", "until further notice"."""
    if lasts is None:
        return "until further notice"
    weeks = lasts // timedelta(weeks=1)
    return f"for {weeks} {'week' if weeks == 1 else 'weeks'}"


def lasting_words(seconds: float) -> str:
    """How long something takes, to the last digit: "45 s", "10 min 30 s", "36 h", "16 h 30 min"."""
    hours = seconds // _HOUR_S if seconds >= 2 * _HOUR_S else 0
    minutes, rest = divmod(seconds - hours * _HOUR_S, 60)
    parts = [f"{many:.0f} {unit}" for many, unit in ((hours, "h"), (minutes, "min")) if many]
    return " ".join([*parts, f"{rest:.9g} s"] if rest or not parts else parts)


def window_words(seconds: float) -> str:
    """A window of time: "1 day", "7 days", "90 min"."""
    days, rest = divmod(seconds, _DAY_S)
    return lasting_words(seconds) if rest or not days else f"{days:,.0f} {'day' if days == 1 else 'days'}"


def _every(period: timedelta) -> str:
    if period == timedelta(days=1):
        return "a day"
    if period == _WEEK:
        return "a week"
    weeks, rest = divmod(period, _WEEK)
    return f"every {period.days} days" if rest else f"every {weeks} weeks"


def _day(day: Weekday) -> str:
    return day.name.capitalize()


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
