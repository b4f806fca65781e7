"""Closing an account: places are given up now, what is private waits a week for its owner."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import delete, func, select, update

from supervision.db import db
from supervision.domain.mail import OneTime
from supervision.errors import N_, Conflict, Gone
from supervision.models.feeds import FeedSubscription
from supervision.models.mail import MailKind
from supervision.models.outside import OutsideBusy, OutsideCalendar
from supervision.models.people import LinkPurpose, Person, PersonState, Role, SignIn
from supervision.models.rosters import (
    CURRENT,
    LEADS,
    Kind,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.permissions import Actor
from supervision.services import feeds, mail, people, rosters, sharing
from supervision.services.audit import Act, record
from supervision.services.people import OpenLink

KEPT = timedelta(days=7)
LAST = N_("Somebody must remain organiser. Name another one first.")
LEADS_ALONE = N_("Hand over or end the rosters that you alone lead first.")


_ORGANISERS = (
    select(Person.id)
    .where(Person.role == Role.ORGANISER, Person.state == PersonState.ACTIVE)
    .order_by(Person.id)
)


@dataclass(frozen=True)
class InTheWay:
    """What has to be settled before somebody can leave: rosters that they alone lead, by title."""

    last_organiser: bool
    rosters: list[tuple[UUID, str]]

    def __bool__(self) -> bool:
        return self.last_organiser or bool(self.rosters)


def in_the_way(actor: Actor) -> InTheWay:
    """What would leave others without anybody, in two statements."""
    found = list(db.session.scalars(_ORGANISERS))
    leads = (
        select(func.count())
        .where(
            Membership.roster_id == Roster.id,
            Membership.state == MemberState.ACTIVE,
            Membership.role.in_(LEADS),
        )
        .correlate(Roster)
        .scalar_subquery()
    )
    alone = (
        select(Roster.id, Roster.title)
        .join(Membership, Membership.roster_id == Roster.id)
        .where(
            Membership.person_id == actor.id,
            Membership.state == MemberState.ACTIVE,
            Membership.role.in_(LEADS),
            Roster.state == RosterState.ACTIVE,
            leads == 1,
        )
        .order_by(func.lower(Roster.title), Roster.id)
    )
    rows = [(row.id, row.title) for row in db.session.execute(alone)]
    return InTheWay(found == [actor.id], rows)


def close_account(actor: Actor, at: datetime, base_url: str, pepper: bytes) -> None:
    """Close the actor's account: they are in no roster, no feed and no browser any more.

    Reflections and all that is private wait for KEPT; a mailed link brings the account back until
    then. Raises Conflict while something is in the way.
    """
    db.session.execute(_ORGANISERS.with_for_update())  # so that two do not leave at once
    found = in_the_way(actor)
    if found.last_organiser:
        raise Conflict(LAST)
    if found.rosters:
        raise Conflict(LEADS_ALONE)
    _leave_rosters(actor, at, base_url)
    _turn_off(actor, at, pepper)
    db.session.execute(
        update(Person)
        .where(Person.id == actor.id)
        .values(state=PersonState.CLOSED, closed_at=at)
        .execution_options(synchronize_session=False)
    )
    people.end_sign_ins(SignIn.person_id == actor.id, at=at)
    record(Act.ACCOUNT_CLOSE, at, actor.id, actor.id)
    _tell(actor, at, base_url)


def _leave_rosters(actor: Actor, at: datetime, base_url: str) -> None:
    """Give up every place, in the order of the rosters' ids, so that nobody waits in a circle."""
    places = db.session.execute(
        select(Membership.roster_id, Membership.state, Roster.kind)
        .join(Roster, Roster.id == Membership.roster_id)
        .where(
            Membership.person_id == actor.id,
            Membership.state.in_(CURRENT),
            Roster.state == RosterState.ACTIVE,
        )
        .order_by(Membership.roster_id)
    ).all()
    for roster_id, state, kind in places:
        if state == MemberState.INVITED:
            rosters.decline(actor, at, roster_id, base_url)
        elif kind == Kind.PEER and state == MemberState.ACTIVE and _is_alone(roster_id):
            rosters.end_roster(actor, at, roster_id, base_url)
        else:
            rosters.leave(actor, at, roster_id, base_url)


def _is_alone(roster_id: UUID) -> bool:
    """Whether only one member is left, so that nobody could end the roster later."""
    there = select(func.count()).where(
        Membership.roster_id == roster_id, Membership.state == MemberState.ACTIVE
    )
    return db.session.scalar(there) == 1


def _turn_off(actor: Actor, at: datetime, pepper: bytes) -> None:
    """Shares and feeds end, calendars elsewhere are forgotten, sent links are worth nothing."""
    sharing.revoke_all(actor, at, pepper)
    working = select(FeedSubscription.id).where(
        FeedSubscription.person_id == actor.id, FeedSubscription.off_at.is_(None)
    )
    for subscription_id in list(db.session.scalars(working)):
        feeds.turn_off(actor, at, subscription_id)
    db.session.execute(delete(OutsideBusy).where(OutsideBusy.person_id == actor.id))
    db.session.execute(delete(OutsideCalendar).where(OutsideCalendar.person_id == actor.id))
    people.withdraw_resets(actor.id, at)
    people.withdraw_links(actor.id, at, LinkPurpose.INVITATION)
    people.lessen_offers(actor.id)


def _tell(actor: Actor, at: datetime, base_url: str) -> None:
    link_id = people.make_link(LinkPurpose.RETURN, actor.id, at + KEPT, at)
    mail.tell(
        actor,
        f"closed:{link_id}",
        N_("Your account is closed"),
        N_(
            "Your account is closed. On %(day)s it is deleted, and with it every reflection, for "
            "good.\n\nIf you think better of it, bring it back before then:\n%(link)s\n\n"
            "Your places in rosters and your feeds do not come back with it.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
        link=OneTime(f"{base_url}/come-back", LinkPurpose.RETURN, link_id),
        day=_local_day(actor, at + KEPT),
    )


def _local_day(actor: Actor, instant: datetime) -> str:
    local = instant.astimezone(ZoneInfo(actor.zone))
    return format_date(local.date(), "full", actor.language)


def come_back(link: OpenLink, at: datetime) -> None:
    """Open a closed account again: who has its passphrase signs in as before. Raises Gone."""
    people.use_link(link, at)
    person = db.session.get_one(Person, link.person_id, populate_existing=True)
    if person.state != PersonState.CLOSED:
        raise Gone
    person.state, person.closed_at = PersonState.ACTIVE, None
    db.session.flush()
    record(Act.ACCOUNT_RETURN, at, person.id, person.id)
