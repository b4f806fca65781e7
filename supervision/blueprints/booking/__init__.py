"""Booking by the supervisee: free times week by week, one held while they decide, then taken."""

from supervision.blueprints.booking import changing, choosing, confirming, requests
from supervision.blueprints.booking.parts import bp

__all__ = ["bp", "changing", "choosing", "confirming", "requests"]
