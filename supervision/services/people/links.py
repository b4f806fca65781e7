"""One-time links: made, opened, spent, withdrawn, passed on. No token of one is ever kept.

A one-time link is shown to nobody but an organiser, and to them only where no mail is set up;
otherwise it leaves by mail alone. An invitation's role is its link's, and is worth what its maker
may still give when it is used.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import aliased

from supervision.db import db
from supervision.domain.links import link_of, link_token
from supervision.errors import N_, Gone, NotAllowed, NotFound
from supervision.models.people import (
    Link,
    LinkPurpose,
    Person,
    PersonState,
    ResetRequest,
    Role,
)
from supervision.models.rosters import Membership, MemberState, Roster, RosterState
from supervision.permissions import Actor, can_give_role, can_pass_on_links

INVITATION_LASTS = timedelta(days=7)
JOINED = N_("You have joined already. Sign in.")
RANKS = (Role.MEMBER, Role.SUPERVISOR, Role.ORGANISER)
OPEN = (Link.used_at.is_(None), Link.revoked_at.is_(None))


@dataclass(frozen=True)
class InvitedTo:
    """The roster that an invitation is to, as somebody may see it who is invited."""

    title: str
    kind: str
    role: str


@dataclass(frozen=True)
class OpenLink:
    """A link that can still be used, or would have if its person had not `joined` since.

    `role`: as what one joins by it, and `present` what its person is now.
    """

    id: UUID
    person_id: UUID
    email: str
    name: str
    joined: bool
    present: str
    role: str

    @property
    def offers_more(self) -> bool:
        """Whether who has joined would be more by it: a link no longer makes them that."""
        return self.joined and RANKS.index(Role(self.role)) > RANKS.index(Role(self.present))

    made_by: str | None
    roster: InvitedTo | None


def make_link(purpose: LinkPurpose, person_id: UUID, expires_at: datetime, at: datetime) -> UUID:
    """A fresh link of a person's own; a former one for the same purpose is withdrawn."""
    withdraw_links(person_id, at, purpose)
    return _add(Link(purpose=purpose, person_id=person_id, created_at=at, expires_at=expires_at))


def make_invitation(
    person_id: UUID, role: str, at: datetime, made_by: Actor | None, roster_id: UUID | None = None
) -> UUID:
    """A fresh invitation by somebody, or by the command line (None).

    It takes the place of a former one to the same roster; one to the installation, of every former
    one that gives a role, and one that gives a role, of every other. Raises NotAllowed.
    """
    if made_by is not None and not can_give_role(made_by.role, role):
        raise NotAllowed
    if role == Role.MEMBER:
        to_house = or_(Link.roster_id.is_(None), Link.role != Role.MEMBER)
        same = to_house if roster_id is None else Link.roster_id == roster_id
        withdraw_links(person_id, at, LinkPurpose.INVITATION, same)
    else:
        withdraw_links(person_id, at, LinkPurpose.INVITATION)
    return _add(
        Link(
            purpose=LinkPurpose.INVITATION,
            person_id=person_id,
            role=role,
            roster_id=roster_id,
            made_by_id=made_by.id if made_by else None,
            created_at=at,
            expires_at=at + INVITATION_LASTS,
        )
    )


def _add(link: Link) -> UUID:
    db.session.add(link)
    db.session.flush()
    return link.id


def token_to_pass_on(actor: Actor, link_id: UUID, secret_key: str, has_mail: bool) -> str | None:
    """The token of an invitation, for who may see it; None for everybody else."""
    if not can_pass_on_links(actor, has_mail):
        return None
    return link_token(secret_key, LinkPurpose.INVITATION, link_id)


_MAKER = aliased(Person)


