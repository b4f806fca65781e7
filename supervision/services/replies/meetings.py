"""A session as the person sees it who is asked whether they come."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, select

from supervision.db import run
from supervision.models.people import Person
from supervision.models.replies import SessionReply
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


_ONE = (
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
    .where(Session.id == bindparam("session_id"))
)
_OF = _ONE.where(Person.id == bindparam("person_id"))
_TO = _ONE.add_columns(Person.id).where(Person.email == bindparam("email"))


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
