"""What was planned for a use: the stint of each therapy day that it may be of, and its dose by that stint's phase."""

from datetime import date

from msgspec import Struct

from clinical.adherence.rounds import Plan, Stint
from clinical.adherence.uses import Use
from clinical.course import Between
from vocabulary.devices import Modality


class Due(Struct, frozen=True, kw_only=True):
    """What is planned on a day, and a use's dose as a fraction of one slot of it."""

    day: date
    stint: Stint
    dose: Between


class PlannedUse(Struct, frozen=True, kw_only=True):
    """A use, the days that it may be of, in their order, and what is due on those for which anything is planned."""

    use: Use
    days: tuple[date, ...]
    due: tuple[Due, ...]

    @property
    def at_first(self) -> Due | None:
        """What is due on the first of its days."""
        return self.due[0] if self.due and self.due[0].day == self.days[0] else None


def planned_use(use: Use, modality: Modality, plan: Plan) -> PlannedUse:
    """A use of a modality, with what a plan has for it."""
    first, last = plan.days.of_either(use.earliest, use.latest)
    days = (first,) if first == last else (first, last)
    due = [
        Due(day=day, stint=stint, dose=use.dose_fraction(stint.phase))
        for day in days
        if (stint := plan.stint_on(day, modality))
    ]
    return PlannedUse(use=use, days=days, due=tuple(due))
