"""Mails about turns: to those whose turn came, went or is asked for, and about who cannot come."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from flask_babel import lazy_gettext as lazy

from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.meetings import Part
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.meetings.board import Board, Due

TURN = (
    N_("Your turn: %(title)s, %(when)s"),
    N_(
        "The turns of “%(title)s” on %(when)s have changed. You now "
        "%(do)s.\n\nThe agenda, and a way to ask somebody else to take it:\n%(link)s\n"
    ),
)
NO_TURN = (
    N_("No turn for you: %(title)s, %(when)s"),
    N_(
        "The turns of “%(title)s” on %(when)s have changed. You have none "
        "that day.\nA turn that you did not have stays owed to you.\n\n%(link)s\n"
    ),
)
ABSENT = (
    N_("%(name)s cannot come: %(title)s, %(when)s"),
    N_("%(name)s cannot come to “%(title)s” on %(when)s.\n\nThe agenda:\n%(link)s\n"),
)
PRESENT = (
    N_("%(name)s can come after all: %(title)s, %(when)s"),
    N_("%(name)s can come to “%(title)s” on %(when)s after all.\n\nThe agenda:\n%(link)s\n"),
)
# To whom it is about, when somebody else has said so.
YOU_ABSENT = (
    N_("Noted that you cannot come: %(title)s, %(when)s"),
    N_(
        "%(by)s has noted that you cannot come to “%(title)s” on %(when)s. A turn that you had "
        "stays owed to you.\n\nIf you can come after all, say so here:\n%(link)s\n"
    ),
)
YOU_PRESENT = (
    N_("Noted that you can come: %(title)s, %(when)s"),
    N_(
        "%(by)s has noted that you can come to “%(title)s” on %(when)s after all.\n\n"
        "If you cannot, say so here:\n%(link)s\n"
    ),
)
# What somebody with a turn does; said in the reader's language when the mail is written.
DO: dict[str, object] = {Part.FACILITATOR: lazy("facilitate"), Part.PRESENTER: lazy("present")}


def tell_one(
    reader_id: UUID,
    event: str,
    words: tuple[str, str],
    at: datetime,
    starts_at: datetime,
    **params: object,
) -> None:
    """Queue a mail; `words` are subject and body, `when` is the reader's own time."""
    (reader,) = mail.readers([reader_id])
    when = mail.moment(starts_at, reader)
    subject, body = words
    mail.tell(reader, event, subject, body, at, kind=MailKind.TURNS, when=when, **params)


def parts_of(due: Due) -> dict[UUID, str]:
    """Who has which turn."""
    parts: dict[UUID, str] = dict.fromkeys(due.lineup.presenters, Part.PRESENTER)
    leads = due.lineup.facilitator
    return parts | ({leads: Part.FACILITATOR} if leads else {})


def tell_changed(
    actor: Actor, at: datetime, board: Board, due: Due, before: Mapping[UUID, str], base_url: str
) -> set[UUID]:
    """Tell everybody but the actor whose turn in a meeting came, went or became another.

    Returns who was told.
    """
    now, told = parts_of(due), set()
    for person_id in sorted({*now, *before} - {actor.id}):
        if now.get(person_id) != before.get(person_id):
            told.add(person_id)
            tell_one(
                person_id,
                f"turn:{due.occasion.id}:{at:%Y%m%d%H%M%S%f}",
                TURN if person_id in now else NO_TURN,
                at,
                due.occasion.starts_at,
                title=board.title,
                do=DO.get(now.get(person_id, "")),
                link=_agenda(due, base_url),
            )
    return told


def tell_attendance(
    actor: Actor,
    at: datetime,
    board: Board,
    due: Due,
    person_id: UUID,
    comes: bool,
    told: set[UUID],
    base_url: str,
) -> None:
    """Tell who facilitates whether somebody comes, and them if another said so for them.

    Who was `told` of their turn already is not told again.
    """
    to = {due.facilitator: PRESENT if comes else ABSENT}
    to |= {person_id: YOU_PRESENT if comes else YOU_ABSENT}
    for reader_id, words in to.items():
        if reader_id is not None and reader_id not in told | {actor.id}:
            tell_one(
                reader_id,
                f"attendance:{due.occasion.id}:{person_id}:{at:%Y%m%d%H%M%S%f}",
                words,
                at,
                due.occasion.starts_at,
                title=board.title,
                name=board.people[person_id].name,
                by=actor.name,
                link=_agenda(due, base_url),
            )


def _agenda(due: Due, base_url: str) -> str:
    return f"{base_url}/sessions/{due.occasion.id}/agenda"
