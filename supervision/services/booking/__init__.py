"""Booking: a supervisee takes a free time of their supervisor's, or asks for one."""

from supervision.services.booking.changing import OwnSession, cancel_own, move_own, own_session
from supervision.services.booking.desk import (
    HELD_FOR,
    Desk,
    Gone,
    Slots,
    desk,
    desk_of,
    held_until,
    next_free,
    slots,
)
from supervision.services.booking.requests import (
    Request,
    accept,
    decline,
    has_near_requests,
    lapse_requests,
    requests_for,
    withdraw,
)
from supervision.services.booking.several import Refused, SomeGone, take_series, weekly
from supervision.services.booking.taking import Choice, hold_time, release_time, take_time

__all__ = [
    "HELD_FOR",
    "Choice",
    "Desk",
    "Gone",
    "OwnSession",
    "Refused",
    "Request",
    "Slots",
    "SomeGone",
    "accept",
    "cancel_own",
    "decline",
    "desk",
    "desk_of",
    "has_near_requests",
    "held_until",
    "hold_time",
    "lapse_requests",
    "move_own",
    "next_free",
    "own_session",
    "release_time",
    "requests_for",
    "slots",
    "take_series",
    "take_time",
    "weekly",
    "withdraw",
]
