"""What a person does with their calendar subscriptions: make, reset, turn off, look at them.

An account of calendars (CalDAV) is a subscription too, whose token is its password.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from supervision.db import db
from supervision.errors import N_, Conflict, Invalid, NotFound
from supervision.models.feeds import Client, FeedSubscription, Privacy, Scope
from supervision.models.people import Person, PersonState
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.permissions import Actor
from supervision.services.audit import Act, record

TOMBSTONE_STANDS = timedelta(days=30)
MOST_ADDRESSES = 20
LABEL_LENGTH = 60


@dataclass(frozen=True)
class SubscriptionRow:
    """A subscription as its owner sees it; the address itself is known to nobody any more.

    `behind`: how many changes its client has not fetched, at most; None before it fetched any.
    """

    id: UUID
    label: str
    client: str
    scope: str
    roster_id: UUID | None
    roster_title: str | None
    privacy: str
    created_at: datetime
    off_at: datetime | None
    fetched_at: datetime | None
    agent: str
    behind: int | None


@dataclass(frozen=True)
class RosterChoice:
    """A roster that a feed can be made of."""

    id: UUID
    title: str


def token_hash(token: str) -> bytes:
    """What is stored in place of an address."""
    return hashlib.sha256(token.encode()).digest()


def make_subscription(
    actor: Actor,
    at: datetime,
    scope: str,
    roster_id: UUID | None,
    label: str,
    privacy: str,
    client: str = Client.OTHER,
) -> tuple[FeedSubscription, str]:
    """A new subscription and its token (43 base64url characters, never to be read again).

    Raises NotFound for a roster in which the person is not active, Invalid, and Conflict when
    there are MOST_ADDRESSES already.
    """
    return _make(actor.id, at, scope, roster_id, label, privacy, client)


def free_label(actor: Actor, wanted: str) -> str:
    """A name that none of the person's working links has: this one, or with a number after it."""
    taken = set(
        db.session.scalars(
            select(FeedSubscription.label).where(
                FeedSubscription.person_id == actor.id, FeedSubscription.off_at.is_(None)
            )
        )
    )
    names = (f"{wanted} {number}" if number > 1 else wanted for number in count(1))
    return next(name for name in names if name not in taken)


def add_for(
    email: str,
    at: datetime,
    roster_id: UUID | None = None,
    label: str = "",
    privacy: str = Privacy.PLAIN,
) -> str:
    """The token of a new subscription for the person with this address, made by an operator.

    Raises NotFound for an address that nobody signs in with; otherwise as make_subscription.
    """
    person_id = db.session.scalar(
        select(Person.id).where(
            Person.email == email.strip().lower(), Person.state == PersonState.ACTIVE
        )
    )
    if person_id is None:
        raise NotFound(N_("Nobody with this address has signed in yet."))
    scope = Scope.ROSTER if roster_id else Scope.PERSON
    name = label or "calendar"
    _row, token = _make(person_id, at, scope, roster_id, name, privacy, Client.OTHER)
    return token


def reset(actor: Actor, at: datetime, subscription_id: UUID) -> tuple[FeedSubscription, str]:
    """Turn an address off and make a new one like it, for a leak. Raises NotFound."""
    old = _own(actor, subscription_id)
    old.off_at = at
    record(Act.FEED_RESET, at, actor.id, old.id)
    db.session.flush()
    return _make(actor.id, at, old.scope, old.roster_id, old.label, old.privacy, old.client)


def rename(actor: Actor, at: datetime, subscription_id: UUID, label: str) -> None:
    """Give a link another name; its calendar sees nothing of it. Raises NotFound and Invalid."""
    subscription = _own(actor, subscription_id)
    subscription.label = _label(label)
    record(Act.FEED_RENAME, at, actor.id, subscription.id)
    db.session.flush()


def turn_off(actor: Actor, at: datetime, subscription_id: UUID) -> None:
    """Close an address: it says so for a while, then it is gone. Raises NotFound."""
    subscription = _own(actor, subscription_id)
    subscription.off_at = at
    record(Act.FEED_TURN_OFF, at, actor.id, subscription.id)
    db.session.flush()


def subscriptions_of(actor: Actor, at: datetime) -> list[SubscriptionRow]:
    """The person's subscriptions, those turned off of late at the end: one statement."""
    rows = db.session.execute(
        _rows(actor)
        .where(or_(FeedSubscription.off_at.is_(None), FeedSubscription.off_at > _forgotten(at)))
        .order_by(FeedSubscription.off_at.is_not(None), FeedSubscription.created_at.desc())
    )
    return [SubscriptionRow(*row) for row in rows]


