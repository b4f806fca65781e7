"""When the end of a series is near."""

from collections.abc import Sequence
from datetime import datetime, timedelta

LEFT = 3
AHEAD = timedelta(weeks=4)


def warns_at(starts: Sequence[datetime]) -> datetime | None:
    """When three sessions or four weeks are left, whichever comes first; None without sessions.

    `starts` are instants in order. Of a series that has not begun nobody is warned: whoever has
    just booked a short one knows that it is short.
    """
    if not starts:
        return None
    fourth_last = starts[-1 - LEFT] if len(starts) > LEFT else starts[0]
    return max(starts[0], min(fourth_last, starts[-1] - AHEAD))
