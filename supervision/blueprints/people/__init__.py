"""Signing in and out, joining by a link, passphrases, the profile, and the organiser's list."""

from supervision.blueprints.people import entering, joining, organising, profile, resetting
from supervision.blueprints.people.parts import bp

__all__ = ["bp", "entering", "joining", "organising", "profile", "resetting"]
