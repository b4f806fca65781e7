"""The mail about one change, in its reader's language and own time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.errors import N_
from supervision.models.people import Person
from supervision.models.rosters import LEADS, Kind, Membership, MemberState
from supervision.services.mail import Mail
from supervision.services.places import Held
from supervision.services.sessions.notices import Told


@dataclass(frozen=True)
class Words:
    """How one kind of change is told: in the subject, of a single session, of several."""

    subject: str
    one: str
    many: str


WORDS = {
    "booked": Words(
        N_("Booked: %(title)s, %(when)s"),
        N_("%(name)s has booked a session of “%(title)s”."),
        N_("%(name)s has booked %(count)s sessions of “%(title)s”."),
    ),
    "opened": Words(
        N_("Open for sign-up: %(title)s, %(when)s"),
        N_("%(name)s has booked a session of “%(title)s”. Who wants to come signs up for it."),
        N_(
            "%(name)s has booked %(count)s sessions of “%(title)s”. Who wants to come signs up "
            "for each of them."
        ),
    ),
    "moved": Words(
        N_("Moved: %(title)s, %(when)s"),
        N_("%(name)s has moved a session of “%(title)s”."),
        N_("%(name)s has moved %(count)s sessions of “%(title)s”."),
    ),
    "cancelled": Words(
        N_("Cancelled: %(title)s, %(when)s"),
        N_("%(name)s has cancelled a session of “%(title)s”."),
        N_("%(name)s has cancelled %(count)s sessions of “%(title)s”."),
    ),
    "requested": Words(
        N_("Asked for: %(title)s, %(when)s"),
        N_("%(name)s asks for a session of “%(title)s”. The time is kept until you answer."),
        N_(
            "%(name)s asks for %(count)s sessions of “%(title)s”. The times are kept until you "
            "answer; your answer is for all of them."
        ),
    ),
    "accepted": Words(
        N_("Accepted: %(title)s, %(when)s"),
        N_("%(name)s has accepted the session of “%(title)s” that you asked for. It is booked."),
        N_(
            "%(name)s has accepted the %(count)s sessions of “%(title)s” that you asked for. They "
            "are booked."
        ),
    ),
    "declined": Words(
        N_("Not accepted: %(title)s, %(when)s"),
        N_("%(name)s cannot accept the session of “%(title)s” that you asked for."),
        N_("%(name)s cannot accept the %(count)s sessions of “%(title)s” that you asked for."),
    ),
    "withdrawn": Words(
        N_("Taken back: %(title)s, %(when)s"),
        N_("%(name)s no longer asks for this session of “%(title)s”. The time is free again."),
        N_(
            "%(name)s no longer asks for %(count)s sessions of “%(title)s”. The times are free "
            "again."
        ),
    ),
    "lapsed": Words(
        N_("Not answered: %(title)s, %(when)s"),
        N_("A session of “%(title)s” was asked for and not answered in time. It is not booked."),
        N_(
            "%(count)s sessions of “%(title)s” were asked for and not answered in time. They are "
            "not booked."
        ),
    ),
    "cancelled_late": Words(
        N_("Cancelled late: %(title)s, %(when)s"),
        N_("%(name)s has cancelled a session of “%(title)s”, later than the notice agreed on."),
        N_("%(name)s has cancelled %(count)s sessions of “%(title)s”, later than agreed on."),
    ),
    "moved_late": Words(
        N_("Moved late: %(title)s, %(when)s"),
        N_("%(name)s has moved a session of “%(title)s”, later than the notice agreed on."),
        N_("%(name)s has moved %(count)s sessions of “%(title)s”, later than agreed on."),
    ),
    "signup_on": Words(
        N_("Sign up from now on: %(title)s"),
        N_(
            "%(name)s has changed “%(title)s”: from now on you sign up for each session. One is "
            "booked already; you are signed up for it if you had a place, and wait for one if not."
        ),
        N_(
            "%(name)s has changed “%(title)s”: from now on you sign up for each session. "
            "%(count)s are booked already; you are signed up for those in which you had a place, "
            "and wait for one in the others."
        ),
    ),
    "signup_off": Words(
        N_("No sign-up any more: %(title)s"),
        N_("%(name)s has changed “%(title)s”: everybody is expected at its session again."),
        N_("%(name)s has changed “%(title)s”: everybody is expected at its %(count)s sessions."),
    ),
    "changed": Words(
        N_("Changed: %(title)s, %(when)s"),
        N_("%(name)s has changed a session of “%(title)s”."),
        N_("%(name)s has changed %(count)s sessions of “%(title)s”."),
    ),
    "extended": Words(
        N_("Goes on: %(title)s, %(when)s"),
        N_("%(name)s has extended a series of “%(title)s” by a session."),
        N_("%(name)s has extended a series of “%(title)s” by %(count)s sessions."),
    ),
    "added": Words(
        N_("For you too: %(title)s, %(when)s"),
        N_("%(name)s has added you to a session of “%(title)s”."),
        N_("%(name)s has added you to %(count)s sessions of “%(title)s”."),
    ),
    "taken_off": Words(
        N_("No longer for you: %(title)s, %(when)s"),
        N_("A session of “%(title)s” is for others now. It has left your calendar."),
        N_("%(count)s sessions of “%(title)s” are for others now. They have left your calendar."),
    ),
}


# What will not be has no place to go to.
NOWHERE = ("cancelled", "cancelled_late", "declined", "withdrawn", "lapsed", "taken_off")


@dataclass(frozen=True)
class Reader:
    """Somebody to tell, as far as a mail needs to know."""

    id: UUID
    name: str
    email: str
    zone: str
    clock: str
    language: str


READERS = select(
    Person.id, Person.name, Person.email, Person.zone, Person.clock, Person.language
).order_by(Person.id)


def who_run(roster: Held) -> list[Reader]:
    """Those who run a roster: who leads it; in a peer roster every member."""
    these = (Membership.roster_id == roster.id) & (Membership.state == MemberState.ACTIVE)
    if roster.kind != Kind.PEER:
        these &= Membership.role.in_(LEADS)
    ids = select(Membership.person_id).where(these)
    return [Reader(*row) for row in db.session.execute(READERS.where(Person.id.in_(ids)))]


def moment(instant: datetime, reader: Reader) -> str:
    """An instant as its reader's clock shows it: Tue 24 Nov 2026, 14:30 (Toronto)."""
    local = instant.astimezone(ZoneInfo(reader.zone))
    return f"{_day(local, reader)}, {_clock(local, reader)} ({_city(reader.zone)})"


