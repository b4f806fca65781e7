"""Reflections: list, write, preview, read, delete. Forms here carry no key for replays."""

from supervision.blueprints.notes import finding, history, reading, taking, waiting, writing
from supervision.blueprints.notes.parts import bp

__all__ = ["bp", "finding", "history", "reading", "taking", "waiting", "writing"]
