"""Rules about the device itself."""

from collections.abc import Iterator
from datetime import datetime

from clinical.course import CourseDevice, PastSession
from clinical.misuse.course_rules import CourseAt, Episode, course_rule, when
from clinical.verdicts import Evidence, fires, undetermined
from vocabulary.severity import Severity


@course_rule("firmware-recalled", version=3, severity=Severity.MEDIUM)
def firmware_recalled(at: CourseAt) -> Iterator[Episode]:
    """A device is used with firmware that its maker has recalled.

    Cause: an update that was put off, a device that came back from a drawer.
    Consequence: whatever the recall was for; dose and cut-off cannot be relied on.
    Action: hold the device until it is updated.
    Time to respond: one day.
    Source: the maker's recall, by version of firmware; the record says which version ran. One episode for a device
    and a version, from its first session until another version runs. Of a device that gives no version, nor do its
    records, no recall can ever be told: that is said once, as undetermined, and calls nobody.
    """
    for device in at.course.devices:
        if device.recalled_firmware:
            yield from _recalled(at, device)
        if not device.firmware:
            yield from _untold(at, device)


def _recalled(at: CourseAt, device: CourseDevice) -> Iterator[Episode]:
    once = {one.session: one for one in at.course.sessions if one.device == device.uid}
    own = sorted(once.values(), key=lambda one: (when(one), one.session))
    for firmware in device.recalled_firmware:
        ran = [one for one in own if one.firmware == firmware]
        if ran:
            yield Episode(
                onset=f"{device.uid}:{firmware}",
                began_at=when(ran[0]),
                cleared_at=_updated(own, firmware),
                verdict=fires(f"Firmware {firmware} is recalled", Evidence()),
                sessions=tuple(one.session for one in ran),
            )
    for one in own:
        if one.firmware is None:
            yield Episode(
                onset=str(one.session),
                began_at=when(one),
                cleared_at=None,
                verdict=undetermined("Which firmware ran is not known until the device's record is here"),
                sessions=(one.session,),
            )


def _untold(at: CourseAt, device: CourseDevice) -> Iterator[Episode]:
    """Once, from the first of its sessions, where all records that are here give no version."""
    own = [one for one in at.course.sessions if one.device == device.uid and one.firmware is not None]
    if own and not any(one.firmware for one in own):
        first = min(own, key=lambda one: (when(one), one.session))
        yield Episode(
            onset=f"{device.uid}:untold",
            began_at=when(first),
            cleared_at=None,
            verdict=undetermined("The device does not say which firmware it runs, so no recall of it can be told"),
            sessions=(first.session,),
        )


def _updated(own: list[PastSession], firmware: str) -> datetime | None:
    """When the first session after the last of a firmware ran on another one."""
    after = None
    for one in own:
        if one.firmware == firmware:
            after = None
        elif one.firmware is not None and after is None:
            after = when(one)
    return after
