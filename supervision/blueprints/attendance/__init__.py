"""Attendance: a session's sheet, what people say to it, and the lists of a year."""

from supervision.blueprints.attendance import lists, marking
from supervision.blueprints.attendance.parts import bp

__all__ = ["bp", "lists", "marking"]
