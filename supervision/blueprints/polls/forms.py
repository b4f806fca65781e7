"""The forms about polls: the times that are proposed, the answers to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as lazy
from werkzeug.datastructures import MultiDict
from wtforms import Field, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from supervision.domain.recurrence import resolve
from supervision.errors import N_, Invalid
from supervision.models.polls import Shows
from supervision.services.polls import MOST, REMARK, Proposal
from supervision.services.sessions.plan import MESSAGE
from supervision.web import typed
from supervision.web.fields import DayField, NumberField
from supervision.web.forms import REQUIRED, Form, choices, lines

TOO_LONG = lazy("Keep this to %(max)s characters.")
TYPED = 20
# More than can be asked, so that somebody who ticked too many is told and loses nothing.
READ = 5 * MOST


@dataclass(frozen=True)
class Typed:
    """A row of two inputs, as somebody left it."""

    day: str = ""
    clock: str = ""

    def instant(self, zone: str) -> datetime:
        """The instant of a wall-clock time. Raises Invalid."""
        try:
            local = datetime.combine(date.fromisoformat(self.day), time.fromisoformat(self.clock))
        except ValueError:
            raise Invalid("starts", N_("Give a day and a time of day in each row.")) from None
        if not typed.is_known(local.date()) or local.tzinfo:
            raise Invalid("starts", N_("Propose times within a year."))
        return resolve(_to_the_minute(local), zone).starts_at


@dataclass(frozen=True)
class Starts:
    """The times of a form: `picked` from what was offered, `typed` in the proposer's `zone`."""

    picked: tuple[datetime, ...]
    typed: tuple[Typed, ...]
    zone: str

    @classmethod
    def read(cls, data: MultiDict[str, str], zone: str) -> "Starts":
        """What an address or a form holds; what is no instant is left out."""
        pairs = zip(data.getlist("day"), data.getlist("clock"), strict=False)
        typed = tuple(Typed(day.strip(), clock.strip()) for day, clock in pairs)
        filled = tuple(row for row in typed if row.day or row.clock)
        return cls(tuple(dict.fromkeys(_instants(data.getlist("at")[:READ]))), filled, zone)

    @property
    def rows(self) -> list[Typed]:
        """Rows to show: what was typed, and empty ones up to the most that can be proposed."""
        return [*self.typed, *([Typed()] * (TYPED - len(self.typed)))]

    def instants(self) -> list[datetime]:
        """All of them, by time. Raises Invalid."""
        return sorted([*self.picked, *(row.instant(self.zone) for row in self.typed)])


def _to_the_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _instants(texts: list[str]) -> Iterator[datetime]:
    for text in texts:
        try:
            yield _to_the_minute(typed.instant(text))
        except ValueError:
            continue


class AskForm(Form):
    """How long, until when, who sees what; the times themselves are `Starts`."""

    starts = Field(lazy("Times"))
    minutes = NumberField(lazy("Minutes"), [InputRequired(REQUIRED)])
    closes_on = DayField(
        lazy("Answers until"),
        [InputRequired(REQUIRED)],
        description=lazy("The last day on which answers are taken."),
    )
    message = TextAreaField(
        lazy("Message"),
        [Length(max=MESSAGE, message=TOO_LONG)],
        filters=[lines],
        description=lazy("May be left empty. It is mailed to everybody in the roster."),
        render_kw={"rows": 3, "maxlength": MESSAGE},
    )
    shows = RadioField(
        lazy("Who sees the answers"),
        choices=choices(
            [
                (Shows.ANSWERED.value, lazy("Everybody, once they have answered")),
                (Shows.NEVER.value, lazy("Only you and those who lead")),
            ]
        ),
        default=Shows.ANSWERED.value,
        invalid_choice_message=lazy("Choose one from the list."),
    )

    def proposal(self, starts: Starts) -> Proposal:
        """What is asked. Only for a form that validates. Raises Invalid."""
        return Proposal(
            starts.instants(),
            self.minutes.data,
            _end_of(self.closes_on.data, starts.zone),
            self.message.data,
            self.shows.data,
        )


def _end_of(day: date, zone: str) -> datetime:
    """The last minute of a local day."""
    return datetime.combine(day, time(23, 59), ZoneInfo(zone)).astimezone(UTC)


class AnswerForm(Form):
    """A few words beside the answers, which are `words_of` a form."""

    words = Field(lazy("Your answers"))
    remark = TextAreaField(
        lazy("Remark"),
        [Length(max=REMARK, message=TOO_LONG)],
        filters=[lines],
        description=lazy("May be left empty. Whoever sees the answers sees it."),
        render_kw={"rows": 2, "maxlength": REMARK},
    )


def words_of(data: MultiDict[str, str], option_ids: list[UUID]) -> dict[UUID, str]:
    """What was said to each option; to those that were passed over nothing."""
    said = {key: data.get(f"option-{key}", "") for key in option_ids}
    return {key: word for key, word in said.items() if word}