def letter(told: Told, reader: Reader) -> Mail:
    """What a reader gets to read about a change."""
    with force_locale(reader.language):
        subject, body = _subject(told, reader), _body(told, reader)
    return Mail(told.event, reader.email, subject, body, reader.id, told.sequence)


def _subject(told: Told, reader: Reader) -> str:
    first = told.spans[0].start.astimezone(ZoneInfo(reader.zone))
    when = f"{_day(first, reader)}, {_clock(first, reader)}"
    if told.count > 1:
        when = _("from %(when)s", when=when)
    return str(_(WORDS[told.verb].subject, title=told.title, when=when))


def _body(told: Told, reader: Reader) -> str:
    words, count = WORDS[told.verb], told.count
    name = told.name or _("The calendar")
    parts = [
        _("Hello %(name)s,", name=reader.name),
        _(words.one if count == 1 else words.many, name=name, count=count, title=told.title),
        _times(told, reader),
        "" if told.verb in NOWHERE else _place(told),
        _("%(name)s writes:", name=name) + f"\n{told.message}" if told.message else "",
        _busy(told, reader),
        told.link,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _times(told: Told, reader: Reader) -> str:
    shown = [_when(span, told, reader) for span in told.spans]
    if told.before:
        before = _when(told.before, told, reader)
        shown = [_("Before: %(when)s", when=before), _("Now: %(when)s", when=shown[0])]
    if told.count > len(told.spans):
        shown.append(_("… and %(more)s more", more=told.count - len(told.spans)))
    return "\n".join(shown)


def _when(span: Interval, told: Told, reader: Reader) -> str:
    """Tue 24 Nov 2026, 14:30 to 15:20 (Toronto); 19:30 in London."""
    start = span.start.astimezone(ZoneInfo(reader.zone))
    end = span.end.astimezone(ZoneInfo(reader.zone))
    text = _(
        "%(day)s, %(start)s to %(end)s (%(place)s)",
        day=_day(start, reader),
        start=_clock(start, reader),
        end=_clock(end, reader),
        place=_city(reader.zone),
    )
    there = span.start.astimezone(ZoneInfo(told.zone))
    if there.utcoffset() != start.utcoffset():
        time, place = _clock(there, reader), _city(told.zone)
        text = _("%(when)s; %(time)s in %(place)s", when=text, time=time, place=place)
    return str(text)


def _place(told: Told) -> str:
    lines = []
    if told.address:
        lines.append(_("Place: %(address)s", address=told.address))
    if told.meeting_link:
        lines.append(_("Meeting link: %(link)s", link=told.meeting_link))
    return "\n".join(lines)


def _busy(told: Told, reader: Reader) -> str:
    """The reader's own busy times, when something was booked over them."""
    found = [start.astimezone(ZoneInfo(reader.zone)) for start in told.busy.get(reader.id, ())]
    lines = [f"- {_day(start, reader)}, {_clock(start, reader)}" for start in found]
    return "\n".join([_("You have something else at these times:"), *lines]) if lines else ""


def _day(local: datetime, reader: Reader) -> str:
    return format_date(local.date(), "EEE d MMM yyyy", reader.language)


def _clock(local: datetime, reader: Reader) -> str:
    if reader.clock == "24":
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
