"""Tables, one module an area. Importing the package gives Alembic and the checks all of them."""

from supervision.models import (
    attendance,
    audit,
    availability,
    feeds,
    leave,
    mail,
    meetings,
    notes,
    outside,
    people,
    polls,
    rosters,
    rounds,
    sessions,
    signup,
)

__all__ = [
    "attendance",
    "audit",
    "availability",
    "feeds",
    "leave",
    "mail",
    "meetings",
    "notes",
    "outside",
    "people",
    "polls",
    "rosters",
    "rounds",
    "sessions",
    "signup",
]
