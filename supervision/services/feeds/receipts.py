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
from supervision.models.people import Person
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


class Reach(StrEnum):
    """HAS: a calendar has fetched the session as it is. NOT_YET: it has not looked since.

    NONE: no calendar of theirs has ever fetched anything. HIDDEN: they do not share it.
    """

    HAS = "has"
    NOT_YET = "not_yet"
    NONE = "none"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Receipt:
    """How far a session has come to somebody's calendars.

    `at`: when one was given what it has now, or NOT_YET last looked.
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
        FeedSubscription.given_version,
        FeedSubscription.given_at,
        FeedSubscription.fetched_at,
        Person.feed_version,
    )
    .select_from(Claim)
    .join(Session, Session.id == Claim.session_id)
    .join(Person, Person.id == Claim.person_id)
    .outerjoin(FeedSubscription, SHOWING)
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
    hidden = set()
    for row in rows:
        person_id, shares, *last = tuple(row)
        found = given[person_id]
        if row.given_version is not None:
            found.append(Given(*last))
        if not shares and person_id != actor.id:
            hidden.add(person_id)
    return {
        key: Receipt(Reach.HIDDEN) if key in hidden else receipt(found, published_at)
        for key, found in given.items()
    }


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
