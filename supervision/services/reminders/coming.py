"""Reminders: each at its reader's chosen times before a session, once for each time it has.

The sessions are found by when they begin: one look into an index for each lead that can be
chosen, however many sessions and people there are.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from supervision.db import run, writing
from supervision.domain.intervals import Interval
from supervision.domain.mail import Action, Block, Fact, Facts, Letter, Text
from supervision.domain.reminders import LEADS, USUAL_LEAD, is_news, window
from supervision.models.mail import MailKind, MailReminder, MailStop
from supervision.models.meetings import MeetingAbsence
from supervision.models.people import Person, PersonState
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim, Session, SessionState
from supervision.services import mail, rounds
from supervision.services.leave import AwayFrom, leaves_among
from supervision.services.mail import Mail, Reader

ROUND = "remind"
EVERY = timedelta(minutes=1)
# Said in the statement itself: only then does the index of what is planned serve.
PLANNED = Session.state == literal_column(f"'{SessionState.PLANNED}'")


@dataclass(frozen=True)
class Coming:
    """A session that somebody is to be told of: [starts_at, ends_at), where, in which zone."""

    id: UUID
    roster_id: UUID
    sequence: int
    title: str
    zone: str
    address: str
    meeting_link: str
    span: Interval


_USUAL = Session.address.is_(None)
SESSION = (
    Session.id,
    Session.roster_id,
    Session.sequence,
    Roster.title,
    Session.zone,
    case((_USUAL, Roster.address), else_=Session.address),
    case((_USUAL, Roster.meeting_link), else_=func.coalesce(Session.meeting_link, "")),
    Session.starts_at,
    Session.ends_at,
)


def coming(row: Any) -> Coming:
    """What the columns of SESSION say."""
    key, roster_id, sequence, title, zone, address, link, *times = row
    return Coming(key, roster_id, sequence, title, zone, address, link, Interval(*times))


def expected(kind: MailKind) -> ColumnElement[bool]:
    """Who wants mails of a kind and has not said that they cannot come."""
    stopped = exists().where(MailStop.person_id == Person.id, MailStop.kind == kind)
    absent = exists().where(
        MeetingAbsence.session_id == Session.id, MeetingAbsence.person_id == Person.id
    )
    return (Person.state == PersonState.ACTIVE) & ~stopped & ~absent


@dataclass(frozen=True)
class _Due:
    """A reminder to write, `lead` minutes before a session arranged at `arranged_at`."""

    lead: int
    arranged_at: datetime
    session: Coming
    reader: Reader

    @classmethod
    def of(cls, row: Sequence[Any]) -> "_Due":
        lead, arranged_at, *rest = row
        return cls(lead, arranged_at, coming(rest[:-6]), Reader(*rest[-6:]))


def _due(lead: int) -> Select[*tuple[Any, ...]]:
    """Who is to be reminded, `lead` minutes before, of what begins in [from, to)."""
    chose = exists().where(MailReminder.person_id == Person.id)
    wants = chose.where(MailReminder.minutes == lead)
    return (
        select(literal(lead), Session.published_at, *SESSION, *mail.COLUMNS)
        .join(Roster, Roster.id == Session.roster_id)
        .join(Claim, Claim.session_id == Session.id)
        .join(Person, Person.id == Claim.person_id)
        .where(
            PLANNED,
            Session.starts_at >= bindparam(f"from_{lead}"),
            Session.starts_at < bindparam(f"to_{lead}"),
            expected(MailKind.REMINDERS),
            or_(wants, ~chose) if lead == USUAL_LEAD else wants,
        )
    )


_DUE = union_all(*map(_due, LEADS))


def is_due(at: datetime) -> bool:
    """Whether it is time to look who is to be reminded."""
    return rounds.is_due(ROUND, at)


def remind(at: datetime, base_url: str) -> int:
    """Queue the reminders that fell due since the last time; returns how many.

    Late ones go out as long as their session has not begun; none for a session that was booked or
    moved later than its reminder was due. Several workers may try: one round is one worker's, and
    a reminder is unique by session, sequence and lead anyway.
    """
    with writing():
        since = rounds.take(ROUND, at, EVERY)
        if since is None:
            return 0
        found = [
            due
            for due in map(_Due.of, run(_DUE, _windows(since, at)))
            if is_news(due.session.span.start, due.arranged_at, due.lead)
        ]
        away = leaves({due.reader.id for due in found}, at)
        letters = [
            _letter(due, base_url) for due in found if not on_leave(away, due.reader, due.session)
        ]
        mail.queue_all(letters, at)
        return len(letters)


def leaves(people: Collection[UUID], at: datetime) -> list[AwayFrom]:
    """The leave of these people that may touch what comes; a local day is no more than one off."""
    return leaves_among(people, (at - timedelta(days=1)).date())


def on_leave(away: Iterable[AwayFrom], reader: Reader, session: Coming) -> bool:
    """Whether somebody is on leave from a session, on its day where it meets."""
    day = session.span.start.astimezone(ZoneInfo(session.zone)).date()
    return any(one.covers(reader.id, session.roster_id, day) for one in away)


def _windows(since: datetime, at: datetime) -> dict[str, datetime]:
    windows = {lead: window(since, at, lead) for lead in LEADS}
    return {f"from_{lead}": one.start for lead, one in windows.items()} | {
        f"to_{lead}": one.end for lead, one in windows.items()
    }


def _letter(due: _Due, base_url: str) -> Mail:
    session, reader = due.session, due.reader
    with force_locale(reader.language):
        starts = mail.short_moment(session.span.start, reader)
        return Mail(
            f"reminder:{session.id}:{due.lead}",
            reader.email,
            _("Reminder: %(title)s, %(when)s", title=session.title, when=starts),
            Letter(reader.language, list(_blocks(session, reader, base_url)), _reason()),
            MailKind.REMINDERS,
            reader.id,
            session.sequence,
        )


def _reason() -> str:
    return str(_(mail.WORDS[MailKind.REMINDERS].reason))


def _blocks(session: Coming, reader: Reader, base_url: str) -> Iterator[Block]:
    yield mail.greeting(reader)
    yield Text(_("This is your reminder of a session of “%(title)s”.", title=session.title))
    yield Facts([Fact("", mail.when(session.span, reader, session.zone)), *place(session)])
    yield Action(f"{base_url}/sessions/{session.id}")


def place(session: Coming) -> list[Fact]:
    """Where to go, as facts."""
    found = ((_("Place"), session.address), (_("Meeting link"), session.meeting_link))
    return [Fact(label, value) for label, value in found if value]
