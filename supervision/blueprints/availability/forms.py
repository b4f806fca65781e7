"""The one form about availability: four lists of lines, and the terms."""

from datetime import date, time
from typing import Any
from uuid import UUID

from babel import Locale
from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import lazy_gettext as lazy
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from supervision.domain import holidays
from supervision.domain.slots import Hours
from supervision.errors import Conflict, Invalid
from supervision.services import availability
from supervision.services.availability import (
    Away,
    DateHours,
    Offer,
    OwnTerms,
    WeekHours,
    Whole,
)
from supervision.services.availability.checks import MOST_LABEL, MOST_NAME, MOST_ROWS
from supervision.web import forms, typed
from supervision.web.errors import say
from supervision.web.fields import ClockField, DayField, LinesField, NumberField
from supervision.web.forms import REQUIRED, Form, choices, trimmed

DAY = 24 * 60
NOTHING: tuple[Any, ...] = (None, "", [], False)


class Row(Form):
    """One line of a list. A line with nothing in it is no line."""

    needs: tuple[str, ...] = ()

    def is_blank(self) -> bool:
        typed = any(field.raw_data and any(field.raw_data) for field in self)
        return not typed and all(field.data in NOTHING for field in self)

    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        if self.is_blank():
            return fine
        for name in self.needed():
            field = self._fields[name]
            if field.data in NOTHING and not field.errors:
                field.errors = [str(REQUIRED)]
                fine = False
        return fine

    def needed(self) -> tuple[str, ...]:
        """The fields that a line has to have."""
        return self.needs


def _day() -> DayField:
    return DayField(lazy("Date"), [Optional()])


