"""Sharing: choose and give, what one shares, what is shared with one, comparing eight words."""

from supervision.blueprints.sharing import checking, giving, own, reading
from supervision.blueprints.sharing.parts import bp

__all__ = ["bp", "checking", "giving", "own", "reading"]
