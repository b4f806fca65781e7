"""What a person says of their availability, in the shape in which they say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from supervision.domain.slots import Hours
from supervision.services.availability.reading import OwnTerms


@dataclass(frozen=True)
class WeekHours:
    """Hours, local minutes [from, to), on several weekdays (0 is Monday) from a date to a date.

    Both dates are inclusive where given.
    """

    weekdays: tuple[int, ...]
    hours: Hours
    from_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True)
class DateHours:
    """A local date's own hours; None: closed that day."""

    held_on: date
    hours: Hours | None = None


@dataclass(frozen=True)
class Away:
    """Local days off, both inclusive, with a label for their owner alone."""

    first_on: date
    last_on: date
    label: str = ""


@dataclass(frozen=True)
class Offer:
    """A kind of session as its owner writes it; without an id it is new."""

    name: str
    minutes: int
    asks: bool = False
    most_weeks: int = 1
    id: UUID | None = None


@dataclass(frozen=True)
class Whole:
    """All that a person says of their availability; hours are in the zone of the terms."""

    terms: OwnTerms
    week: Sequence[WeekHours] = ()
    dates: Sequence[DateHours] = ()
    away: Sequence[Away] = ()
    offers: Sequence[Offer] = ()
