"""Why a start cannot be had, as far as it is somebody else's to know."""

from supervision.domain.slots import Refusal
from supervision.errors import N_

# Never with whom, and never whether it is time off or a holiday.
FOR_OTHERS = {
    Refusal.PAST: N_("in the past"),
    Refusal.NOTICE: N_("too soon"),
    Refusal.HORIZON: N_("too far ahead"),
    Refusal.TIME_OFF: N_("not open"),
    Refusal.HOLIDAY: N_("not open"),
    Refusal.OUTSIDE: N_("not open"),
    Refusal.CLASH: N_("busy"),
    Refusal.DAY_FULL: N_("full that day"),
    Refusal.WEEK_FULL: N_("full that week"),
}


def for_others(refusal: Refusal) -> str:
    """The reason as a msgid, for the person who would like to book."""
    return FOR_OTHERS[refusal]