def subscription_row(actor: Actor, subscription_id: UUID) -> SubscriptionRow:
    """One of the person's own. Raises NotFound."""
    row = db.session.execute(
        _rows(actor).where(FeedSubscription.id == subscription_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return SubscriptionRow(*row)


def roster_choices(actor: Actor) -> list[RosterChoice]:
    """The rosters in which the person is active, by title."""
    rows = db.session.execute(
        select(Roster.id, Roster.title)
        .join(Membership, Membership.roster_id == Roster.id)
        .where(Membership.person_id == actor.id, Membership.state == MemberState.ACTIVE)
        .order_by(func.lower(Roster.title), Roster.id)
    )
    return [RosterChoice(*row) for row in rows]


def _forgotten(at: datetime) -> datetime:
    return at - TOMBSTONE_STANDS


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            FeedSubscription.id,
            FeedSubscription.label,
            FeedSubscription.client,
            FeedSubscription.scope,
            FeedSubscription.roster_id,
            Roster.title,
            FeedSubscription.privacy,
            FeedSubscription.created_at,
            FeedSubscription.off_at,
            FeedSubscription.fetched_at,
            FeedSubscription.agent,
            Person.feed_version - FeedSubscription.given_version,
        )
        .join(Person, Person.id == FeedSubscription.person_id)
        .outerjoin(Roster, Roster.id == FeedSubscription.roster_id)
        .where(FeedSubscription.person_id == actor.id)
    )


def _own(actor: Actor, subscription_id: UUID) -> FeedSubscription:
    """A subscription of the actor's that works. Raises NotFound."""
    subscription = db.session.get(FeedSubscription, subscription_id)
    if (
        subscription is None
        or subscription.person_id != actor.id
        or subscription.off_at is not None
    ):
        raise NotFound
    return subscription


def _make(
    person_id: UUID,
    at: datetime,
    scope: str,
    roster_id: UUID | None,
    label: str,
    privacy: str,
    client: str,
) -> tuple[FeedSubscription, str]:
    label = _label(label)
    _demand_choices(scope, roster_id, privacy, client)
    if roster_id is not None:
        _demand_place(person_id, roster_id)
    _demand_room(person_id)
    token = secrets.token_urlsafe(32)
    subscription = FeedSubscription(
        person_id=person_id,
        scope=scope,
        roster_id=roster_id,
        label=label,
        privacy=privacy,
        client=client,
        token_hash=token_hash(token),
        created_at=at,
    )
    db.session.add(subscription)
    db.session.flush()
    record(Act.FEED_MAKE, at, person_id, subscription.id, scope=scope, privacy=privacy)
    return subscription, token


def _label(label: str) -> str:
    """The label without needless space. Raises Invalid."""
    label = " ".join(label.split())
    if not 1 <= len(label) <= LABEL_LENGTH:
        raise Invalid(
            "label", N_("Give it a name of 1 to %(most)s characters."), most=str(LABEL_LENGTH)
        )
    return label


def _demand_choices(scope: str, roster_id: UUID | None, privacy: str, client: str) -> None:
    if scope not in set(Scope) or (scope == Scope.ROSTER) != (roster_id is not None):
        raise Invalid("scope", N_("Choose what the calendar shows."))
    if privacy not in set(Privacy):
        raise Invalid("privacy", N_("Choose how much the calendar tells."))
    if client not in set(Client):
        raise Invalid("client", N_("Choose your calendar."))
    if client == Client.ACCOUNT and scope != Scope.PERSON:
        raise Invalid("scope", N_("An account has all your sessions, and each roster by itself."))


def _demand_place(person_id: UUID, roster_id: UUID) -> None:
    place = select(Membership.id).where(
        Membership.roster_id == roster_id,
        Membership.person_id == person_id,
        Membership.state == MemberState.ACTIVE,
    )
    if db.session.scalar(place) is None:
        raise NotFound


def _demand_room(person_id: UUID) -> None:
    """Each address is a door: a person should be able to look over all of theirs."""
    many = db.session.scalar(
        select(func.count()).where(
            FeedSubscription.person_id == person_id, FeedSubscription.off_at.is_(None)
        )
    )
    if many is not None and many >= MOST_ADDRESSES:
        raise Conflict(
            N_("You have %(most)s calendar links. Turn one off first."), most=str(MOST_ADDRESSES)
        )