def open_link(secret_key: str, purpose: LinkPurpose, token: str, at: datetime) -> OpenLink:
    """The link behind a token. Raises NotFound when unknown, Gone when used or run out.

    Who has joined by it is told so: it was theirs.
    """
    row = db.session.execute(
        select(Link, Person, _MAKER)
        .join(Person, Person.id == Link.person_id)
        .outerjoin(_MAKER, _MAKER.id == Link.made_by_id)
        .where(Link.purpose == purpose, _is_of(secret_key, purpose, token))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    link, person, maker = row
    joined = person.state == PersonState.ACTIVE
    if link.used_at or link.revoked_at or link.expires_at <= at:
        theirs = joined and link.used_at and purpose == LinkPurpose.INVITATION
        raise Gone(JOINED if theirs else "")
    return OpenLink(
        link.id,
        person.id,
        person.email,
        person.name,
        joined,
        person.role,
        role_of(link, maker),
        maker.name if maker else None,
        _invited_to(link),
    )


def _is_of(secret_key: str, purpose: LinkPurpose, token: str) -> ColumnElement[bool]:
    link_id = link_of(secret_key, purpose, token)
    if link_id is not None:
        return Link.id == link_id
    return Link.token_hash == hashlib.sha256(token.encode(errors="replace")).digest()


def role_of(link: Link, maker: Person | None) -> str:
    """As what one joins by an invitation: its role while its maker may give that, else a member.

    Who made it may have been made less or left since; the command line always may.
    """
    if link.role is None or (link.made_by_id is not None and maker is None):
        return Role.MEMBER
    if maker is None:
        return link.role
    may = maker.state == PersonState.ACTIVE and can_give_role(maker.role, link.role)
    return link.role if may else Role.MEMBER


def _invited_to(link: Link) -> InvitedTo | None:
    if link.roster_id is None:
        return None
    row = db.session.execute(
        select(Roster.title, Roster.kind, Membership.role)
        .join(Membership, Membership.roster_id == Roster.id)
        .where(
            Roster.id == link.roster_id,
            Roster.state == RosterState.ACTIVE,
            Membership.person_id == link.person_id,
            Membership.state == MemberState.INVITED,
        )
    ).one_or_none()
    return InvitedTo(*row) if row else None


def use_link(link: OpenLink, at: datetime) -> str:
    """Spend a link; returns the role that it gives now. Raises Gone when somebody was faster."""
    spent = db.session.scalars(
        update(Link)
        .where(Link.id == link.id, *OPEN)
        .values(used_at=at)
        .returning(Link)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if spent is None:
        raise Gone
    found = select(Person).where(Person.id == spent.made_by_id)
    return role_of(spent, db.session.scalar(found.execution_options(populate_existing=True)))


def withdraw_links(
    person_id: UUID, at: datetime, purpose: LinkPurpose, *which: ColumnElement[bool]
) -> bool:
    """Make open links of a person worthless; whether there were any."""
    found = db.session.execute(
        update(Link)
        .where(Link.person_id == person_id, Link.purpose == purpose, *OPEN, *which)
        .values(revoked_at=at)
        .returning(Link.id)
    )
    return bool(found.all())


def lessen_offers(maker_id: UUID) -> None:
    """Somebody is no organiser any more: what they have offered above member is offered no more,
    also if they may offer it again later.
    """
    db.session.execute(
        update(Link)
        .where(Link.made_by_id == maker_id, Link.role != Role.MEMBER, *OPEN)
        .values(role=Role.MEMBER)
        .execution_options(synchronize_session=False)
    )


def withdraw_resets(person_id: UUID, at: datetime) -> None:
    """A passphrase that was asked for before now is not to be set any more."""
    withdraw_links(person_id, at, LinkPurpose.RESET)
    own = select(Person.email).where(Person.id == person_id).scalar_subquery()
    db.session.execute(
        delete(ResetRequest)
        .where(ResetRequest.email == own)
        .execution_options(synchronize_session=False)
    )


def withdraw_roster_link(person_id: UUID, roster_id: UUID, at: datetime) -> None:
    """An invitation to a roster was withdrawn: its link is worth nothing any more."""
    withdraw_links(person_id, at, LinkPurpose.INVITATION, Link.roster_id == roster_id)
