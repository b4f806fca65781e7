"""Mails about attendance: to who was not there, who is to confirm it, and who runs the roster."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as lazy
from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.errors import N_
from supervision.models.attendance import Came
from supervision.models.mail import MailKind
from supervision.models.rosters import LEADS, Membership, MemberState
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.attendance.sheet import Said, Sheet

NOTED = (
    N_("Noted for you: %(title)s, %(when)s"),
    N_(
        "%(name)s has noted that you %(came)s “%(title)s” on %(when)s.\n\n"
        "It is a note of what happened and no more. If it was otherwise, please say so; your "
        "words then stand beside it:\n%(link)s\n"
    ),
)
CORRECTED = (
    N_("Corrected: %(title)s, %(when)s"),
    N_(
        "%(name)s has corrected what is noted for you: that you %(came)s "
        "“%(title)s” on %(when)s.\n\n"
        "What stood before, and a way to say that it was otherwise:\n%(link)s\n"
    ),
)
ASKED = (
    N_("Who was there? %(title)s, %(when)s"),
    N_(
        "%(name)s has noted who was at “%(title)s” on %(when)s. Is it right?\n\n"
        "It counts when all of you say so, or after a week when most do and nobody says "
        "otherwise:\n%(link)s\n"
    ),
)
DISAGREED = (
    N_("%(name)s says it was otherwise: %(title)s, %(when)s"),
    N_(
        "%(name)s says that something in the attendance of “%(title)s” on "
        "%(when)s is not right.\n\nTheir words, and a way to correct it:\n%(link)s\n"
    ),
)
# What somebody did; said in the reader's language when the mail is written.
DID: dict[str, object] = {
    Came.ATTENDED: lazy("attended"),
    Came.PARTLY: lazy("attended a part of"),
    Came.CANCELLED: lazy("gave notice that you would miss"),
    Came.LATE: lazy("gave late notice that you would miss"),
    Came.MISSED: lazy("did not attend"),
    Came.ON_LEAVE: lazy("were on leave and not at"),
}
TOLD = (Came.LATE, Came.MISSED)
Words = tuple[str, str]
_RUN = select(Membership.person_id, Membership.role).where(
    Membership.roster_id == bindparam("roster_id"), Membership.state == MemberState.ACTIVE
)


def tell_marked(
    actor: Actor, at: datetime, sheet: Sheet, changed: Mapping[UUID, Said], base_url: str
) -> None:
    """Tell who is said not to have been there, whose line changed, and the equals who confirm."""
    readers = {
        line.person_id: words
        for line in sheet.lines
        if (words := _words(sheet, changed.get(line.person_id)))
    }
    readers.pop(actor.id, None)
    event = f"attendance:{sheet.session_id}:{sheet.version + 1}"
    for reader in mail.readers(readers):
        said = changed.get(reader.id)
        came = DID[said.state] if said else ""
        _tell(reader, event, readers[reader.id], actor, at, sheet, base_url, came=came)


def _words(sheet: Sheet, said: Said | None) -> Words | None:
    """What somebody is told, who is now said this; None of who did not change."""
    if said and sheet.version:
        return CORRECTED
    if said and said.state in TOLD:
        return NOTED
    return ASKED if sheet.equals else None


def tell_disagreed(actor: Actor, at: datetime, sheet: Sheet, base_url: str) -> None:
    """Tell who runs the roster that somebody says it was otherwise."""
    members = run(_RUN, {"roster_id": sheet.roster_id})
    run_it = {row.person_id for row in members if sheet.equals or row.role in LEADS}
    event = f"attendance-otherwise:{sheet.session_id}:{sheet.version}:{at:%Y%m%d%H%M%S}"
    for reader in mail.readers(run_it - {actor.id}):
        _tell(reader, event, DISAGREED, actor, at, sheet, base_url)


def _tell(
    reader: mail.Reader,
    event: str,
    words: Words,
    actor: Actor,
    at: datetime,
    sheet: Sheet,
    base_url: str,
    **params: Any,
) -> None:
    subject, body = words
    mail.tell(
        reader,
        event,
        subject,
        body,
        at,
        kind=MailKind.SESSIONS,
        name=actor.name,
        title=sheet.title,
        when=mail.moment(sheet.starts_at, reader),
        link=f"{base_url}/sessions/{sheet.session_id}#attendance",
        **params,
    )
