"""What has not left: for the organiser's page, the metrics and `flask check`. Never a text."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, func, literal_column, select, update

from supervision.db import db, run, table
from supervision.errors import N_, Conflict, NotFound
from supervision.models.mail import Announcement, MailState, Outbox
from supervision.permissions import Actor, can_look_after
from supervision.services.audit import Act, record
from supervision.services.mail.sending import WAITS

SHOWN = 100
SENT_KEPT = timedelta(days=30)
FAILED_KEPT = timedelta(days=14)
FAILED = Outbox.state == literal_column(f"'{MailState.FAILED}'")


@dataclass(frozen=True)
class Waiting:
    """A mail that has not left: to whom, what about, how often tried, what came of it last.

    It is tried next at `due_at`, or was given up then (`failed`).
    """

    id: UUID
    recipient: str
    kind: str
    attempts: int
    failure: str
    created_at: datetime
    due_at: datetime
    state: str

    @property
    def failed(self) -> bool:
        return self.state == MailState.FAILED


@dataclass(frozen=True)
class Standing:
    """How many mails wait for their first attempt, for another one, and were given up.

    `unwritten` changes could not be made into mails yet. `oldest_at`: what waits longest.
    """

    waiting: int
    retried: int
    failed: int
    unwritten: int
    oldest_at: datetime | None


_WAITING = (
    select(
        func.count().filter(Outbox.attempts == 0),
        func.count().filter(Outbox.attempts > 0),
        func.min(Outbox.created_at),
    )
    .where(WAITS)
    .select_from(Outbox)
)
_FAILED = select(func.count()).select_from(Outbox).where(FAILED)
_UNWRITTEN = select(func.count()).select_from(Announcement).where(Announcement.attempts > 0)


def standing() -> Standing:
    """How it stands, by three statements that read what has not left and no more."""
    waiting, retried, oldest_at = tuple(run(_WAITING).one())
    failed, unwritten = run(_FAILED).scalar_one(), run(_UNWRITTEN).scalar_one()
    return Standing(waiting, retried, failed, unwritten, oldest_at)


_OVERDUE = select(func.min(Outbox.due_at)).where(WAITS)


def overdue_since(at: datetime) -> datetime | None:
    """When the first mail fell due that nobody has sent, tried or leased since."""
    due_at: datetime | None = run(_OVERDUE).scalar()
    return due_at if due_at and due_at <= at else None


_LISTED = (
    select(
        Outbox.id,
        Outbox.recipient,
        Outbox.kind,
        Outbox.attempts,
        Outbox.failure,
        Outbox.created_at,
        Outbox.due_at,
        Outbox.state,
    )
    .order_by(Outbox.due_at)
    .limit(SHOWN)
)
_LISTS = (_LISTED.where(FAILED), _LISTED.where(WAITS))


def not_sent(actor: Actor) -> list[Waiting]:
    """Mails that were given up, then those that wait, each in order of time; at most SHOWN each.

    Raises NotFound for who may not look after people.
    """
    if not can_look_after(actor):
        raise NotFound
    return [Waiting(*tuple(row)) for query in _LISTS for row in run(query)]


_OUTBOX = table(Outbox)
_THIS = update(_OUTBOX).where(
    _OUTBOX.c.id == bindparam("mail_id"),
    _OUTBOX.c.state.in_((MailState.WAITING, MailState.FAILED)),
)


def try_again(actor: Actor, at: datetime, mail_id: UUID) -> None:
    """Let a mail leave now, with as many attempts as a new one. Raises NotFound, Conflict."""
    values = {"state": MailState.WAITING, "due_at": at, "attempts": 0}
    _settle(actor, mail_id, values)
    record(Act.MAIL_TRY_AGAIN, at, actor.id, mail_id)


def give_up(actor: Actor, at: datetime, mail_id: UUID) -> None:
    """Never send a mail; its text is lost. Raises NotFound, Conflict."""
    _settle(actor, mail_id, {"state": MailState.DROPPED, "body": ""})
    record(Act.MAIL_GIVE_UP, at, actor.id, mail_id)


def _settle(actor: Actor, mail_id: UUID, values: dict[str, object]) -> None:
    if not can_look_after(actor):
        raise NotFound
    if run(_THIS, {"mail_id": mail_id, **values}).rowcount:
        return
    if db.session.scalar(select(Outbox.id).where(Outbox.id == mail_id)) is None:
        raise NotFound
    raise Conflict(N_("This mail has left or was given up in the meantime."))


def forget_old(at: datetime) -> None:
    """Mails that left a month ago, and two weeks later those that never did, are no more."""
    over = (Outbox.created_at < at - SENT_KEPT) & Outbox.state.in_(
        (MailState.SENT, MailState.DROPPED)
    )
    db.session.execute(delete(Outbox).where(over))
    db.session.execute(delete(Outbox).where(FAILED, Outbox.due_at < at - FAILED_KEPT))
