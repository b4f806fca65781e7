"""Calendars as an account (CalDAV), to read: one place for all requests of programs."""

from supervision.blueprints.dav import serving
from supervision.blueprints.dav.parts import bp

__all__ = ["bp", "serving"]
