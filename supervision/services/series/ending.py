"""A series that nears its end: who runs its roster is told once, and reminded until they act."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, exists, literal_column, select
from sqlalchemy.orm import aliased

from supervision.db import db, run, writing
from supervision.domain.recurrence import Repeat
from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.rosters import Roster, RosterState
from supervision.models.sessions import Series, Session, SessionState, Warned
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.places import Held, hold
from supervision.services.series.rows import going
from supervision.services.sessions.endings import forget_ending, set_ending
from supervision.services.sessions.letters import who_run

WORDS = (
    N_("Ends soon: %(title)s"),
    N_(
        "A series of “%(title)s” ends soon. The last session is on %(when)s.\n\n"
        "Extend it, or let it end:\n%(link)s\n"
    ),
)
# Said in the statement itself: only then does the small index of those not warned of serve.
_NOT_WARNED = Series.warned == literal_column(f"'{Warned.NOT_YET}'")
_LATER = aliased(Series)


def goes_on(series_id: UUID) -> bool:
    """Whether another series goes on from this one, which was split."""
    later = exists().where(_LATER.split_from_id == series_id, _LATER.state == SessionState.PLANNED)
    return bool(db.session.scalar(select(later)))


def see_ending(series: Series) -> None:
    """A series was booked or changed: see anew when its end is near, if it has one."""
    if not Repeat.parse(series.rrule).is_open and not goes_on(series.id):
        set_ending(series.id)
    elif series.warn_at is not None:
        forget_ending(series.id)


_DUE = (
    select(Series.id)
    .join(Roster, Roster.id == Series.roster_id)
    .where(
        _NOT_WARNED,
        Series.warn_at <= bindparam("at"),
        Series.state == SessionState.PLANNED,
        Roster.state == RosterState.ACTIVE,
    )
)
_HAS_DUE = select(_DUE.exists())


def has_endings(at: datetime) -> bool:
    """Whether somebody is to be told that a series nears its end."""
    return bool(run(_HAS_DUE, {"at": at}).scalar())


def warn_due(at: datetime, base_url: str = "") -> int:
    """Tell those who run a roster that a series of it nears its end; returns how many series.

    Each by a transaction of its own; safe to run as often as one likes.
    """
    found = run(_DUE, {"at": at}).scalars().all()
    return sum(_warn(series_id, at, base_url) for series_id in found)


def _warn(series_id: UUID, at: datetime, base_url: str) -> int:
    with writing():
        series = db.session.get_one(Series, series_id, populate_existing=True)
        roster = hold(series.roster_id)
        db.session.refresh(series)
        near = series.warn_at is not None and series.warn_at <= at
        if not near or series.warned != Warned.NOT_YET:
            return 0
        series.warned = Warned.TOLD
        db.session.flush()
        _tell(roster, series, at, base_url)
    return 1


def _tell(roster: Held, series: Series, at: datetime, base_url: str) -> None:
    """One mail to each of those who run the roster, while there is a session to come."""
    last = db.session.scalar(
        select(Session.starts_at)
        .where(
            Session.series_id == series.id,
            Session.starts_at > at,
            Session.state == SessionState.PLANNED,
        )
        .order_by(Session.starts_at.desc())
        .limit(1)
    )
    if last is None:
        return
    subject, body = WORDS
    for reader in who_run(roster):
        mail.tell(
            reader,
            f"series-ends:{series.id}:{series.sequence}",
            subject,
            body,
            at,
            kind=MailKind.SESSIONS,
            title=roster.title,
            when=mail.moment(last, reader),
            link=f"{base_url}/series/{series.id}/extend",
        )


def dismiss_ending(actor: Actor, at: datetime, series_id: UUID) -> None:
    """Let a series end without another word about it. Raises NotFound, NotAllowed, Conflict."""
    _roster, series = going(actor, series_id)
    series.warned = Warned.DISMISSED
    db.session.flush()
    record(Act.SERIES_LET_END, at, actor.id, series_id)
