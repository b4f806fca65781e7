"""Which calendars have fetched a session as it is now: known, since each has an address of its own.

Whoever runs a roster is told whether somebody's calendar has it, never by which program or link.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update

from supervision.db import db, run
from supervision.models.feeds import FeedSubscription, Scope
from supervision.models.people import Person, SessionsBy
from supervision.models.replies import SessionReply
from supervision.models.sessions import Claim, Session
from supervision.permissions import Actor
from supervision.services.audit import Act, record

# A fetch this shortly after a change may have read what was before its commit.
SETTLED = timedelta(seconds=10)
# The working links that show a session, to be joined to its people.
SHOWING = (
    (FeedSubscription.person_id == Person.id)
    & FeedSubscription.off_at.is_(None)
    & or_(FeedSubscription.scope == Scope.PERSON, FeedSubscription.roster_id == Session.roster_id)
)
# What somebody has answered to a session as it is now, to be joined likewise.
ANSWERS = (
    (SessionReply.session_id == Session.id)
    & (SessionReply.person_id == Person.id)
    & (SessionReply.starts_at == Session.starts_at)
)


class Reach(StrEnum):
    """HAS: a calendar has fetched the session as it is. NOT_YET: it has not looked since.

    NONE: no calendar of theirs has ever fetched anything. ANSWERED, UNANSWERED: nor does it, since
    they take invitations by mail. HIDDEN: they do not share it.
    """

    HAS = "has"
    NOT_YET = "not_yet"
    NONE = "none"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Receipt:
    """How far a session has come to somebody's calendars.

    `at`: when one was given what it has now, or NOT_YET last looked, or when they have ANSWERED.
    """

    reach: Reach
    at: datetime | None = None


@dataclass(frozen=True)
class Given:
    """What the client of one link was given, and the version that its person's feeds have now."""

    version: int
    given_at: datetime
    fetched_at: datetime
    wanted: int

    def holds(self, published_at: datetime) -> bool:
        """Whether it has a change that was published then. When in doubt it has not."""
        return self.version == self.wanted or self.given_at >= published_at + SETTLED


_OF = (
    select(
        Person.id,
        Person.shares_receipts,
        Person.sessions_by,
        SessionReply.answered_at,
        FeedSubscription.given_version,
        FeedSubscription.given_at,
        FeedSubscription.fetched_at,
        Person.feed_version,
    )
    .select_from(Claim)
    .join(Session, Session.id == Claim.session_id)
    .join(Person, Person.id == Claim.person_id)
    .outerjoin(FeedSubscription, SHOWING)
    .outerjoin(SessionReply, ANSWERS)
    .where(Claim.session_id == bindparam("session_id"))
)
_OWN = _OF.where(Person.id == bindparam("person_id"))


def receipts_of(
    actor: Actor, session_id: UUID, published_at: datetime, everybody: bool
) -> dict[UUID, Receipt]:
    """Of those whose session it is, or of the actor alone, by person: one statement."""
    known = {"session_id": session_id}
    rows = run(_OF, known) if everybody else run(_OWN, known | {"person_id": actor.id})
    given: defaultdict[UUID, list[Given]] = defaultdict(list)
    without: dict[UUID, Receipt] = {}
    for row in rows:
        person_id, shares, by, answered_at, *last = tuple(row)
        hidden = not shares and person_id != actor.id
        without[person_id] = Receipt(Reach.HIDDEN) if hidden else _by_mail(by, answered_at)
        if row.given_version is not None and not hidden:
            given[person_id].append(Given(*last))
    return {
        key: receipt(given[key], published_at) if given[key] else none
        for key, none in without.items()
    }


def _by_mail(by: str, answered_at: datetime | None) -> Receipt:
    """Of somebody for whom no calendar fetches anything."""
    if by == SessionsBy.FEED:
        return Receipt(Reach.NONE)
    return Receipt(Reach.ANSWERED if answered_at else Reach.UNANSWERED, answered_at)


def receipt(given: Collection[Given], published_at: datetime) -> Receipt:
    """How far a change that was published then has come to these links of one person."""
    if not given:
        return Receipt(Reach.NONE)
    have = [one.given_at for one in given if one.holds(published_at)]
    if have:
        return Receipt(Reach.HAS, min(have))
    return Receipt(Reach.NOT_YET, max(one.fetched_at for one in given))


def shares_receipts(actor: Actor) -> bool:
    """Whether those who run the person's rosters see if their calendar has a change."""
    return bool(db.session.scalar(select(Person.shares_receipts).where(Person.id == actor.id)))


def share_receipts(actor: Actor, at: datetime, shared: bool) -> None:
    """Let them see it, or not."""
    change = update(Person).where(Person.id == actor.id).values(shares_receipts=shared)
    db.session.execute(change)
    record(Act.FEED_SHARE, at, actor.id, actor.id, shared=shared)
