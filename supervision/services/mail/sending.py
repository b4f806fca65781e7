"""Sending what waits: each mail is leased, sent outside of any transaction, and marked."""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, literal_column, select, update
from structlog import get_logger

from supervision.db import run, table, writing
from supervision.models.mail import MailState, MailStop, Outbox
from supervision.models.people import Person
from supervision.services.mail.composing import Leased, Letterhead, compose
from supervision.services.mail.posts import Send

log = get_logger()
# A day and a half in all, waiting 1, 2, 4, … minutes in between.
ATTEMPTS = 12
LEASE = timedelta(minutes=5)
PERMANENT = range(500, 600)


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt. `failure` names it without a word of the server's.

    `final`: trying again makes no sense. `broken`: the next mail would fare no better now.
    """

    failure: str = ""
    final: bool = False
    broken: bool = False


SENT = Outcome()

# States are said in the statement itself: only then do the few rows of an index of its own serve.
WAITS = Outbox.state == literal_column(f"'{MailState.WAITING}'")
_DUE = select(exists().where(WAITS, Outbox.due_at <= bindparam("at")))
_NEXT = (
    select(
        Outbox.id,
        Outbox.recipient,
        Outbox.person_id,
        Outbox.kind,
        Outbox.subject,
        Outbox.body,
        Outbox.created_at,
        Outbox.attempts,
        exists().where(Person.id == Outbox.person_id, Person.mail_refused_at.is_not(None)),
        exists().where(MailStop.person_id == Outbox.person_id, MailStop.kind == Outbox.kind),
    )
    .where(WAITS, Outbox.due_at <= bindparam("at"))
    .order_by(Outbox.due_at)
    .limit(1)
    .with_for_update(skip_locked=True, of=table(Outbox))
)


_OUTBOX, _PERSON = table(Outbox), table(Person)
_CHANGE = update(_OUTBOX).where(_OUTBOX.c.id == bindparam("mail_id"))
_READER = update(_PERSON).where(_PERSON.c.id == bindparam("reader_id"))


def is_due(at: datetime) -> bool:
    """Whether a mail waits to be sent."""
    return bool(run(_DUE, {"at": at}).scalar())


def send_due(
    now: Callable[[], datetime],
    head: Letterhead,
    send: Send,
    go_on: Callable[[], bool] = lambda: True,
) -> int:
    """Send what is due, one mail after another; returns how many left.

    A mail is leased in one transaction, sent outside any, and marked in another, which leases the
    next: a worker that dies in between sends one mail again after its lease, and loses none.
    Several may do so at once. `now` is asked for each mail, `go_on` before each. Ends early when
    nothing can leave at all.
    """
    sent, last = 0, None
    while (mail := _step(last, now(), go_on())) is not None:
        outcome = _attempt(mail, head, send)
        sent += outcome == SENT
        last = (mail, outcome)
    return sent


def _step(last: tuple[Leased, Outcome] | None, at: datetime, on: bool) -> Leased | None:
    """Mark what was tried last, and lease the next if it is to go on."""
    on = on and not (last and last[1].broken)
    if last is None and not (on and is_due(at)):
        return None
    with writing():
        if last is not None:
            _mark(*last, at)
        return _lease(at) if on else None


def _lease(at: datetime) -> Leased | None:
    """The mail that is due longest, for this worker alone until its lease ends."""
    while (row := run(_NEXT, {"at": at}).one_or_none()) is not None:
        *values, stopped = tuple(row)
        mail = Leased(*values)
        if stopped:
            _change(mail, state=MailState.DROPPED, body="")
        elif mail.attempts >= ATTEMPTS:  # whoever tried it last did not live to say so
            _give_up(mail, at, "died")
        else:
            _change(mail, attempts=mail.attempts + 1, due_at=at + LEASE)
            return mail
    return None


def _change(mail: Leased, **values: object) -> None:
    run(_CHANGE, {"mail_id": mail.id, **values})


def _attempt(mail: Leased, head: Letterhead, send: Send) -> Outcome:
    try:
        send(compose(mail, head))
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        return Outcome(f"{type(error).__name__} {code}", final=code in PERMANENT)
    except smtplib.SMTPResponseException as error:
        return Outcome(f"{type(error).__name__} {error.smtp_code}")
    except OSError as error:
        return Outcome(type(error).__name__, broken=True)
    except Exception as error:  # noqa: BLE001 - a mail that cannot be written holds up no other
        return Outcome(type(error).__name__)
    return SENT


def _mark(mail: Leased, outcome: Outcome, at: datetime) -> None:
    if outcome == SENT:
        _change(mail, state=MailState.SENT, sent_at=at, failure="", body="")
        if mail.refused:
            _note(mail, None)
    elif outcome.final or mail.attempts + 1 >= ATTEMPTS:
        _give_up(mail, at, outcome.failure)
        if outcome.final:
            _note(mail, at)
    else:
        wait = timedelta(minutes=2**mail.attempts)
        _change(mail, due_at=at + wait, failure=outcome.failure)


def _give_up(mail: Leased, at: datetime, failure: str) -> None:
    log.warning("mail given up", kind=mail.kind, failure=failure)
    _change(mail, state=MailState.FAILED, due_at=at, failure=failure)


def _note(mail: Leased, refused_at: datetime | None) -> None:
    """Whether mails reach their reader, on the reader's own row."""
    run(_READER, {"reader_id": mail.person_id, "mail_refused_at": refused_at})
