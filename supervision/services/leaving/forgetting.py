"""The end of a closed account: what is private goes, what others need keeps the name beside it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, select, update

from supervision.db import db, insert_new, run, writing
from supervision.errors import N_
from supervision.models.audit import Replay
from supervision.models.availability import (
    AvailabilityOverride,
    AvailabilityRule,
    AvailabilityTerms,
    TimeOff,
)
from supervision.models.dav import Collection
from supervision.models.feeds import FeedSnapshot, FeedSubscription
from supervision.models.leave import Leave
from supervision.models.mail import (
    OPTIONAL,
    MailAgenda,
    MailKind,
    MailReminder,
    MailState,
    MailStop,
    Outbox,
)
from supervision.models.people import Credential, Link, Person, PersonState, Role, SignIn
from supervision.models.rosters import Membership, MemberState
from supervision.models.sharing import KeyPin
from supervision.services import mail, people
from supervision.services import vault as vaults
from supervision.services.audit import Act, record
from supervision.services.leaving.closing import KEPT

# What is a person's own alone. Vault and notes go by `vaults.forget`, feeds below.
PRIVATE = (
    Credential,
    SignIn,
    Link,
    Replay,
    AvailabilityTerms,
    AvailabilityRule,
    AvailabilityOverride,
    TimeOff,
    Leave,
    MailAgenda,
    MailReminder,
    MailStop,
)
_STOP = insert_new(MailStop)


def has_due(at: datetime) -> bool:
    """Whether `finish_due` has work; asked without the writers' lock."""
    return bool(db.session.scalar(select(exists().where(_is_due(at)))))


def finish_due(at: datetime) -> int:
    """Forget everybody whose week is over, each in a transaction; returns how many they were."""
    due = list(db.session.scalars(select(Person.id).where(_is_due(at)).order_by(Person.id)))
    for person_id in due:
        with writing():
            _finish(person_id, at)
    return len(due)


def _is_due(at: datetime) -> ColumnElement[bool]:
    return and_(Person.state == PersonState.CLOSED, Person.closed_at <= at - KEPT)


def _finish(person_id: UUID, at: datetime) -> None:
    """Forget one, unless they came back or another worker was faster."""
    person = db.session.scalar(
        select(Person)
        .where(Person.id == person_id, _is_due(at))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if person is None:
        return
    _say_goodbye(person, at)
    _delete_private(person_id)
    _end_invitations(person_id, at)
    person.state, person.role, person.closed_at = PersonState.LEFT, Role.MEMBER, None
    person.email, person.shares_receipts = f"{person_id.hex}@left.invalid", False
    db.session.flush()
    run(
        _STOP[db.engine.dialect.name],
        [{"person_id": person_id, "kind": kind} for kind in OPTIONAL],
    )
    record(Act.ACCOUNT_FORGET, at, None, person_id)


def _say_goodbye(person: Person, at: datetime) -> None:
    """What waited for them is dropped; one mail tells that all is done."""
    waiting = (Outbox.person_id == person.id) & (Outbox.state == MailState.WAITING)
    db.session.execute(update(Outbox).where(waiting).values(state=MailState.DROPPED, body=""))
    mail.tell(
        people.actor_of(person),
        f"left:{person.id}",
        N_("Your account is deleted"),
        N_(
            "As you asked a week ago, your account is deleted, and every reflection with it, for "
            "good. In backups of the server they stay sealed until those are overwritten.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
    )


def _delete_private(person_id: UUID) -> None:
    vaults.forget(person_id)
    mine = select(FeedSubscription.id).where(FeedSubscription.person_id == person_id)
    for held in (FeedSnapshot, Collection):
        db.session.execute(delete(held).where(held.subscription_id.in_(mine)))
    db.session.execute(delete(FeedSubscription).where(FeedSubscription.person_id == person_id))
    db.session.execute(delete(KeyPin).where(KeyPin.person_id == person_id))
    for model in PRIVATE:
        db.session.execute(delete(model).where(model.person_id == person_id))


def _end_invitations(person_id: UUID, at: datetime) -> None:
    """Whoever was asked to a roster while the account was closed never answers."""
    open_ones = (Membership.person_id == person_id) & (Membership.state == MemberState.INVITED)
    ended = update(Membership).where(open_ones)
    db.session.execute(ended.values(state=MemberState.ENDED, left_at=at))
