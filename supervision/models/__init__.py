"""Tables, one module an area. Importing the package gives Alembic and the checks all of them."""

from supervision.models import (
    audit,
    availability,
    feeds,
    mail,
    meetings,
    notes,
    outside,
    people,
    rosters,
    sessions,
)

__all__ = [
    "audit",
    "availability",
    "feeds",
    "mail",
    "meetings",
    "notes",
    "outside",
    "people",
    "rosters",
    "sessions",
]
