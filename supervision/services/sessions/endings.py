"""When the end of a series is near, kept in its row: by an index, no series is walked through."""

from uuid import UUID

from sqlalchemy import bindparam, select, update

from supervision.db import db, run, table
from supervision.domain.endings import warns_at
from supervision.models.sessions import Series, Session, SessionState

_SERIES = table(Series)
_PLANNED = (
    select(Session.starts_at)
    .where(Session.series_id == bindparam("series_id"), Session.state == SessionState.PLANNED)
    .order_by(Session.starts_at)
)
_THIS = _SERIES.c.id == bindparam("key")
_HAS_END = select(_SERIES.c.id).where(_THIS, _SERIES.c.warn_at.is_not(None))
_KEEP = update(_SERIES).where(_THIS).values(warn_at=bindparam("at"))


def note_ending(series_id: UUID | None) -> None:
    """A session of a series was changed by itself: where the series has an end, see when."""
    if series_id is not None and run(_HAS_END, {"key": series_id}).first():
        set_ending(series_id)


def set_ending(series_id: UUID) -> None:
    """See anew when a series that has an end is near it. What was changed is flushed first."""
    db.session.flush()
    starts = run(_PLANNED, {"series_id": series_id}).scalars().all()
    run(_KEEP, {"key": series_id, "at": warns_at(starts)})


def forget_ending(series_id: UUID) -> None:
    """A series has no end any more, or another goes on from there."""
    db.session.flush()
    run(_KEEP, {"key": series_id, "at": None})
