"""`flask check`: whether the database still keeps what the house promises."""

from collections.abc import Iterator

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from supervision.db import db
from supervision.models.notes import NoteRevision
from supervision.models.rosters import LEADS, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session, SessionState

MAGIC = b"SUP1"
HEADER = 128


def faults() -> Iterator[str]:
    """A line for each fault; nothing when all is well."""
    yield from _overlaps()
    yield from _strays()
    yield from _counters()
    yield from _envelopes()


def _overlaps() -> Iterator[str]:
    other = aliased(Claim)
    pairs = select(Claim.id, other.id, Claim.person_id).join(
        other,
        and_(
            Claim.person_id == other.person_id,
            Claim.id < other.id,
            Claim.starts_at < other.ends_at,
            Claim.ends_at > other.starts_at,
        ),
    )
    for one, two, person in db.session.execute(pairs.where(Claim.hard, other.hard)):
        yield f"claims {one} and {two} of person {person} overlap"


def _strays() -> Iterator[str]:
    """Claims and the sessions that they stand for say the same times."""
    differs = (Claim.starts_at != Session.starts_at) | (Claim.ends_at != Session.ends_at)
    cancelled = Session.state == SessionState.CANCELLED
    rows = db.session.scalars(
        select(Claim.id)
        .join(Session, Session.id == Claim.session_id)
        .where(differs | (cancelled & Claim.hard))
    )
    for claim in rows:
        yield f"claim {claim} does not agree with its session"


def _counters() -> Iterator[str]:
    seated = (
        select(func.count())
        .where(
            Membership.roster_id == Roster.id,
            Membership.state == MemberState.ACTIVE,
            Membership.role.not_in(LEADS),
        )
        .scalar_subquery()
    )
    for roster, taken, counted in db.session.execute(
        select(Roster.id, Roster.taken, seated).where(Roster.taken != seated)
    ):
        yield f"roster {roster} counts {taken} places taken, {counted} are"


def _envelopes() -> Iterator[str]:
    rows = db.session.execute(
        select(
            NoteRevision.note_id,
            NoteRevision.number,
            func.substr(NoteRevision.envelope, 1, 4),
            func.length(NoteRevision.envelope),
        )
    )
    for note, number, magic, length in rows:
        if bytes(magic) != MAGIC or length <= HEADER:
            yield f"revision {number} of note {note} has no sound envelope"
