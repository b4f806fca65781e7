"""What became of a session, in words."""

from supervision.errors import N_
from supervision.models.attendance import Came

CAME: dict[str, str] = {
    Came.ATTENDED: N_("Attended"),
    Came.PARTLY: N_("Partly attended"),
    Came.CANCELLED: N_("Cancelled with notice"),
    Came.LATE: N_("Late-cancelled"),
    Came.MISSED: N_("Did not attend"),
    Came.ON_LEAVE: N_("On leave"),
}
