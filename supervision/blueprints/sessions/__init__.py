"""Booking, a session's page, moving and cancelling, and what is done with a whole series."""

from supervision.blueprints.sessions import booking, changing, files, series, setting
from supervision.blueprints.sessions.parts import bp

__all__ = ["booking", "bp", "changing", "files", "series", "setting"]
