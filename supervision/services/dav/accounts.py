"""Who a calendar program signs in as: an email, and a password that opens their calendars alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.models.feeds import Client, FeedSubscription
from supervision.models.people import Person, PersonState
from supervision.services.feeds.subscriptions import token_hash


@dataclass(frozen=True)
class Account:
    """One password of one person, as a request finds it. `id` is its subscription's.

    `version` is that of the person's feeds, read before anything that they show.
    """

    id: UUID
    person_id: UUID
    email: str
    name: str
    zone: str
    language: str
    version: int
    privacy: str
    fetched_at: datetime | None
    given_version: int | None


_ACCOUNT = (
    select(
        FeedSubscription.id,
        Person.id,
        Person.email,
        Person.name,
        Person.zone,
        Person.language,
        Person.feed_version,
        FeedSubscription.privacy,
        FeedSubscription.fetched_at,
        FeedSubscription.given_version,
    )
    .join(Person, Person.id == FeedSubscription.person_id)
    .where(
        FeedSubscription.token_hash == bindparam("hash"),
        FeedSubscription.client == Client.ACCOUNT,
        FeedSubscription.off_at.is_(None),
        Person.state == PersonState.ACTIVE,
    )
)


def account_of(email: str, password: str) -> Account | None:
    """Whose account this is: the same one look-up whether the address is known or not.

    A quick hash is enough for 256 random bits; no work makes them easier or harder to guess.
    """
    row = run(_ACCOUNT, {"hash": token_hash(password)}).one_or_none()
    found = Account(*tuple(row)) if row else None
    return found if found and found.email == email.strip().lower() else None
