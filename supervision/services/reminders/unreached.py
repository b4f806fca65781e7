"""A change is mailed again to those whose calendar has not fetched it as the session comes near.

Their calendar shows them what was before: the one case in which it misleads. Who subscribes to
nothing had the mail about the change, and is reminded like everybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Select, bindparam, literal_column, select, union_all

from supervision.db import run, writing
from supervision.domain.mail import Action, Block, Fact, Facts, Letter, Text
from supervision.domain.reminders import is_news, window
from supervision.errors import N_
from supervision.models.feeds import FeedSubscription
from supervision.models.mail import MailKind
from supervision.models.people import Person
from supervision.models.rosters import Roster
from supervision.models.sessions import PUBLISHED, Claim, Session, SessionState
from supervision.services import feeds, mail, rounds
from supervision.services.feeds import Given, Reach
from supervision.services.mail import Mail, Reader
from supervision.services.reminders.coming import SESSION, Coming, coming, expected, place

ROUND = "mail_again"
EVERY = timedelta(minutes=5)
# Minutes in which the mail about the change itself is still fresh.
FRESH = 180
SUBJECTS: dict[str, str] = {
    SessionState.PLANNED: N_("Not yet in your calendar: %(title)s, %(when)s"),
    SessionState.CANCELLED: N_("Cancelled, maybe still in your calendar: %(title)s, %(when)s"),
}


@dataclass
class _Near:
    """A session that was changed and comes near, for one reader with calendar links."""

    state: str
    published_at: datetime
    session: Coming
    reader: Reader
    given: list[Given] = field(default_factory=list)


def _near(state: SessionState) -> Select[*tuple[Any, ...]]:
    """What was changed and begins in [start, end), for each link that was ever fetched."""
    return (
        select(
            Session.state,
            Session.published_at,
            *SESSION,
            *mail.COLUMNS,
            FeedSubscription.given_version,
            FeedSubscription.given_at,
            FeedSubscription.fetched_at,
            Person.feed_version,
        )
        .join(Roster, Roster.id == Session.roster_id)
        .join(Claim, Claim.session_id == Session.id)
        .join(Person, Person.id == Claim.person_id)
        .join(FeedSubscription, feeds.SHOWING)
        .where(
            # Said in the statement itself: only then do the indexes of these states serve.
            Session.state == literal_column(f"'{state}'"),
            Session.starts_at >= bindparam("start"),
            Session.starts_at < bindparam("end"),
            Session.sequence > 0,
            FeedSubscription.given_version.is_not(None),
            expected(MailKind.SESSIONS),
        )
    )


_NEAR = union_all(*map(_near, PUBLISHED))


def is_again_due(at: datetime) -> bool:
    """Whether it is time to look whose calendar has not fetched a change."""
    return rounds.is_due(ROUND, at)


def mail_again(at: datetime, base_url: str, hours: int) -> int:
    """Queue a mail, `hours` before each changed session, to whom it has not reached; how many.

    None when the change was told about as late as that, and none for 0 hours. One for each
    session, reader and sequence, whoever runs this and how often.
    """
    with writing():
        since = rounds.take(ROUND, at, EVERY)
        if since is None or not hours:
            return 0
        span = window(since, at, hours * 60)
        rows = run(_NEAR, {"start": span.start, "end": span.end})
        letters = [
            _letter(near, base_url)
            for near in _grouped(rows)
            if is_news(near.session.span.start, near.published_at, hours * 60 + FRESH)
            and feeds.receipt(near.given, near.published_at).reach == Reach.NOT_YET
        ]
        mail.queue_all(letters, at)
        return len(letters)


def _grouped(rows: Any) -> list[_Near]:
    found: dict[tuple[UUID, UUID], _Near] = {}
    for row in rows:
        state, published_at, *rest = tuple(row)
        session, reader = coming(rest[:-10]), Reader(*rest[-10:-4])
        near = _Near(state, published_at, session, reader)
        found.setdefault((session.id, reader.id), near).given.append(Given(*rest[-4:]))
    return list(found.values())


def _letter(near: _Near, base_url: str) -> Mail:
    session, reader = near.session, near.reader
    with force_locale(reader.language):
        starts = mail.short_moment(session.span.start, reader)
        reason = _(
            "You get this because a calendar that you subscribed has not been updated since the "
            "session was changed."
        )
        return Mail(
            f"unreached:{session.id}",
            reader.email,
            str(_(SUBJECTS[near.state], title=session.title, when=starts)),
            Letter(reader.language, list(_blocks(near, base_url)), str(reason)),
            MailKind.SESSIONS,
            reader.id,
            session.sequence,
        )


def _blocks(near: _Near, base_url: str) -> Iterator[Block]:
    session, reader = near.session, near.reader
    yield mail.greeting(reader)
    when = Fact("", mail.when(session.span, reader, session.zone))
    if near.state == SessionState.CANCELLED:
        yield Text(
            _(
                "A session of “%(title)s” is cancelled. Your calendar program has not looked since "
                "and may still show it.",
                title=session.title,
            )
        )
        yield Facts([when])
    else:
        yield Text(
            _(
                "A session of “%(title)s” was changed. Your calendar program has not looked since "
                "and may still show what was before. This is how it is now:",
                title=session.title,
            )
        )
        yield Facts([when, *place(session)])
    yield Action(f"{base_url}/sessions/{session.id}")
