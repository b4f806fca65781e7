"""A new passphrase by mail, and the mails that tell of a passphrase that was set."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import delete, exists, select

from supervision.db import db, writing
from supervision.domain.devices import device_of
from supervision.domain.mail import OneTime
from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.notes import SlotKind, VaultSlot
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
from supervision.services.people.accounts import end_sign_ins, normal_email, set_credential
from supervision.services.people.links import OpenLink, make_link, use_link, withdraw_resets

RESET_LASTS = timedelta(hours=1)
MOST_AT_ONCE = 50


@dataclass(frozen=True)
class Origin:
    """From where a passphrase was set: what its browser says it is, and how people reach us."""

    base_url: str
    agent: str = ""


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


def reset(link: OpenLink, at: datetime, credential: Credential, origin: Origin) -> None:
    """Take a new passphrase: every sign-in ends, the vault stays closed. Raises Gone."""
    use_link(link, at)
    credential.changed_at = at
    set_credential(link.person_id, credential)
    end_sign_ins(SignIn.person_id == link.person_id, at=at)
    withdraw_resets(link.person_id, at)
    record(Act.PERSON_RESET, at, link.person_id, link.person_id)
    closed = N_("Your notes stay closed until you give your recovery code.")
    for_good = N_("Your notes stay closed: no recovery code of yours is in force.")
    _tell_of_passphrase(
        link.person_id,
        N_("A new passphrase was set by mail"),
        N_(
            "On %(when)s a new passphrase was set for your account in %(browser)s, by a link that "
            "was mailed to you. Every device was signed out. %(notes)s\n\n"
            "If this was you, there is nothing to do.\n\n"
            "If this was not you, somebody else reads your mail. Secure your mailbox first, and "
            "tell your organiser. Then set another passphrase.\n\n"
            "Set another passphrase:\n%(reset)s\n"
        ),
        closed if _has_code(link.person_id) else for_good,
        at,
        origin,
    )


def tell_of_change(person_id: UUID, at: datetime, origin: Origin) -> None:
    """Mail that the passphrase was changed in the profile."""
    again = N_(
        "Your notes open again with your recovery code. Then make a new key for them (Profile, "
        "Recovery code, “Somebody may know the key itself”)."
    )
    closed = N_("Your notes stay closed then: no recovery code of yours is in force.")
    _tell_of_passphrase(
        person_id,
        N_("Your passphrase was changed"),
        N_(
            "On %(when)s the passphrase of your account was changed in %(browser)s, by somebody "
            "who gave the former one. All other devices were signed out.\n\n"
            "If this was you, there is nothing to do.\n\n"
            "If this was not you, set another one at once.\n\n"
            "Set another passphrase:\n%(reset)s\n\n"
            "That signs everybody out. %(notes)s Tell your organiser.\n"
        ),
        again if _has_code(person_id) else closed,
        at,
        origin,
    )


def _tell_of_passphrase(
    person_id: UUID, subject: str, body: str, notes: str, at: datetime, origin: Origin
) -> None:
    """When, in which browser, what becomes of the notes, and where to set another."""
    (reader,) = mail.readers([person_id])
    with force_locale(reader.language):
        when, browser, said = mail.moment(at, reader), _browser(origin.agent), _(notes)
    event = f"passphrase:{person_id}:{at:%Y%m%d%H%M%S%f}"
    mail.tell(
        reader,
        event,
        subject,
        body,
        at,
        kind=MailKind.ACCOUNT,
        when=when,
        browser=browser,
        notes=said,
        reset=f"{origin.base_url}/reset",
    )


def _browser(agent: str) -> str:
    device = device_of(agent)
    if device.browser and device.system:
        return str(_("%(browser)s on %(system)s", browser=device.browser, system=device.system))
    return device.browser or device.system or str(_("a browser that does not say what it is"))


def _has_code(person_id: UUID) -> bool:
    code = exists().where(
        VaultSlot.person_id == person_id,
        VaultSlot.kind == SlotKind.RECOVERY,
        VaultSlot.confirmed_at.is_not(None),
    )
    return bool(db.session.scalar(select(code)))
