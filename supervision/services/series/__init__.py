"""Series: one wall-clock rule, and the sessions that come out of it."""

from supervision.services.series.booking import book_series, planned
from supervision.services.series.cancelling import cancel_following, cancel_series, end_series
from supervision.services.series.changing import change_series
from supervision.services.series.ending import dismiss_ending, has_endings, warn_due
from supervision.services.series.extending import Further, extend_series
from supervision.services.series.leaving_out import leave_out
from supervision.services.series.moving import move_series, single_edits
from supervision.services.series.parts import Choice, SeriesClashed, Which
from supervision.services.series.reading import SeriesPage, series_of_roster, series_page
from supervision.services.series.rolling import roll_series

__all__ = [
    "Choice",
    "Further",
    "SeriesClashed",
    "SeriesPage",
    "Which",
    "book_series",
    "cancel_following",
    "cancel_series",
    "change_series",
    "dismiss_ending",
    "end_series",
    "extend_series",
    "has_endings",
    "leave_out",
    "move_series",
    "planned",
    "roll_series",
    "series_of_roster",
    "series_page",
    "single_edits",
    "warn_due",
]
