"""Tables, one module an area. Importing the package gives Alembic and the checks all of them."""

from supervision.models import (
    audit,
    availability,
    feeds,
    mail,
    meetings,
    notes,
    people,
    rosters,
    sessions,
    signup,
)

__all__ = [
    "audit",
    "availability",
    "feeds",
    "mail",
    "meetings",
    "notes",
    "people",
    "rosters",
    "sessions",
    "signup",
]
