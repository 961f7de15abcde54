"""Silences of devices, each as it was when it ended: what a rule that speaks of now alone would have said all along."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from msgspec import structs

from clinical.adherence.account import Strand
from clinical.course import CourseDevice
from clinical.judgement import judge_course
from clinical.misuse.course_rules import CourseAt, CourseRule
from clinical.misuse.silence import shortest_silence
from clinical.verdicts import CourseFinding

_JUST_BEFORE: Final = timedelta(microseconds=1)


def in_silences(at: CourseAt, since: datetime, rules: tuple[CourseRule, ...]) -> Iterator[CourseFinding]:
    """What rules say at the end of each silence that ended after an instant, and now of one that goes on.

    All that is kept of when a device was heard is its sessions, and its last word.
    """
    for strand in at.account.strands:
        shortest = shortest_silence(at, strand.modality)
        for device in strand.devices:
            heard = _heard(at, device)
            given = min((one.from_at for one in device.given), default=at.now)
            for before, until in pairwise([None, *heard, at.now]):
                if until is not None and until > since and until - (before or given) >= shortest:
                    ended = until if until < at.now else None
                    then = _then(at, strand, replace(device, heard_at=before), until - _JUST_BEFORE if ended else until)
                    for finding in judge_course(then, rules):
                        yield finding if ended is None else structs.replace(finding, cleared_at=ended)


def _heard(at: CourseAt, device: CourseDevice) -> list[datetime]:
    """When it was heard, as far as that is known."""
    heard = {one.heard_at for one in at.course.sessions if one.device == device.uid}
    last = device.heard_at
    return sorted(one for one in (heard if last is None else heard | {last}) if one < at.now)


def _then(at: CourseAt, strand: Strand, device: CourseDevice, now: datetime) -> CourseAt:
    """The course as of an instant, of one device alone."""
    account = at.account
    alone = structs.replace(strand, devices=(device,))
    then = structs.replace(account, now=now, today=account.plan.days.of(now), strands=(alone,))
    return structs.replace(at, now=now, account=then)
