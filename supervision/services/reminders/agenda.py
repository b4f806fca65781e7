"""The daily agenda: what comes on a local day, in one mail at the hour that its reader chose."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from babel.dates import format_date
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import bindparam, exists, select, update

from supervision.db import db, run, table, writing
from supervision.domain.calendar import span
from supervision.domain.intervals import Interval
from supervision.domain.mail import Action, Block, Fact, Facts, Letter, Text
from supervision.domain.reminders import agenda_day, next_agenda
from supervision.models.mail import MailAgenda, MailKind
from supervision.models.people import Person
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim, Session
from supervision.services import mail
from supervision.services.leave import AwayFrom
from supervision.services.mail import Mail, Reader
from supervision.services.reminders.coming import (
    PLANNED,
    SESSION,
    Coming,
    coming,
    expected,
    leaves,
    on_leave,
    place,
)

AT_ONCE = 50
_IS_DUE = select(exists().where(MailAgenda.due_at <= bindparam("at")))
_NEXT = (
    select(MailAgenda.hour, MailAgenda.due_at, *mail.COLUMNS)
    .join(Person, Person.id == MailAgenda.person_id)
    .where(MailAgenda.due_at <= bindparam("at"))
    .order_by(MailAgenda.due_at)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True, of=table(MailAgenda))
)
# By the reader's claims, whose index has the times: a day is a short stretch of it.
_DAY = (
    select(*SESSION)
    .join(Roster, Roster.id == Session.roster_id)
    .join(Claim, Claim.session_id == Session.id)
    .join(Person, Person.id == Claim.person_id)
    .where(
        Claim.person_id == bindparam("person_id"),
        Claim.starts_at >= bindparam("start"),
        Claim.starts_at < bindparam("end"),
        PLANNED,
        expected(MailKind.AGENDA),
    )
    .order_by(Claim.starts_at, Roster.title)
)


@dataclass(frozen=True)
class _Due:
    """An agenda to write: for whom, of which local day."""

    reader: Reader
    hour: int
    due_at: datetime
    day: date


def has_agendas(at: datetime) -> bool:
    """Whether somebody's agenda is due."""
    return bool(run(_IS_DUE, {"at": at}).scalar())


def send_agendas(at: datetime, base_url: str) -> int:
    """Queue the agendas that are due; returns how many. None for a day without a session.

    One for each local day, though clocks change. A worker that was away catches up day by day: what
    is late tells what is still to come of its day. Each lot by a transaction of its own; workers
    share the lots.
    """
    sent = 0
    while has_agendas(at):
        with writing():
            due = [_due(*tuple(row)) for row in run(_NEXT, {"at": at})]
            if not due:
                break  # other workers are at it
            away = leaves({one.reader.id for one in due}, at)
            letters = [letter for one in due if (letter := _letter(one, at, away, base_url))]
            mail.queue_all(letters, at)
            for one in due:
                _put_off(one)
            sent += len(letters)
    return sent


def _due(hour: int, due_at: datetime, *reader: object) -> _Due:
    who = Reader(*reader)  # type: ignore[arg-type]  # the columns of a Reader, in their order
    return _Due(who, hour, due_at, agenda_day(due_at, hour, who.zone))


def _put_off(one: _Due) -> None:
    db.session.execute(
        update(MailAgenda)
        .where(MailAgenda.person_id == one.reader.id)
        .values(due_at=next_agenda(one.hour, one.reader.zone, one.due_at))
    )


def _letter(one: _Due, at: datetime, away: list[AwayFrom], base_url: str) -> Mail | None:
    reader, day = one.reader, span([one.day], one.reader.zone)
    here = _sessions(reader.id, Interval(max(at, day.start), day.end))
    found = [session for session in here if not on_leave(away, reader, session)]
    if not found:
        return None
    with force_locale(reader.language):
        words = format_date(one.day, "EEEE d MMMM", reader.language)
        return Mail(
            f"agenda:{one.day}",
            reader.email,
            _("Your agenda for %(day)s", day=words),
            Letter(
                reader.language,
                list(_blocks(found, words, reader, base_url)),
                str(_(mail.WORDS[MailKind.AGENDA].reason)),
            ),
            MailKind.AGENDA,
            reader.id,
        )


def _sessions(person_id: UUID, within: Interval) -> list[Coming]:
    values = {"person_id": person_id, "start": within.start, "end": within.end}
    return [coming(tuple(row)) for row in run(_DAY, values)]


def _blocks(sessions: list[Coming], day: str, reader: Reader, base_url: str) -> Iterator[Block]:
    yield mail.greeting(reader)
    yield Text(_("On %(day)s you have:", day=day))
    for session in sessions:
        hours = Fact("", mail.hours(session.span, reader, session.zone))
        link = Fact(_("Page"), f"{base_url}/sessions/{session.id}")
        yield Facts([hours, *place(session), link], session.title)
    yield Action(f"{base_url}/calendar", _("Your calendar"))
