"""People as they sign in, sign out, and say who they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import available_timezones

from sqlalchemy import Engine, bindparam, exists, func, select, update

from supervision.db import db, looking
from supervision.errors import N_, Invalid
from supervision.models.notes import SlotKind, VaultSlot
from supervision.models.people import (
    Credential,
    Person,
    PersonState,
    SignIn,
)
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.feeds.glance import Statement
from supervision.services.people.links import withdraw_resets

SIGN_IN_LASTS = timedelta(days=14)
ZONES = tuple(
    sorted(
        zone
        for zone in available_timezones()
        if zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/")))
    )
)


@dataclass(frozen=True)
class Profile:
    """What a person says of themselves."""

    name: str
    zone: str
    language: str
    clock: str
    week_starts: int


def normal_email(text: str) -> str:
    """The form under which an address is stored and looked up."""
    return text.strip().lower()


_ACTOR = (
    select(
        Person.id,
        Person.email,
        Person.name,
        Person.role,
        Person.zone,
        Person.zone_confirmed,
        Person.language,
        Person.clock,
        Person.week_starts,
        SignIn.id,
        exists().where(
            VaultSlot.person_id == Person.id,
            VaultSlot.kind == bindparam("recovery"),
            VaultSlot.confirmed_at.is_not(None),
        ),
        func.coalesce(SignIn.used_at, SignIn.created_at),
    )
    .join(SignIn, SignIn.person_id == Person.id)
    .where(
        SignIn.id == bindparam("sign_in_id"),
        SignIn.ended_at.is_(None),
        SignIn.created_at > bindparam("since"),
        Person.state == bindparam("active"),
    )
)


def actor_for(sign_in_id: UUID, at: datetime) -> Actor | None:
    """The person behind a sign-in that has not ended, in one statement of the running session."""
    row = db.session.execute(_ACTOR, _asked(sign_in_id, at)).one_or_none()
    return Actor(*row) if row else None


def _asked(sign_in_id: UUID, at: datetime) -> dict[str, object]:
    return {
        "sign_in_id": sign_in_id,
        "since": at - SIGN_IN_LASTS,
        "active": PersonState.ACTIVE,
        "recovery": SlotKind.RECOVERY,
    }


class Doorkeeper:
    """`actor_for` as every request asks it: on the database's own driver, at a tenth of the cost.

    It sees what is committed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statement = Statement(_ACTOR, engine.dialect)

    def __call__(self, sign_in_id: UUID, at: datetime) -> Actor | None:
        try:
            with looking(self._engine) as connection:
                row = self._statement.one(connection, **_asked(sign_in_id, at))
        except self._engine.dialect.loaded_dbapi.Error:
            return actor_for(sign_in_id, at)  # the session knows how to speak of such trouble
        return Actor(*row) if row else None


def actor_of(person: Person) -> Actor:
    """A person as the actor of what is done in their name without a browser."""
    return Actor(
        id=person.id,
        email=person.email,
        name=person.name,
        role=person.role,
        zone=person.zone,
        zone_confirmed=person.zone_confirmed,
        language=person.language,
        clock=person.clock,
        week_starts=person.week_starts,
        sign_in_id=uuid4(),
    )


def credential_of(email: str) -> Credential | None:
    """What to check a passphrase against, or None for an unknown address."""
    return db.session.scalar(
        select(Credential)
        .join(Person, Person.id == Credential.person_id)
        .where(Person.email == normal_email(email), Person.state == PersonState.ACTIVE)
    )


def credential_for(person_id: UUID) -> Credential:
    """A signed-in person's own credential."""
    return db.session.get_one(Credential, person_id)


def sign_in(person_id: UUID, agent: str, at: datetime) -> UUID:
    """A new sign-in's id."""
    row = SignIn(person_id=person_id, agent=agent[:200], created_at=at)
    db.session.add(row)
    db.session.flush()
    record(Act.PERSON_SIGN_IN, at, person_id, row.id)
    return row.id


def sign_out(actor: Actor, at: datetime) -> None:
    """End this sign-in."""
    end_sign_ins(SignIn.id == actor.sign_in_id, at=at)
    record(Act.PERSON_SIGN_OUT, at, actor.id, actor.sign_in_id)


def sign_out_everywhere(actor: Actor, at: datetime, but_here: bool = False) -> None:
    """End all sign-ins of this person, on every machine; `but_here` spares this one.

    Whoever holds a link for a new passphrase is out as well.
    """
    others = [SignIn.id != actor.sign_in_id] if but_here else []
    end_sign_ins(SignIn.person_id == actor.id, *others, at=at)
    withdraw_resets(actor.id, at)
    record(Act.PERSON_SIGN_OUT_EVERYWHERE, at, actor.id)


def end_sign_ins(*where: object, at: datetime) -> None:
    db.session.execute(
        update(SignIn).where(*where, SignIn.ended_at.is_(None)).values(ended_at=at)  # type: ignore[arg-type]  # SQL conditions
    )


def set_credential(person_id: UUID, credential: Credential) -> None:
    """Put a new credential in the place of any former one."""
    credential.person_id = person_id
    db.session.merge(credential)
    db.session.flush()


def edit_profile(actor: Actor, at: datetime, profile: Profile) -> None:
    """Raises Invalid for a name that is empty or a zone that is unknown."""
    name = checked_name(profile.name)
    if profile.zone not in ZONES:
        raise Invalid("zone", N_("Choose a time zone from the list."))
    db.session.execute(
        update(Person)
        .where(Person.id == actor.id)
        .values(
            name=name,
            zone=profile.zone,
            zone_confirmed=True,
            language=profile.language,
            clock=profile.clock,
            week_starts=profile.week_starts,
            feed_version=Person.feed_version + 1,
        )
    )
    mail.follow_zone(actor.id, profile.zone, at)
    record(Act.PERSON_EDIT, at, actor.id, actor.id)


def checked_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > 100:
        raise Invalid("name", N_("Give a name of 1 to 100 characters."))
    return clean
