"""How people come in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from supervision.db import db
from supervision.domain.addresses import is_one_address
from supervision.domain.mail import OneTime
from supervision.errors import N_, Gone, Invalid, NotFound
from supervision.models.mail import MailKind
from supervision.models.people import (
    LinkPurpose,
    Person,
    PersonState,
    Role,
)
from supervision.permissions import Actor, can_look_after
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.people.accounts import (
    ZONES,
    checked_name,
    normal_email,
)
from supervision.services.people.allowance import check_may_invite
from supervision.services.people.links import OpenLink, make_invitation, use_link

# Stands for the first organiser until they say their own address.
FIRST_ORGANISER = "organiser@localhost"


def is_empty() -> bool:
    """Whether nobody has ever joined this installation."""
    return not db.session.scalar(select(exists().where(Person.state == PersonState.ACTIVE)))


def first_organiser_link(at: datetime) -> UUID:
    """The link with which the first organiser joins; former such links are withdrawn."""
    return make_invitation(_person_with(FIRST_ORGANISER, at).id, Role.ORGANISER, at, None)


def ensure_person(email: str, at: datetime) -> Person:
    """The person with this address, made as invited when unknown. Raises Invalid."""
    return _person_with(checked_email(email), at)


def checked_email(text: str) -> str:
    """An address as it is stored: one mailbox (`domain.addresses`). Raises Invalid."""
    clean = normal_email(text)
    if not clean.isascii():
        raise Invalid("email", N_("Mail leaves here for addresses of unaccented letters only."))
    if not is_one_address(clean):
        raise Invalid("email", N_("Give a whole email address, such as ana@example.org."))
    return clean


def _person_with(email: str, at: datetime) -> Person:
    """Their row gives no role: that comes with the link by which they join."""
    person = db.session.scalar(select(Person).where(Person.email == email))
    if person is None:
        person = Person(email=email, name=email.partition("@")[0][:100], created_at=at)
        db.session.add(person)
        db.session.flush()
    return person


def add_person(email: str, name: str, role: str, at: datetime) -> UUID:
    """For the command line: a person, and the link with which they join. Raises Invalid."""
    person = _who_can_join(email, at)
    person.name = checked_name(name)
    return make_invitation(person.id, role, at, None)


def invite_person(actor: Actor, at: datetime, email: str, role: str, base_url: str) -> UUID:
    """Invite somebody to the installation, or again, as what they join; returns the link.

    Raises NotFound for who may not look after people, Invalid, and Conflict for more than somebody
    may invite a day.
    """
    if not can_look_after(actor):
        raise NotFound
    if role not in set(Role):
        raise Invalid("role", N_("Choose a role from the list."))
    check_may_invite(actor, at)
    return invitation_for(actor, at, _who_can_join(email, at), None, base_url, role)


def _who_can_join(email: str, at: datetime) -> Person:
    """Raises Invalid for who has an account, or leaves: only they themselves may bring it back."""
    person = ensure_person(email, at)
    if person.state == PersonState.ACTIVE:
        raise Invalid(
            "email", N_("This person has joined already. You set their role in their own row.")
        )
    if person.state == PersonState.CLOSED:
        raise Invalid("email", N_("This account is closed. Its owner can still bring it back."))
    return person


def invitation_for(
    actor: Actor,
    at: datetime,
    person: Person,
    roster_id: UUID | None,
    base_url: str,
    role: str = Role.MEMBER,
) -> UUID:
    """A fresh invitation link, mailed; a former one for the same place is withdrawn."""
    link_id = make_invitation(person.id, role, at, actor, roster_id)
    record(Act.PERSON_INVITE, at, actor.id, person.id)
    mail.tell(
        person,
        f"invitation:{link_id}",
        N_("%(name)s invites you to Supervision"),
        N_(
            "%(name)s invites you to Supervision, where supervision sessions are arranged and "
            "reflections stay private.\n\nJoin here within 7 days:\n%(link)s\n\n"
            "If you did not expect this, do nothing.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
        link=OneTime(f"{base_url}/invitation", LinkPurpose.INVITATION, link_id),
        name=actor.name,
    )
    return link_id


def join(link: OpenLink, at: datetime, name: str, zone: str, email: str | None = None) -> None:
    """Turn an invited address into a person, with the role of the link. Raises Invalid, Gone.

    Their other open links stay: they lead home.
    """
    role = use_link(link, at)
    person = db.session.get_one(Person, link.person_id, populate_existing=True)
    if person.state != PersonState.INVITED:
        raise Gone
    if email is not None:
        own = checked_email(email)
        taken = exists().where(Person.email == own, Person.id != person.id)
        if db.session.scalar(select(taken)) or not is_empty():
            raise Invalid("email", N_("This address cannot be used here."))
        person.email = own
    person.name, person.role = checked_name(name), role
    person.state = PersonState.ACTIVE
    if zone in ZONES:
        person.zone, person.zone_confirmed = zone, True
    db.session.flush()
    record(Act.PERSON_JOIN, at, person.id, person.id)
