"""What was planned, done and reachable, found the slow way: minute by minute, world by world, day by day."""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import product
from math import ceil
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
GAP = 5
EPSILON = 1e-9


@cache
def days_by_minute(zone, day_starts, start, end):
    """Of each minute, the therapy day that a clock on the wall says."""
    place, shift = ZoneInfo(zone), timedelta(hours=day_starts.hour, minutes=day_starts.minute)
    minutes = [start + MINUTE * index for index in range((end - start) // MINUTE)]
    local = [at.astimezone(place).replace(tzinfo=None) for at in minutes]
    dates = {one.date() for one in local} | {local[0].date() - DAY}
    days = [(one - shift).date() for one in local]
    return {at: day if day in dates else day - DAY for at, day in zip(minutes, days, strict=True)}


class Walk:
    """A course between two instants, a minute a step."""

    def __init__(self, course, start, end, modality):
        self.course, self.modality = course, modality
        self.day_at = days_by_minute(course.zone, time(4), start, end)
        self.minutes = defaultdict(list)
        for at, day in self.day_at.items():
            self.minutes[day].append(at)

    def away(self):
        every = (*self.course.holds, *self.course.excuses)
        spans = [one.during for one in every if one.modality is None or one.modality is self.modality]
        days = set()
        for span in spans:
            until = span.until_at or datetime.max.replace(tzinfo=UTC)
            touched = [day for at, day in self.day_at.items() if span.from_at < at + MINUTE and at < until]
            if touched:
                day = min(touched)
                while day <= max(touched):
                    days.add(day)
                    day += DAY
        return days

    def rounds(self):
        """Lists of days, with the slots planned, how many of them are due, and how many fit in a day."""
        away, found = self.away(), []
        for version in self.course.regimens:
            days = self._days_of(version)
            for phase in version.regimen.phases:
                length = phase.lasts.days if phase.lasts else len(days)
                mine, days = days[:length], days[length:]
                for members, asked, whole in self._members(mine, phase.timing):
                    planned = asked * len(members) // whole
                    due = planned * len([day for day in members if day not in away]) // len(members)
                    if planned and any(self.minutes[day] for day in members):
                        found.append((members, planned, due, ceil(asked / whole)))
        return found

    def _days_of(self, version):
        first = self.day_at[version.from_at]
        last = self.day_at[version.until_at] if version.until_at else max(self.day_at.values())
        days = []
        while first < last:
            days.append(first)
            first += DAY
        return days

    def _members(self, days, timing):
        if timing.weekdays:
            return [([day], 1, 1) for day in days if day.weekday() in [int(one) for one in timing.weekdays]]
        size = timing.period.days
        return [(days[at : at + size], timing.frequency, size) for at in range(0, len(days), size)]

    def uses(self):
        """Groups of sessions, each with the days on which it may have begun; one that is vague stays alone."""
        every = {one.session: one for one in self.course.sessions}.values()
        vague = [one for one in every if one.started.latest - one.started.earliest > DAY]
        groups = [[one] for one in vague]
        for device in {one.device for one in every}:
            groups += self._groups([one for one in every if one.device == device and one not in vague])
        return [(group, self._days_between(group[0].started)) for group in groups]

    def _groups(self, sessions):
        starts, groups, left = defaultdict(list), [], None
        for one in sorted(sessions, key=lambda one: one.session):
            starts[one.started.at].append(one)
        for at in self.day_at:
            left = left - 1 if left is not None else None
            for one in starts[at]:
                if left is None or -left > GAP:
                    groups.append([])
                groups[-1].append(one)
                left = one.elapsed // MINUTE
        return groups

    def _days_between(self, placed):
        days, at = set(), placed.earliest
        while at <= placed.latest:
            days.add(self.day_at[at])
            at += MINUTE
        return days

    def unseen(self, members):
        """Whether a session of these days can still arrive."""
        minutes = [at for day in members for at in self.minutes[day]]
        theirs = False
        for device in self.course.devices:
            for span in device.given:
                own = [at for at in minutes if span.from_at < at + MINUTE and (not span.until_at or at < span.until_at)]
                theirs |= bool(own)
                if own and (device.proof is None or device.proof.until <= max(own) or device.proof.missing):
                    return True
        return not theirs


def taken(uses, members, due, counts, unseen):
    """The least and the most slots taken of a round, over all worlds; `counts` says if a share of the dose does."""
    choices = []
    for group, days in uses:
        share = sum(one.dose.value for one in group) / 10.0
        shares = [share] if all(one.recorded for one in group) else [share, max(share, 1.0), 1e9]
        inside, outside = days & set(members), days - set(members)
        options = {counts(share) for share in shares} if inside else set()
        choices.append(sorted(options | ({False} if outside else set())))
    totals = [
        min(due, sum(world) + extra)
        for world in product(*[one for one in choices if one != [False]])
        for extra in (0, unseen)
    ]
    return min(totals), max(totals)


def reach(rounds, spans, target, today, left):
    """The last day from which on the target is still met in a window, and the misses that one allows.

    `rounds` are (days, due, taken, per day); `spans` lists which of them each window holds; `left` the days to come.
    """

    def in_the_end(one, start):
        days, due, got, per_day = one
        return min(due, got + per_day * len([day for day in days if day >= max(start, today) and day in left]))

    best, misses, secured = None, None, False
    for span in spans:
        due = sum(rounds[index][1] for index in span)
        if not due:
            continue
        needed = ceil(target * due - EPSILON)
        room = sum(in_the_end(rounds[index], today) for index in span) - needed
        misses = room if misses is None else max(misses, room)
        secured = secured or sum(rounds[index][2] for index in span) >= needed
        for day in sorted(left):
            if day >= today and sum(in_the_end(rounds[index], day) for index in span) >= needed:
                best = day if best is None else max(best, day)
    return (None if secured else best), misses, secured
