"""How people come in, and come in again after they forgot their passphrase."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select, update

from supervision.db import db
from supervision.errors import N_, Gone, Invalid, NotFound
from supervision.models.mail import MailKind
from supervision.models.people import (
    Credential,
    Link,
    LinkPurpose,
    Person,
    PersonState,
    Role,
    SignIn,
)
from supervision.permissions import Actor, can_look_after
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.people.accounts import (
    ZONES,
    checked_name,
    end_sign_ins,
    normal_email,
    set_credential,
)
from supervision.services.people.links import OpenLink, make_link, token_hash, use_link

# Stands for the first organiser until they say their own address.
FIRST_ORGANISER = "organiser@localhost"
INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=1)


def is_empty() -> bool:
    """Whether nobody has ever joined this installation."""
    return not db.session.scalar(select(exists().where(Person.state == PersonState.ACTIVE)))


def first_organiser_link(at: datetime) -> str:
    """A one-time token with which the first organiser joins; former such links are revoked."""
    person = _person_with(FIRST_ORGANISER, Role.ORGANISER, at)
    return make_link(LinkPurpose.INVITATION, person.id, None, None, at + INVITATION_LASTS, at)


def ensure_person(email: str, role: str, at: datetime) -> Person:
    """The person with this address, made as invited when unknown. Raises Invalid."""
    return _person_with(checked_email(email), role, at)


def checked_email(text: str) -> str:
    """An address as it is stored. Raises Invalid."""
    clean = normal_email(text)
    local, _, host = clean.rpartition("@")
    if not local or not host or len(clean) > 254 or any(c.isspace() for c in clean):
        raise Invalid("email", N_("Give a whole email address, such as ana@example.org."))
    return clean


def _person_with(email: str, role: str, at: datetime) -> Person:
    person = db.session.scalar(select(Person).where(Person.email == email))
    if person is None:
        person = Person(email=email, name=email.partition("@")[0][:100], role=role, created_at=at)
        db.session.add(person)
        db.session.flush()
    return person


def add_person(email: str, name: str, role: str, at: datetime) -> str:
    """For the command line: a person, and the token of a link with which they join."""
    person = ensure_person(email, role, at)
    if person.state == PersonState.ACTIVE:
        raise Invalid("email", N_("This person has joined already."))
    _demand_open(person)
    person.name, person.role = checked_name(name), role
    return make_link(LinkPurpose.INVITATION, person.id, None, None, at + INVITATION_LASTS, at)


def invite_person(actor: Actor, at: datetime, email: str, role: str, base_url: str) -> str | None:
    """Invite somebody to the installation. Returns the link's token, None for who has joined.

    Raises NotFound for who may not look after people.
    """
    if not can_look_after(actor):
        raise NotFound
    if role not in set(Role):
        raise Invalid("role", N_("Choose a role from the list."))
    person = ensure_person(email, role, at)
    if person.state == PersonState.ACTIVE:
        return None
    _demand_open(person)
    person.role = role
    return invitation_for(actor, at, person, None, base_url)


def _demand_open(person: Person) -> None:
    """Raises Invalid for an account whose owner leaves: only they may bring it back."""
    if person.state == PersonState.CLOSED:
        raise Invalid("email", N_("This account is closed. Its owner can still bring it back."))


def invitation_for(
    actor: Actor, at: datetime, person: Person, roster_id: UUID | None, base_url: str
) -> str:
    """A fresh invitation link, also mailed; a former one for the same place is revoked."""
    token = make_link(
        LinkPurpose.INVITATION, person.id, roster_id, actor.id, at + INVITATION_LASTS, at
    )
    record(Act.PERSON_INVITE, at, actor.id, person.id)
    mail.tell(
        person,
        f"invitation:{token_hash(token).hex()[:16]}",
        N_("%(name)s invites you to Supervision"),
        N_(
            "%(name)s invites you to Supervision, where supervision sessions are arranged and "
            "reflections stay private.\n\nJoin here within 7 days:\n%(link)s\n\n"
            "If you did not expect this, do nothing.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
        name=actor.name,
        link=f"{base_url}/invitation/{token}",
    )
    return token


def join(link: OpenLink, at: datetime, name: str, zone: str, email: str | None = None) -> None:
    """Turn an invited address into a person. Raises Invalid, Gone."""
    use_link(link, at)
    person = db.session.get_one(Person, link.person_id)
    if person.state == PersonState.ACTIVE:
        raise Gone
    if email is not None:
        own = checked_email(email)
        taken = exists().where(Person.email == own, Person.id != person.id)
        if db.session.scalar(select(taken)) or not is_empty():
            raise Invalid("email", N_("This address cannot be used here."))
        person.email = own
    person.name = checked_name(name)
    person.state = PersonState.ACTIVE
    if zone in ZONES:
        person.zone, person.zone_confirmed = zone, True
    # Whoever joins holds this mailbox: their other open invitations need no link any more.
    db.session.execute(
        update(Link)
        .where(Link.person_id == person.id, Link.used_at.is_(None), Link.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    db.session.flush()
    record(Act.PERSON_JOIN, at, person.id, person.id)


def ask_reset(email: str, at: datetime, base_url: str) -> None:
    """Mail a reset link, when the address belongs to somebody; silent either way."""
    person = db.session.scalar(
        select(Person).where(
            Person.email == normal_email(email), Person.state == PersonState.ACTIVE
        )
    )
    if person is None:
        return
    token = make_link(LinkPurpose.RESET, person.id, None, None, at + RESET_LASTS, at)
    record(Act.PERSON_ASK_RESET, at, person.id, person.id)
    mail.tell(
        person,
        f"reset:{token_hash(token).hex()[:16]}",
        N_("Set a new passphrase"),
        N_(
            "Somebody, probably you, asked for a new passphrase.\n\n"
            "Set one within an hour:\n%(link)s\n\n"
            "Your account opens again with it. Your notes stay closed until you give your "
            "recovery code. If you did not ask, do nothing.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
        link=f"{base_url}/reset/{token}",
    )


def reset(link: OpenLink, at: datetime, credential: Credential) -> None:
    """Take a new passphrase: every sign-in ends, the vault stays closed."""
    use_link(link, at)
    set_credential(link.person_id, credential)
    end_sign_ins(SignIn.person_id == link.person_id, at=at)
    record(Act.PERSON_RESET, at, link.person_id, link.person_id)
