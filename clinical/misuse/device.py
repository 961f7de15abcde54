"""Rules about the device itself."""

from clinical.facts import SessionFacts
from clinical.misuse.rules import rule
from clinical.regimen import Limits
from clinical.verdicts import Evidence, Verdict, clear, fires, undetermined
from vocabulary.severity import Severity


@rule("firmware-recalled", version=1, severity=Severity.MEDIUM)
def firmware_recalled(session: SessionFacts, _limits: Limits) -> Verdict:
    """The session ran on firmware that its maker has recalled.

    Cause: an update that was put off, a device that came back from a drawer.
    Consequence: whatever the recall was for; dose and cut-off cannot be relied on.
    Action: hold the device until it is updated.
    Time to respond: one day.
    Source: the maker's recall, by version of firmware; the record says which version ran.
    """
    recalled = session.device.recalled_firmware
    if not recalled:
        return clear("none is recalled")
    if session.told is None:
        return undetermined("Which firmware ran is not known until the device's record is here")
    if session.told.firmware in recalled:
        return fires(f"Firmware {session.told.firmware} is recalled", Evidence())
    return clear()
