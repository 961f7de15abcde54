"""All examples, in the order of the rules."""

from typing import Final

from clinical.misuse.examples.kinds import Example
from clinical.misuse.examples.of_courses import OF_COURSES
from clinical.misuse.examples.of_schedules import OF_SCHEDULES
from clinical.misuse.examples.of_sessions import AMOUNT, DEVICE, HEAT, PROGRAMME, WEAR

EXAMPLES: Final[tuple[Example, ...]] = (*HEAT, *AMOUNT, *PROGRAMME, *WEAR, *DEVICE, *OF_SCHEDULES, *OF_COURSES)
