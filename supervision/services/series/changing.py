"""Change where a series meets and whom it is for: from a session on, or all that is to come."""

from datetime import datetime
from uuid import UUID

from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.series.parts import Which
from supervision.services.series.rows import coming, due_of, put_setting, series_of
from supervision.services.sessions.changing import Changed, Event, put_on
from supervision.services.sessions.one import changeable_session
from supervision.services.sessions.plan import checked_message
from supervision.services.sessions.setting import Setting


def change_series(
    actor: Actor,
    at: datetime,
    session_id: UUID,
    setting: Setting,
    which: Which,
    message: str = "",
    base_url: str = "",
) -> Changed:
    """As `change_session`, for a session and what follows, or for all to come of its series.

    The series keeps the setting, for what it makes as it rolls on or is extended. Its rule stays,
    so that nothing is split. What was moved singly keeps its time.
    """
    setting, message = setting.checked(), checked_message(message)
    roster, session = changeable_session(actor, at, session_id)
    series = series_of(session)
    series.sequence += 1
    from_due = due_of(session) if which == Which.FOLLOWING else None
    sessions = sorted(coming(series.id, at, from_due), key=lambda one: one.starts_at)
    event = Event(f"series:{series.id}", series.sequence, message)
    done = put_on(actor, at, roster, sessions, setting, event, base_url)
    put_setting(series, setting)
    record(Act.SERIES_CHANGE, at, actor.id, series.id, roster=roster.id, sessions=done.count)
    return done
