"""What people bring along: rosters from a table, sessions from a calendar; all of it or nothing."""

from supervision.services.importing.rosters import (
    MOST_PEOPLE,
    MOST_ROSTERS,
    Made,
    Plan,
    Planned,
    check_may_import,
    make_rosters,
    plan_rosters,
    to_correct,
)
from supervision.services.importing.sessions import (
    Added,
    Line,
    add_sessions,
    lines_of,
    read_calendar,
)

__all__ = [
    "MOST_PEOPLE",
    "MOST_ROSTERS",
    "Added",
    "Line",
    "Made",
    "Plan",
    "Planned",
    "add_sessions",
    "check_may_import",
    "lines_of",
    "make_rosters",
    "plan_rosters",
    "read_calendar",
    "to_correct",
]
