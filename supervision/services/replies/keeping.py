"""The row of an answer: a later one takes its place, an older one changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, and_, or_, true
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from supervision.db import db, run, table
from supervision.domain.replies import Answer
from supervision.models.replies import SessionReply, Via
from supervision.services.audit import Act, record
from supervision.services.replies.meetings import Meeting

_REPLY = table(SessionReply)
_KEY = ["session_id", "person_id"]
_TAKEN = ("answer", "via", "starts_at", "sequence", "stamped_at", "answered_at")


def keep(
    meeting: Meeting, person_id: UUID, answer: Answer, via: Via, at: datetime, stamped_at: datetime
) -> bool:
    """Keep an answer; False for a calendar's that is older than what was said, and for a link's
    that was used.
    """
    values = _values(meeting, person_id, answer, via, at, stamped_at)
    kept = run(_statement([values], via)).first() is not None
    if kept:
        record(Act.SESSION_REPLY, at, person_id, meeting.id, answer=answer, via=via)
    return kept


def keep_all(
    series_id: UUID,
    meetings: Sequence[Meeting],
    person_id: UUID,
    answer: Answer,
    at: datetime,
    stamped_at: datetime,
) -> int:
    """Keep a calendar's answer to a series for these meetings of it; how many it was new to."""
    via = Via.CALENDAR
    rows = [_values(one, person_id, answer, via, at, stamped_at) for one in meetings]
    kept = len(run(_statement(rows, via)).all()) if rows else 0
    if kept:
        told = {"answer": answer, "via": via, "sessions": kept}
        record(Act.SERIES_REPLY, at, person_id, series_id, **told)
    return kept


def _values(
    meeting: Meeting, person_id: UUID, answer: Answer, via: Via, at: datetime, stamped_at: datetime
) -> dict[str, object]:
    return {
        "session_id": meeting.id,
        "person_id": person_id,
        "answer": answer,
        "via": via,
        "starts_at": meeting.starts_at,
        "sequence": meeting.sequence,
        "stamped_at": stamped_at,
        "answered_at": at,
        "link_sequence": meeting.sequence if via == Via.LINK else None,
    }


def _statement(rows: list[dict[str, object]], via: Via) -> Executable:
    """Returns a row where an answer was kept. On the page somebody is here, now, and right."""
    make = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    made = make(_REPLY).values(rows)
    new, old = made.excluded, _REPLY.c
    changes = {name: new[name] for name in _TAKEN}
    if via == Via.PAGE:
        return _upsert(made, changes, true())
    if via == Via.LINK:
        unused = or_(old.link_sequence.is_(None), old.link_sequence < new.sequence)
        changes["link_sequence"] = new.sequence
        return _upsert(made, changes, unused)
    later = or_(
        old.stamped_at.is_(None),
        old.sequence < new.sequence,
        and_(old.sequence == new.sequence, old.stamped_at < new.stamped_at),
    )
    return _upsert(made, changes, later)


def _upsert(made: Any, changes: dict[str, Any], where: ColumnElement[bool]) -> Executable:
    statement = made.on_conflict_do_update(index_elements=_KEY, set_=changes, where=where)
    return statement.returning(_REPLY.c.person_id)  # type: ignore[no-any-return]
