"""Why a calendar elsewhere cannot be read, as sentences for its owner."""

from supervision.errors import N_, SupervisionError


class Unreadable(SupervisionError):
    """A calendar elsewhere gave nothing that can be used; the sentence is for its owner."""


BROKEN = N_("What this address gives is not a calendar that can be read.")
WEB_PAGE = N_(
    "This is the address of a web page, not of a calendar. Look for the secret address in iCal "
    "format."
)
TOO_MANY = N_("This calendar holds too much to be read here. Choose a smaller one.")
