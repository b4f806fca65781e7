"""The forms about sessions, and the values that services take out of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as lazy
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from supervision.blueprints.sessions.clashes import ClashForm
from supervision.domain.recurrence import (
    LAST,
    MOST_EVERY,
    MOST_TIMES,
    Repeat,
    is_last_weekday,
    weekday_in_month,
)
from supervision.domain.skips import NOTHING, LeftOut
from supervision.errors import N_, Invalid
from supervision.models.sessions import MAX_MINUTES
from supervision.services.series import Further, Which
from supervision.services.sessions import OwnPlace, Setting, Wish
from supervision.services.sessions.plan import LEAST_MINUTES, MESSAGE
from supervision.services.sessions.setting import ADDRESS, LINK
from supervision.web.fields import ClockField, DayField, NumberField
from supervision.web.forms import REQUIRED, Form, at_most, choices, lines, trimmed

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


FURTHER = choices(
    [
        ("times", lazy("By a number of sessions")),
        ("until", lazy("Until a day")),
        ("open", lazy("Until somebody ends it")),
    ]
)


def _message_field() -> TextAreaField:
    return TextAreaField(
        lazy("Message"),
        [Length(max=MESSAGE, message=lazy("Keep this to %(max)s characters."))],
        filters=[lines],
        description=lazy("May be left empty. It is mailed to everybody whom it concerns."),
        render_kw={"rows": 3, "maxlength": MESSAGE},
    )


def _which_field(label: Any, following: Any, whole: Any) -> RadioField:
    """How much of a series a change is about."""
    return RadioField(
        label,
        choices=choices(
            [
                (Which.ONE.value, lazy("Only this session")),
                (Which.FOLLOWING.value, following),
                (Which.ALL.value, whole),
            ]
        ),
        invalid_choice_message=CHOOSE,
        default=Which.ONE.value,
    )


def _uuid(value: object) -> UUID:
    """A person's id, of a form or of a row."""
    return UUID(str(value))


class SettingForm(Form):
    """Where, and for whom, where that is not as usual."""

    place = RadioField(
        lazy("Place"),
        choices=choices(
            [("roster", lazy("Where the roster meets")), ("own", lazy("At another place"))]
        ),
        default="roster",
        invalid_choice_message=CHOOSE,
    )
    address = StringField(
        lazy("Address"), at_most(ADDRESS), filters=[trimmed], description=lazy("May be left empty.")
    )
    meeting_link = StringField(
        lazy("Meeting link"),
        at_most(LINK),
        filters=[trimmed],
        description=lazy("May be left empty."),
        render_kw={"type": "url", "inputmode": "url", "placeholder": "https://"},
    )
    who = RadioField(
        lazy("For whom"),
        choices=choices(
            [
                ("all", lazy("Everybody in the roster, also who joins later")),
                ("some", lazy("Only some")),
            ]
        ),
        default="all",
        invalid_choice_message=CHOOSE,
    )
    people = SelectMultipleField(
        lazy("Who"),
        coerce=_uuid,
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=lazy("Who leads comes always. Others do not see it in their calendars."),
    )

    def setting_is_own(self) -> bool:
        """Whether something is said, or wrong, that is not as usual."""
        fields = (self.address, self.meeting_link, *([self.people] if self.people else []))
        own = self.place.data == "own" or (self.who and self.who.data == "some")
        return bool(own) or any(field.errors for field in fields)

    def setting(self) -> Setting:
        """What was said. Only for a form that validates."""
        place = OwnPlace(self.address.data, self.meeting_link.data)
        people = frozenset(self.people.data or ())
        return Setting(
            place if self.place.data == "own" else None,
            people if self.who.data == "some" else None,
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


class BookForm(TimeForm, SettingForm, ClashForm):
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

    skip_first = DayField(
        lazy("Leave out from"),
        [Optional()],
        description=lazy("The first day without a session, such as that of a holiday."),
    )
    skip_last = DayField(
        lazy("Leave out until"),
        [Optional()],
        description=lazy("The last day without one; empty for a single day."),
    )
    poll = HiddenField()

    def poll_id(self) -> UUID | None:
        """The poll that the time comes from; what is no id comes from none."""
        try:
            return UUID(self.poll.data or "")
        except ValueError:
            return None

    def wish(self) -> Wish:
        """As of every time, with the place and the people."""
        return replace(super().wish(), setting=self.setting())

    def left_out(self) -> LeftOut:
        """The days on which the series does not meet. Raises Invalid."""
        first, last = self.skip_first.data, self.skip_last.data
        if first is None and last is not None:
            raise Invalid("skip_first", N_("Say which day is the first."))
        return NOTHING if first is None else NOTHING.and_days(first, last or first)

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

    def how_much(self) -> Which:
        return Which.ONE


class MoveSeriesForm(MoveForm, ClashForm):
    """Another time for one session, for it and what follows, or for all to come of its series."""

    which = _which_field(
        lazy("What to move"),
        lazy("This session and all that follow"),
        lazy("All coming sessions of the series"),
    )
    edited_too = BooleanField(lazy("Move also what was moved singly"))

    def how_much(self) -> Which:
        return Which(self.which.data)


class CancelForm(Form):
    """A few words for a session that will not be."""

    message = _message_field()

    def how_much(self) -> Which:
        return Which.ONE


class CancelSeriesForm(CancelForm):
    """One session, it and what follows, or all to come of its series."""

    which = _which_field(
        lazy("What to cancel"),
        lazy("This session and all that follow; the series ends before it"),
        lazy("All coming sessions of the series"),
    )

    def how_much(self) -> Which:
        return Which(self.which.data)


class LeaveOutForm(Form):
    """Days on which a series is not to meet."""

    skip_first = DayField(lazy("Leave out from"), [InputRequired(REQUIRED)])
    skip_last = DayField(
        lazy("Leave out until"),
        [Optional()],
        description=lazy("The last day without a session; empty for a single day."),
    )
    message = _message_field()


class ChangeForm(SettingForm):
    """Another place, or other people, for a session."""

    message = _message_field()

    def how_much(self) -> Which:
        return Which.ONE


class ChangeSeriesForm(ChangeForm):
    """For one session, for it and what follows, or for all to come of its series."""

    which = _which_field(
        lazy("What to change"),
        lazy("This session and all that follow"),
        lazy("All coming sessions of the series"),
    )

    def how_much(self) -> Which:
        return Which(self.which.data)


class ExtendForm(ClashForm):
    """How far a series is to go on."""

    ends = SelectField(
        lazy("Goes on"), choices=FURTHER, default="times", invalid_choice_message=CHOOSE
    )
    more = NumberField(
        lazy("Number of sessions"),
        [Optional(), NumberRange(1, MOST_TIMES, lazy("Choose between %(min)s and %(max)s."))],
        description=lazy("For “by a number of sessions”."),
    )
    until = DayField(
        lazy("Until"), [Optional()], description=lazy("For “until a day”: the last day.")
    )
    message = _message_field()

    def further(self) -> Further:
        """What was said. Raises Invalid when a part of it is missing."""
        if self.ends.data == "until":
            if self.until.data is None:
                raise Invalid("until", N_("Say which day is the last."))
            return Further(until=self.until.data)
        if self.ends.data == "times":
            if self.more.data is None:
                raise Invalid("more", N_("Say how many sessions."))
            return Further(more=self.more.data)
        return Further()


class EndForm(Form):
    """The last day of a series."""

    last_day = DayField(lazy("Last day"), [InputRequired(REQUIRED)])
    message = _message_field()
