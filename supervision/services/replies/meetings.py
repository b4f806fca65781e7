"""A session, or a series, as the person sees it who is asked whether they come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, func, select

from supervision.db import run
from supervision.models.people import Person
from supervision.models.replies import SeriesInvitation, SessionReply
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim, Session, SessionState


@dataclass(frozen=True)
class Meeting:
    """[starts_at, ends_at) with what its person has answered for that time; `reader_zone` theirs.

    `link_sequence`: the last version that was answered by a link.
    """

    id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    sequence: int
    state: str
    email: str
    reader_zone: str
    answer: str | None
    link_sequence: int | None

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be answered: until it ends."""
        return self.state == SessionState.PLANNED and self.ends_at > at


@dataclass(frozen=True)
class Asked:
    """The invitation to a series that somebody has: its number, and that of the last mail about all
    of it.
    """

    person_id: UUID
    sequence: int
    whole_sequence: int


@dataclass(frozen=True)
class Due:
    """A coming meeting of a series that somebody was invited to: `due` by its rule, naive.

    `sequence` is the invitation's number when it was last mailed by itself, None: never.
    """

    meeting: Meeting
    due: datetime
    sequence: int | None


_ONE: Select[*tuple[Any, ...]] = (
    select(
        Session.id,
        Roster.title,
        Session.starts_at,
        Session.ends_at,
        Session.zone,
        Session.sequence,
        Session.state,
        Person.email,
        Person.zone,
        SessionReply.answer,
        SessionReply.link_sequence,
    )
    .join(Roster, Roster.id == Session.roster_id)
    .join(Claim, Claim.session_id == Session.id)
    .join(Person, Person.id == Claim.person_id)
    .outerjoin(
        SessionReply,
        and_(SessionReply.session_id == Session.id, SessionReply.person_id == Person.id),
    )
)
_THIS = _ONE.where(Session.id == bindparam("session_id"))
_OF = _THIS.where(Person.id == bindparam("person_id"))
_TO = _THIS.add_columns(Person.id).where(Person.email == bindparam("email"))
_ASKED = (
    select(SeriesInvitation.person_id, SeriesInvitation.sequence, SeriesInvitation.whole_sequence)
    .join(Person, Person.id == SeriesInvitation.person_id)
    .where(SeriesInvitation.series_id == bindparam("series_id"), Person.email == bindparam("email"))
)
# What somebody was invited to by itself is answered by itself.
_DUE = (
    _ONE.add_columns(
        func.coalesce(Session.due_local, Session.original_local), SessionReply.series_sequence
    )
    .where(
        Session.series_id == bindparam("series_id"),
        Session.state == SessionState.PLANNED,
        Session.ends_at > bindparam("at"),
        Person.id == bindparam("person_id"),
        SessionReply.invited_at.is_(None),
    )
    .order_by(Session.starts_at)
)


def meeting_of(session_id: UUID, person_id: UUID) -> Meeting | None:
    """A session that is somebody's, None if it is not."""
    row = run(_OF, {"session_id": session_id, "person_id": person_id}).one_or_none()
    return Meeting(*tuple(row)) if row else None


def meeting_to(session_id: UUID, email: str) -> tuple[Meeting, UUID] | None:
    """As `meeting_of`, by the address that was invited; with the person's id."""
    row = run(_TO, {"session_id": session_id, "email": email}).one_or_none()
    if row is None:
        return None
    *columns, person_id = tuple(row)
    return Meeting(*columns), person_id


def series_asked(series_id: UUID, email: str) -> Asked | None:
    """The invitation to a series that was mailed to an address, None if none was."""
    row = run(_ASKED, {"series_id": series_id, "email": email}).one_or_none()
    return Asked(*tuple(row)) if row else None


def due_of_series(series_id: UUID, person_id: UUID, at: datetime) -> list[Due]:
    """What of a series is still to be answered by somebody, in order of time."""
    rows = run(_DUE, {"series_id": series_id, "person_id": person_id, "at": at})
    return [
        Due(Meeting(*columns), datetime.fromisoformat(due), sequence)
        for *columns, due, sequence in map(tuple, rows)
    ]
