"""Availability: when a person may be booked, on which terms, for which kinds of session."""

from supervision.services.availability.checks import faults
from supervision.services.availability.explaining import MOST_DAYS, Busy, Day, Run, Why, explain
from supervision.services.availability.reading import (
    OwnTerms,
    SessionTypeRow,
    open_hours,
    own_terms,
    session_type,
    session_types_of,
    starts,
    taken,
    terms,
)
from supervision.services.availability.reasons import for_others
from supervision.services.availability.saving import save_availability, whole_of
from supervision.services.availability.saying import Away, DateHours, Offer, WeekHours, Whole

__all__ = [
    "MOST_DAYS",
    "Away",
    "Busy",
    "DateHours",
    "Day",
    "Offer",
    "OwnTerms",
    "Run",
    "SessionTypeRow",
    "WeekHours",
    "Whole",
    "Why",
    "explain",
    "faults",
    "for_others",
    "open_hours",
    "own_terms",
    "save_availability",
    "session_type",
    "session_types_of",
    "starts",
    "taken",
    "terms",
    "whole_of",
]
