"""What is wrong with what a person says of their availability, row by row."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

from supervision.domain import holidays
from supervision.domain.slots import Hours
from supervision.errors import N_, Invalid
from supervision.models.sessions import MAX_MINUTES
from supervision.services.availability.saying import Away, DateHours, Offer, WeekHours, Whole
from supervision.services.people import ZONES

DAY = 24 * 60
MOST_ROWS = 60
LEAST_MINUTES = 10
MOST_NAME = 80
MOST_LABEL = 100
MOST_WEEKS = 52
STEP = (5, MAX_MINUTES)
FREE = (0, MAX_MINUTES)
NOTICE = (0, 90 * DAY)
HORIZON = (1, 366)
CANCEL = (0, 24 * 60)
A_DAY = (1, 24)
A_WEEK = (1, 100)
REVERSED = N_("The end has to come after the beginning.")


def faults(whole: Whole) -> Iterator[Invalid]:
    """Each thing that cannot be taken, its field named by list and row: `week-0-until_at`."""
    yield from _terms(whole)
    yield from _week(whole.week)
    yield from _dates(whole.dates)
    yield from _away(whole.away)
    yield from _offers(whole.offers)


def _terms(whole: Whole) -> Iterator[Invalid]:
    terms = whole.terms
    if terms.zone not in ZONES:
        yield Invalid("zone", N_("Choose a time zone from the list."))
    ranges = {
        "step_minutes": STEP,
        "before_minutes": FREE,
        "after_minutes": FREE,
        "notice_minutes": NOTICE,
        "horizon_days": HORIZON,
        "cancel_hours": CANCEL,
        "most_a_day": A_DAY,
        "most_a_week": A_WEEK,
    }
    for name, (least, most) in ranges.items():
        value = getattr(terms, name)
        if value is not None and not least <= value <= most:
            yield _between(name, least, most)
    try:
        holidays.check(terms.holiday_country, terms.holiday_region)
    except Invalid as fault:
        yield fault


def _between(field: str, least: int, most: int) -> Invalid:
    return Invalid(field, N_("Choose between %(least)s and %(most)s."), least=least, most=most)


def _are_hours(hours: Hours) -> bool:
    return 0 <= hours[0] < hours[1] <= DAY


def _overlap(one: Hours, other: Hours) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def _too_many(name: str, rows: Sequence[object]) -> Iterator[Invalid]:
    if len(rows) > MOST_ROWS:
        yield Invalid(name, N_("At most %(most)s lines fit here."), most=MOST_ROWS)


def _week(rows: Sequence[WeekHours]) -> Iterator[Invalid]:
    yield from _too_many("week", rows)
    for number, row in enumerate(rows):
        if not row.weekdays or not all(0 <= day <= 6 for day in row.weekdays):
            yield Invalid(f"week-{number}-weekdays", N_("Choose at least one day."))
        if not _are_hours(row.hours):
            yield Invalid(f"week-{number}-until_at", REVERSED)
        if row.from_on and row.until_on and row.until_on < row.from_on:
            yield Invalid(f"week-{number}-until_on", N_("The last date lies before the first."))
    for (_first, one), (number, other) in combinations(enumerate(rows), 2):
        if _overlap(one.hours, other.hours) and _same_days(one, other):
            yield Invalid(
                f"week-{number}-from_at", N_("These hours overlap another line of the same day.")
            )


def _same_days(one: WeekHours, other: WeekHours) -> bool:
    """Whether both may hold on one date."""
    first = max(one.from_on or date.min, other.from_on or date.min)
    last = min(one.until_on or date.max, other.until_on or date.max)
    return bool(set(one.weekdays) & set(other.weekdays)) and first <= last


def _dates(rows: Sequence[DateHours]) -> Iterator[Invalid]:
    yield from _too_many("dates", rows)
    for number, row in enumerate(rows):
        if row.hours is not None and not _are_hours(row.hours):
            yield Invalid(f"dates-{number}-until_at", REVERSED)
    for (_first, one), (number, other) in combinations(enumerate(rows), 2):
        if one.held_on != other.held_on:
            continue
        if one.hours is None or other.hours is None:
            yield Invalid(
                f"dates-{number}-held_on", N_("This date is closed in another line already.")
            )
        elif _overlap(one.hours, other.hours):
            yield Invalid(
                f"dates-{number}-from_at", N_("These hours overlap another line of the same day.")
            )


def _away(rows: Sequence[Away]) -> Iterator[Invalid]:
    yield from _too_many("away", rows)
    for number, row in enumerate(rows):
        if row.last_on < row.first_on:
            yield Invalid(f"away-{number}-last_on", N_("The last date lies before the first."))
        if len(row.label) > MOST_LABEL:
            yield _too_long(f"away-{number}-label", MOST_LABEL)


def _too_long(field: str, most: int) -> Invalid:
    return Invalid(field, N_("Keep this to %(most)s characters."), most=most)


def _offers(rows: Sequence[Offer]) -> Iterator[Invalid]:
    yield from _too_many("offers", rows)
    for number, row in enumerate(rows):
        if not row.name.strip():
            yield Invalid(f"offers-{number}-name", N_("Give it a name."))
        if len(row.name) > MOST_NAME:
            yield _too_long(f"offers-{number}-name", MOST_NAME)
        if not LEAST_MINUTES <= row.minutes <= MAX_MINUTES:
            yield _between(f"offers-{number}-minutes", LEAST_MINUTES, MAX_MINUTES)
        if not 1 <= row.most_weeks <= MOST_WEEKS:
            yield _between(f"offers-{number}-most_weeks", 1, MOST_WEEKS)
    for (_first, one), (number, other) in combinations(enumerate(rows), 2):
        if one.name.strip().casefold() == other.name.strip().casefold():
            yield Invalid(f"offers-{number}-name", N_("This name is there already."))
