"""Tables, one module an area. Importing the package gives Alembic and the checks all of them."""

from supervision.models import audit, feeds, mail, notes, people, rosters, sessions

__all__ = ["audit", "feeds", "mail", "notes", "people", "rosters", "sessions"]