class WeekRow(Row):
    """Hours on some days of the week."""

    needs = ("weekdays", "from_at", "until_at")
    weekdays = SelectMultipleField(
        lazy("Days"),
        coerce=typed.number,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        invalid_choice_message=lazy("Choose days of the week."),
    )
    from_at = ClockField(lazy("From"), [Optional()])
    until_at = ClockField(lazy("To"), [Optional()])
    from_on = DayField(lazy("First day"), [Optional()])
    until_on = DayField(lazy("Last day"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = get_day_names("abbreviated", locale=str(get_locale()))
        self.weekdays.choices = choices((day, names[day]) for day in range(7))

    @property
    def has_dates(self) -> bool:
        """Whether the dates are worth showing at once."""
        fields = (self.from_on, self.until_on)
        return any(field.data or field.errors for field in fields)


class DateRow(Row):
    """A date's own hours; without times it is closed."""

    held_on = DayField(lazy("Date"), [Optional()])
    from_at = ClockField(lazy("From"), [Optional()])
    until_at = ClockField(lazy("To"), [Optional()])

    def needed(self) -> tuple[str, ...]:
        times = self.from_at.data is not None or self.until_at.data is not None
        return ("held_on", "from_at", "until_at") if times else ("held_on",)


class AwayRow(Row):
    """Days off; one day when there is no last."""

    needs = ("first_on",)
    first_on = DayField(lazy("First day"), [Optional()])
    last_on = DayField(lazy("Last day"), [Optional()])
    label = StringField(
        lazy("What for"),
        [Length(max=MOST_LABEL, message=lazy("Keep this to %(max)s characters."))],
        filters=[trimmed],
    )


class OfferRow(Row):
    """A kind of session."""

    needs = ("name", "minutes")
    id = HiddenField()
    name = StringField(
        lazy("Name"),
        [Length(max=MOST_NAME, message=lazy("Keep this to %(max)s characters."))],
        filters=[trimmed],
    )
    minutes = NumberField(lazy("Minutes"), [Optional()])
    most_weeks = NumberField(lazy("Weeks at once"), [Optional()])
    asks = BooleanField(lazy("I accept each booking first"))


def _number(label: Any, *, optional: bool = False) -> NumberField:
    return NumberField(label, [Optional()] if optional else [InputRequired(REQUIRED)])


def _rows(row: type[Row]) -> LinesField:
    return LinesField(row, MOST_ROWS)


class AvailabilityForm(Form):
    """Everything that a person says of when they can be booked."""

    zone = forms.zone_field(lazy("Time zone of these hours"))
    week = _rows(WeekRow)
    dates = _rows(DateRow)
    away = _rows(AwayRow)
    offers = _rows(OfferRow)
    notice_hours = _number(lazy("Notice, in hours"))
    horizon_days = _number(lazy("How far ahead, in days"))
    step_minutes = _number(lazy("A start every … minutes"))
    before_minutes = _number(lazy("Minutes free before"))
    after_minutes = _number(lazy("Minutes free after"))
    most_a_day = _number(lazy("Most sessions a day"), optional=True)
    most_a_week = _number(lazy("Most sessions a week"), optional=True)
    cancel_hours = _number(lazy("Notice for cancelling, in hours"))
    holiday_country = SelectField(lazy("Public holidays of"))
    holiday_region = StringField(lazy("Region"), filters=[trimmed])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.holiday_country.choices = _countries()

    def lists(self) -> list[LinesField]:
        return [self.week, self.dates, self.away, self.offers]

    def change(self, what: str) -> str:
        """Add a line or take one away, as `add-week` or `drop-week-3` says; the list's name."""
        act, _sep, rest = what.partition("-")
        name, _sep, line = rest.partition("-")
        found = {field.short_name: field for field in self.lists()}.get(name)
        if found is None:
            return ""
        if act == "add" and len(found) < MOST_ROWS:
            found.append_entry()
        elif act == "drop" and line in (lines := [str(at) for at in range(len(found))]):
            found.pop_entry(lines.index(line))
        return name

    def drop_blank(self) -> None:
        """Forget the lines that hold nothing."""
        for rows in self.lists():
            for number in reversed(range(len(rows))):
                if rows[number].form.is_blank():
                    rows.pop_entry(number)

    def whole(self) -> Whole:
        """What the person says. Only for a form that validates and has no blank lines."""
        return Whole(
            self._terms(),
            [_week_hours(row.form) for row in self.week],
            [_date_hours(row.form) for row in self.dates],
            [_away(row.form) for row in self.away],
            [_offer(row.form) for row in self.offers],
        )

    def _terms(self) -> OwnTerms:
        return OwnTerms(
            zone=self.zone.data,
            step_minutes=self.step_minutes.data,
            before_minutes=self.before_minutes.data,
            after_minutes=self.after_minutes.data,
            notice_minutes=self.notice_hours.data * 60,
            horizon_days=self.horizon_days.data,
            most_a_day=self.most_a_day.data,
            most_a_week=self.most_a_week.data,
            cancel_hours=self.cancel_hours.data,
            holiday_country=self.holiday_country.data,
            holiday_region=self.holiday_region.data.upper(),
        )

    def refuse_all(self) -> bool:
        """Put everything that the service would refuse beside its field; whether there was any."""
        found = list(availability.faults(self.whole()))
        for fault in found:
            self.refuse(fault)
        return bool(found)

    def refuse(self, error: Invalid | Conflict) -> None:
        """As every form, and beside the field of a line: `week-0-until_at`."""
        name = getattr(error, "field", None) or ""
        renamed = {"notice_minutes": "notice_hours"}.get(name, name)
        fields = {field.name: field for field in self.leaves()}
        if renamed in fields:
            fields[renamed].errors = [*fields[renamed].errors, say(error)]
        else:
            super().refuse(error)


def _countries() -> list[Any]:
    """The countries whose holidays are known, by their names in the viewer's language."""
    names = Locale.parse(str(get_locale())).territories
    known = [(code, names.get(code, code)) for code in holidays.countries()]
    return choices([("", lazy("No country")), *sorted(known, key=lambda pair: pair[1])])


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _hours(opens: time, closes: time) -> Hours:
    """Minutes since midnight; midnight at the end is the end of the day."""
    return _minute(opens), _minute(closes) or DAY


def _week_hours(row: WeekRow) -> WeekHours:
    hours = _hours(row.from_at.data, row.until_at.data)
    return WeekHours(tuple(row.weekdays.data), hours, row.from_on.data, row.until_on.data)


def _date_hours(row: DateRow) -> DateHours:
    if row.from_at.data is None:
        return DateHours(row.held_on.data)
    return DateHours(row.held_on.data, _hours(row.from_at.data, row.until_at.data))


def _away(row: AwayRow) -> Away:
    first: date = row.first_on.data
    return Away(first, row.last_on.data or first, row.label.data)


def _offer(row: OfferRow) -> Offer:
    try:
        key = UUID(row.id.data) if row.id.data else None
    except ValueError:
        key = None
    weeks = 1 if row.most_weeks.data is None else row.most_weeks.data
    return Offer(row.name.data, row.minutes.data, bool(row.asks.data), weeks, key)


def filled(whole: Whole) -> dict[str, Any]:
    """A person's availability as the form's values."""
    terms = whole.terms
    return {
        **{name: getattr(terms, name) for name in OwnTerms.__dataclass_fields__},
        "notice_hours": -(-terms.notice_minutes // 60),
        "week": [
            {
                "weekdays": list(one.weekdays),
                **_clocks(one.hours),
                "from_on": one.from_on,
                "until_on": one.until_on,
            }
            for one in whole.week
        ],
        "dates": [{"held_on": one.held_on, **_clocks(one.hours)} for one in whole.dates],
        "away": [vars(one) for one in whole.away],
        "offers": [{**vars(one), "id": str(one.id)} for one in whole.offers],
    }


def _clocks(hours: Hours | None) -> dict[str, time]:
    if hours is None:
        return {}
    opens, closes = (time(minute % DAY // 60, minute % 60) for minute in hours)
    return {"from_at": opens, "until_at": closes}
