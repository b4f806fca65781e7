"""Mails about turns: to those whose turn came, went or is asked for."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import lazy_gettext as lazy
from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.errors import N_
from supervision.models.meetings import Part
from supervision.models.people import Person
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.meetings.board import Board, Due
from supervision.services.sessions.letters import Reader

TURN = (
    N_("Your turn: %(title)s, %(when)s"),
    N_(
        "Hello %(to)s,\n\nthe turns of “%(title)s” on %(when)s have changed. You now "
        "%(do)s.\n\nThe agenda, and a way to ask somebody else to take it:\n%(link)s\n"
    ),
)
NO_TURN = (
    N_("No turn for you: %(title)s, %(when)s"),
    N_(
        "Hello %(to)s,\n\nthe turns of “%(title)s” on %(when)s have changed. You have none "
        "that day.\nA turn that you did not have stays owed to you.\n\n%(link)s\n"
    ),
)
# What somebody with a turn does; said in the reader's language when the mail is written.
DO: dict[str, object] = {Part.FACILITATOR: lazy("facilitate"), Part.PRESENTER: lazy("present")}
_READERS = select(
    Person.id, Person.name, Person.email, Person.zone, Person.clock, Person.language
).where(Person.id.in_(bindparam("ids", expanding=True)))


def tell_one(
    reader_id: UUID,
    event: str,
    words: tuple[str, str],
    at: datetime,
    starts_at: datetime,
    **params: object,
) -> None:
    """Queue a mail; `words` are subject and body, `when` is the reader's own time."""
    reader = Reader(*tuple(run(_READERS, {"ids": [reader_id]}).one()))
    when = _moment(starts_at, reader)
    subject, body = words
    mail.tell(reader, event, subject, body, at, to=reader.name, when=when, **params)


def _moment(instant: datetime, reader: Reader) -> str:
    """Tue 24 Nov 2026, 14:30 (Toronto)"""
    local = instant.astimezone(ZoneInfo(reader.zone))
    time = f"{local:%H:%M}"
    if reader.clock != "24":
        time = f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"
    day = format_date(local.date(), "EEE d MMM yyyy", reader.language)
    place = reader.zone.rpartition("/")[2].replace("_", " ")
    return f"{day}, {time} ({place})"


def parts_of(due: Due) -> dict[UUID, str]:
    """Who has which turn."""
    parts: dict[UUID, str] = dict.fromkeys(due.lineup.presenters, Part.PRESENTER)
    leads = due.lineup.facilitator
    return parts | ({leads: Part.FACILITATOR} if leads else {})


def tell_changed(
    actor: Actor, at: datetime, board: Board, due: Due, before: Mapping[UUID, str], base_url: str
) -> None:
    """Tell everybody but the actor whose turn in a meeting came, went or became another."""
    now = parts_of(due)
    for person_id in sorted({*now, *before} - {actor.id}):
        if now.get(person_id) != before.get(person_id):
            tell_one(
                person_id,
                f"turn:{due.occasion.id}:{at:%Y%m%d%H%M%S%f}",
                TURN if person_id in now else NO_TURN,
                at,
                due.occasion.starts_at,
                title=board.title,
                do=DO.get(now.get(person_id, "")),
                link=f"{base_url}/sessions/{due.occasion.id}/agenda",
            )
