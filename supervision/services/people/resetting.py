"""A new passphrase by mail, and the mails that tell of a passphrase that was set."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select

from supervision.db import db, writing
from supervision.domain.mail import OneTime
from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.people import (
    Credential,
    LinkPurpose,
    Person,
    PersonState,
    ResetRequest,
    SignIn,
)
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.mail import Addressee
from supervision.services.people.accounts import end_sign_ins, normal_email, set_credential
from supervision.services.people.links import OpenLink, make_link, use_link, withdraw_resets

RESET_LASTS = timedelta(hours=1)
MOST_AT_ONCE = 50


def ask_reset(email: str, at: datetime) -> None:
    """Note that somebody asks; the worker looks whether anybody has this address.

    So that known and unknown addresses take as long.
    """
    db.session.add(ResetRequest(email=normal_email(email), created_at=at))
    db.session.flush()


def has_resets() -> bool:
    """Whether `answer_resets` has work; asked without the writers' lock."""
    return bool(db.session.scalar(select(exists().where(ResetRequest.id.is_not(None)))))


def answer_resets(at: datetime, base_url: str) -> None:
    """Mail a link to each who asked and has an account; silent about all others."""
    if not has_resets():
        return
    with writing():
        asked = db.session.scalars(
            select(ResetRequest)
            .order_by(ResetRequest.created_at)
            .limit(MOST_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for request in asked:
            person = _who_asked(request, at)
            if person is not None:
                _mail_link(person, request.created_at, at, base_url)
        done = [request.id for request in asked]
        db.session.execute(delete(ResetRequest).where(ResetRequest.id.in_(done)))


def _who_asked(request: ResetRequest, at: datetime) -> Person | None:
    """None also when the request is old, or a passphrase was set since."""
    if request.created_at <= at - RESET_LASTS:
        return None
    set_since = exists().where(
        Credential.person_id == Person.id, Credential.changed_at > request.created_at
    )
    return db.session.scalar(
        select(Person).where(
            Person.email == request.email, Person.state == PersonState.ACTIVE, ~set_since
        )
    )


def _mail_link(person: Person, asked_at: datetime, at: datetime, base_url: str) -> None:
    link_id = make_link(LinkPurpose.RESET, person.id, asked_at + RESET_LASTS, at)
    record(Act.PERSON_ASK_RESET, at, person.id, person.id)
    mail.tell(
        person,
        f"reset:{link_id}",
        N_("Set a new passphrase"),
        N_(
            "Somebody, probably you, asked for a new passphrase.\n\n"
            "Set one within an hour:\n%(link)s\n\n"
            "Your account opens again with it. Your notes stay closed until you give your "
            "recovery code. If you did not ask, do nothing.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
        link=OneTime(f"{base_url}/reset", LinkPurpose.RESET, link_id),
    )


def reset(link: OpenLink, at: datetime, credential: Credential) -> None:
    """Take a new passphrase: every sign-in ends, the vault stays closed. Raises Gone."""
    use_link(link, at)
    credential.changed_at = at
    set_credential(link.person_id, credential)
    end_sign_ins(SignIn.person_id == link.person_id, at=at)
    withdraw_resets(link.person_id, at)
    record(Act.PERSON_RESET, at, link.person_id, link.person_id)
    person = db.session.get_one(Person, link.person_id)
    mail.tell(
        person,
        f"passphrase:{person.id}:{at:%Y%m%d%H%M%S%f}",
        N_("A new passphrase was set by mail"),
        N_(
            "A new passphrase was set for your account, by a link that was mailed to you. Every "
            "device was signed out. Your notes stay closed until you give your recovery code.\n\n"
            "If this was not you, somebody else reads your mail. Secure your mailbox first. Then "
            "set another passphrase, by “I forgot my passphrase” on the page to sign in, and tell "
            "your organiser.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
    )


def tell_of_change(reader: Addressee, at: datetime) -> None:
    """Mail that the passphrase was changed in the profile."""
    mail.tell(
        reader,
        f"passphrase:{reader.id}:{at:%Y%m%d%H%M%S%f}",
        N_("Your passphrase was changed"),
        N_(
            "The passphrase of your account was changed, by somebody who gave the former one. All "
            "other devices were signed out.\n\n"
            "If this was not you, set another one at once, by “I forgot my passphrase” on the page "
            "to sign in: that signs everybody out. Your notes open again with your recovery code. "
            "Then give them a new key, and tell your organiser.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
    )
