"""What an organiser sees and does: who has an account, and what they may start."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select

from supervision.db import db
from supervision.errors import N_, Invalid, NotFound
from supervision.models.audit import Installation
from supervision.models.mail import MailKind
from supervision.models.people import (
    Link,
    LinkPurpose,
    Person,
    PersonState,
    Role,
    mightier,
)
from supervision.permissions import Actor, can_give_role, can_look_after
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.people.links import OPEN, lessen_offers, withdraw_links

NOW_YOU = {
    Role.MEMBER: N_(
        "%(name)s has made you a member: you take part in rosters and start peer rosters."
    ),
    Role.SUPERVISOR: N_("%(name)s has made you a supervisor: you start rosters of every kind."),
    Role.ORGANISER: N_(
        "%(name)s has made you an organiser: you look after people as well, and start rosters "
        "of every kind."
    ),
}


@dataclass(frozen=True)
class PersonRow:
    """One line of the organiser's list. `mail_refused_at`: mails do not reach them since then.

    `role`: of who is invited, as what they join by the open link, None without one.
    """

    id: UUID
    name: str
    email: str
    role: str | None
    state: str
    created_at: datetime
    link_expires_at: datetime | None
    mail_refused_at: datetime | None


def people(actor: Actor, at: datetime) -> list[PersonRow]:
    """Everybody, by name. Raises NotFound for who may not look after people."""
    if not can_look_after(actor):
        raise NotFound
    is_open = (
        Link.person_id == Person.id,
        Link.purpose == LinkPurpose.INVITATION,
        *OPEN,
        Link.expires_at > at,
    )
    open_until = select(func.max(Link.expires_at)).where(*is_open).scalar_subquery()
    offered = (
        select(Link.role)
        .where(*is_open)
        .order_by(Link.roster_id.is_not(None), Link.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            Person.id,
            Person.name,
            Person.email,
            case(
                (Person.state == PersonState.INVITED, func.coalesce(offered, Person.role)),
                else_=Person.role,
            ),
            Person.state,
            Person.created_at,
            open_until,
            Person.mail_refused_at,
        )
        .where(Person.state != PersonState.LEFT)
        .order_by(func.lower(Person.name), Person.email)
    )
    return [PersonRow(*row) for row in rows]


def revoke_invitation(actor: Actor, at: datetime, person_id: UUID) -> None:
    """Make a person's open invitations worthless: the organiser's all, else one's own."""
    mine = [] if can_look_after(actor) else [Link.made_by_id == actor.id]
    if not withdraw_links(person_id, at, LinkPurpose.INVITATION, *mine):
        raise NotFound
    record(Act.LINK_REVOKE, at, actor.id, person_id)


def set_role(actor: Actor, at: datetime, person_id: UUID, role: str) -> None:
    """Change what a person may start. Raises Invalid when no organiser would be left.

    Who has closed their account can be made less, which they are when they come back. Who is
    invited has no role yet: they are invited again, with another one (`invite_person`).
    """
    if not can_look_after(actor):
        raise NotFound
    person = db.session.get(Person, person_id, populate_existing=True)
    if person is None or person.state not in (PersonState.ACTIVE, PersonState.CLOSED):
        raise NotFound
    _check_role(person, role)
    if person.role == role:
        return
    person.role = role
    if not can_give_role(role, Role.ORGANISER):
        lessen_offers(person.id)
    record(Act.PERSON_SET_ROLE, at, actor.id, person_id, role=role)
    if person.id != actor.id:
        subject, body = N_("What you may do here has changed"), NOW_YOU[Role(role)]
        event = f"role:{person_id}:{at:%Y%m%d%H%M%S%f}"
        mail.tell(person, event, subject, body, at, kind=MailKind.ACCOUNT, name=actor.name)


def _check_role(person: Person, role: str) -> None:
    """Raises Invalid for a role that this person cannot be given now."""
    if role not in set(Role):
        raise Invalid("role", N_("Choose a role from the list."))
    if person.state == PersonState.CLOSED:
        if role in mightier(person.role):
            raise Invalid("role", N_("This account is closed. It can only be made less."))
    elif person.role == Role.ORGANISER != role and _organisers() == 1:
        raise Invalid("role", N_("Somebody must remain organiser. Name another one first."))


def _organisers() -> int:
    active = select(func.count()).where(
        Person.role == Role.ORGANISER, Person.state == PersonState.ACTIVE
    )
    return db.session.scalar(active) or 0


def organisers_beside(actor: Actor, most: int = 3) -> list[str]:
    """The names of others who look after people here, for who has to ask one of them."""
    return list(
        db.session.scalars(
            select(Person.name)
            .where(
                Person.role == Role.ORGANISER,
                Person.state == PersonState.ACTIVE,
                Person.id != actor.id,
            )
            .order_by(func.lower(Person.name), Person.id)
            .limit(most)
        )
    )


def is_demo() -> bool:
    """Whether this database was filled with the demo community."""
    return bool(db.session.scalar(select(Installation.demo)))
