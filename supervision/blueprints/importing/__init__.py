"""Bringing along what is elsewhere: rosters from a table, sessions from a calendar."""

from supervision.blueprints.importing import rosters, sessions
from supervision.blueprints.importing.parts import bp

__all__ = ["bp", "rosters", "sessions"]
