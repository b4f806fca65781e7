"""Feeds: a person's calendar links, and the calendars that their clients read."""

from supervision.blueprints.feeds import links, serving
from supervision.blueprints.feeds.parts import bp

__all__ = ["bp", "links", "serving"]
