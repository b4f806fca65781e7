"""The forms about sessions, and the values that services take out of them."""

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as lazy
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation

from supervision.domain.recurrence import (
    LAST,
    MOST_EVERY,
    MOST_TIMES,
    Repeat,
    is_last_weekday,
    weekday_in_month,
)
from supervision.errors import N_, Invalid
from supervision.models.sessions import MAX_MINUTES
from supervision.services.sessions import Wish
from supervision.services.sessions.plan import LEAST_MINUTES, MESSAGE
from supervision.web.forms import REQUIRED, Form, choices, trimmed

ONE, ALL = "one", "all"
CHOOSE = lazy("Choose one from the list.")
REPEATS = choices(
    [
        ("never", lazy("Never")),
        ("weekly", lazy("Every week")),
        ("fortnightly", lazy("Every 2 weeks")),
        ("weeks", lazy("Every so many weeks")),
        ("monthly", lazy("Every month, on the same weekday (such as the second Tuesday)")),
        ("monthly-last", lazy("Every month, on the last such weekday")),
    ]
)
ENDS = choices(
    [
        ("open", lazy("When somebody ends it")),
        ("until", lazy("On a day")),
        ("times", lazy("After a number of sessions")),
    ]
)


class DayField(DateField):  # type: ignore[misc]  # WTForms has no types
    """A date; the complaint is ours."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(lazy("Give a date that exists, such as 2026-11-24.")) from None


class ClockField(TimeField):  # type: ignore[misc]  # WTForms has no types
    """A time of day; the complaint is ours."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(lazy("Give a time of day, such as 14:30.")) from None


class NumberField(IntegerField):  # type: ignore[misc]  # WTForms has no types
    """A whole number; the complaint is ours."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(lazy("Give a whole number.")) from None

    def pre_validate(self, form: Form) -> None:
        """What is no number is out of no range: one complaint is enough."""
        if self.process_errors and self.raw_data and self.raw_data[0].strip():
            raise StopValidation


def _lines(text: str | None) -> str:
    """A filter: browsers send two characters for the end of a line, and count one."""
    return trimmed(text).replace("\r\n", "\n")


def _message_field() -> TextAreaField:
    return TextAreaField(
        lazy("Message"),
        [Length(max=MESSAGE, message=lazy("Keep this to %(max)d characters."))],
        filters=[_lines],
        description=lazy("May be left empty. It is mailed to everybody in the roster."),
        render_kw={"rows": 3, "maxlength": MESSAGE},
    )


class TimeForm(Form):
    """A wall-clock time: a date, a time of day, a length."""

    date = DayField(lazy("Date"), [InputRequired(REQUIRED)])
    starts_at = ClockField(lazy("Starts at"), [InputRequired(REQUIRED)])
    minutes = NumberField(
        lazy("Minutes"),
        [
            InputRequired(REQUIRED),
            NumberRange(
                LEAST_MINUTES, MAX_MINUTES, lazy("Choose between %(min)s and %(max)s minutes.")
            ),
        ],
    )
    zone = HiddenField()
    message = _message_field()

    def wish(self) -> Wish:
        """What the person wants. Only for a form that validates."""
        local = datetime.combine(self.date.data, self.starts_at.data)
        return Wish(local, self.minutes.data, self.message.data, self.zone.data or None)


class BookForm(TimeForm):
    """A session or a series of them."""

    repeats = SelectField(
        lazy("Repeats"), choices=REPEATS, default="never", invalid_choice_message=CHOOSE
    )
    every = NumberField(
        lazy("Every … weeks"),
        [Optional(), NumberRange(1, MOST_EVERY, lazy("Repeat every %(min)s to %(max)s weeks."))],
        description=lazy("For “every so many weeks”."),
    )
    ends = SelectField(lazy("Ends"), choices=ENDS, default="open", invalid_choice_message=CHOOSE)
    until = DayField(lazy("Until"), [Optional()], description=lazy("For “on a day”: the last day."))
    times = NumberField(
        lazy("Number of sessions"),
        [Optional(), NumberRange(1, MOST_TIMES, lazy("Choose between %(min)s and %(max)s."))],
        description=lazy("For “after a number of sessions”."),
    )

    def repeat(self) -> Repeat | None:
        """The rule, None for a single session. Raises Invalid when a part of it is missing."""
        kind = self.repeats.data
        if kind == "never":
            return None
        end = self._end()
        if kind in {"monthly", "monthly-last"}:
            day = self.date.data
            if kind == "monthly-last" and not is_last_weekday(day):
                raise Invalid("date", N_("This is not the last such weekday of its month."))
            nth = LAST if kind == "monthly-last" else weekday_in_month(day)
            return Repeat("month", nth=nth, day=day.weekday(), **end)
        return Repeat("week", self._every(kind), **end)

    def _every(self, kind: str) -> int:
        if kind == "weeks" and self.every.data is None:
            raise Invalid("every", N_("Say every how many weeks."))
        weeks: int = {"weekly": 1, "fortnightly": 2}.get(kind) or self.every.data
        return weeks

    def _end(self) -> dict[str, Any]:
        if self.ends.data == "until":
            if self.until.data is None:
                raise Invalid("until", N_("Say which day is the last."))
            return {"until": self.until.data}
        if self.ends.data == "times":
            if self.times.data is None:
                raise Invalid("times", N_("Say how many sessions."))
            return {"count": self.times.data}
        return {}


class MoveForm(TimeForm):
    """Another time for one session."""

    def all_of_series(self) -> bool:
        return False


class MoveSeriesForm(MoveForm):
    """Another time for one session, or for all to come of its series."""

    which = RadioField(
        lazy("What to move"),
        choices=choices(
            [
                (ONE, lazy("Only this session")),
                (ALL, lazy("All coming sessions of the series, to this time of day")),
            ]
        ),
        invalid_choice_message=CHOOSE,
        default=ONE,
    )

    def all_of_series(self) -> bool:
        return bool(self.which.data == ALL)


class CancelForm(Form):
    """A few words for a session that will not be."""

    message = _message_field()

    def all_of_series(self) -> bool:
        return False


class CancelSeriesForm(CancelForm):
    """One session, or all to come of its series."""

    which = RadioField(
        lazy("What to cancel"),
        choices=choices(
            [
                (ONE, lazy("Only this session")),
                (ALL, lazy("All coming sessions of the series")),
            ]
        ),
        invalid_choice_message=CHOOSE,
        default=ONE,
    )

    def all_of_series(self) -> bool:
        return bool(self.which.data == ALL)
