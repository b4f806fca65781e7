"""Mails about changes, in each reader's language and own time, queued with the change itself.

Subscribed calendars may lag by a day, so every change is also mailed at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import force_locale
from flask_babel import gettext as _

from supervision.domain.intervals import Interval
from supervision.errors import N_
from supervision.models.rosters import Roster
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.sessions.plan import Member

SHOWN = 4


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
    "changed": Words(
        N_("Changed: %(title)s, %(when)s"),
        N_("%(name)s has changed a session of “%(title)s”."),
        N_("%(name)s has changed %(count)s sessions of “%(title)s”."),
    ),
}


@dataclass(frozen=True)
class Notice:
    """One change to tell of, its `verb` a key of WORDS.

    `event` and `sequence` make it unique; `path` leads to its page; `spans` are the times now in
    force, in order, and `before` the former time of a single session that moved. `warnings` are
    the busy times that each person had already.
    """

    event: str
    sequence: int
    verb: str
    spans: Sequence[Interval]
    path: str
    message: str = ""
    before: Interval | None = None
    warnings: dict[UUID, Sequence[Interval]] = field(default_factory=dict)


def notify(
    actor: Actor | None,
    at: datetime,
    roster: Roster,
    members: Iterable[Member],
    notice: Notice,
    base_url: str,
) -> None:
    """Queue a mail to every member but the one who did it."""
    told = [member for member in members if actor is None or member.person_id != actor.id]
    mail.queue_all((_mail(actor, roster, member, notice, base_url) for member in told), at)


def _mail(
    actor: Actor | None, roster: Roster, member: Member, notice: Notice, base_url: str
) -> mail.Mail:
    with force_locale(member.language):
        subject = _subject(roster, member, notice)
        body = _body(actor, roster, member, notice, base_url)
    return mail.Mail(notice.event, member.email, subject, body, member.person_id, notice.sequence)


def _subject(roster: Roster, member: Member, notice: Notice) -> str:
    first = notice.spans[0].start.astimezone(ZoneInfo(member.zone))
    when = f"{_day(first, member)}, {_clock(first, member)}"
    if len(notice.spans) > 1:
        when = _("from %(when)s", when=when)
    return str(_(WORDS[notice.verb].subject, title=roster.title, when=when))


def _body(
    actor: Actor | None, roster: Roster, member: Member, notice: Notice, base_url: str
) -> str:
    words, count = WORDS[notice.verb], len(notice.spans)
    name = actor.name if actor else _("The calendar")
    told = _(words.one if count == 1 else words.many, name=name, count=count, title=roster.title)
    parts = [
        _("Hello %(name)s,", name=member.name),
        told,
        _times(member, roster, notice),
        "" if notice.verb == "cancelled" else _place(roster),
        _("%(name)s writes:", name=name) + f"\n{notice.message}" if notice.message else "",
        _busy(member, notice),
        f"{base_url}{notice.path}" if base_url else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _times(member: Member, roster: Roster, notice: Notice) -> str:
    shown = [_when(span, member, roster) for span in notice.spans[:SHOWN]]
    if notice.before:
        before = _when(notice.before, member, roster)
        shown = [_("Before: %(when)s", when=before), _("Now: %(when)s", when=shown[0])]
    if len(notice.spans) > SHOWN:
        shown.append(_("… and %(more)s more", more=len(notice.spans) - SHOWN))
    return "\n".join(shown)


def _when(span: Interval, member: Member, roster: Roster) -> str:
    """Tue 24 Nov 2026, 14:30 to 15:20 (Toronto); 19:30 in London."""
    start = span.start.astimezone(ZoneInfo(member.zone))
    end = span.end.astimezone(ZoneInfo(member.zone))
    text = _(
        "%(day)s, %(start)s to %(end)s (%(place)s)",
        day=_day(start, member),
        start=_clock(start, member),
        end=_clock(end, member),
        place=_city(member.zone),
    )
    there = span.start.astimezone(ZoneInfo(roster.zone))
    if there.utcoffset() != start.utcoffset():
        time, place = _clock(there, member), _city(roster.zone)
        text = _("%(when)s; %(time)s in %(place)s", when=text, time=time, place=place)
    return str(text)


def _place(roster: Roster) -> str:
    lines = []
    if roster.address:
        lines.append(_("Place: %(address)s", address=roster.address))
    if roster.meeting_link:
        lines.append(_("Meeting link: %(link)s", link=roster.meeting_link))
    return "\n".join(lines)


def _busy(member: Member, notice: Notice) -> str:
    """The member's own busy times, when something was booked over them."""
    found = [
        span.start.astimezone(ZoneInfo(member.zone))
        for span in notice.warnings.get(member.person_id, ())[:SHOWN]
    ]
    lines = [f"- {_day(start, member)}, {_clock(start, member)}" for start in found]
    return "\n".join([_("You have something else at these times:"), *lines]) if lines else ""


def _day(local: datetime, member: Member) -> str:
    return format_date(local.date(), "EEE d MMM yyyy", member.language)


def _clock(local: datetime, member: Member) -> str:
    if member.clock == "24":
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
