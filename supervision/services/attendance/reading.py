"""Reading the attendance of one session, as far as somebody may see it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from supervision.domain.attendance import FREELY, Standing, standing, whole_minutes
from supervision.domain.leave import on_leave
from supervision.errors import N_, Conflict, NotFound
from supervision.models.attendance import Came
from supervision.models.rosters import LEADS, Kind, MemberState
from supervision.models.sessions import SessionState
from supervision.permissions import Actor, can_mark_attendance, can_see_session
from supervision.services import leave
from supervision.services.attendance import rows
from supervision.services.attendance.rows import Held, Membered
from supervision.services.attendance.sheet import Answer, Line, Said, Sheet, Version
from supervision.services.places import place_of


def sheet_of(actor: Actor, at: datetime, session_id: UUID) -> Sheet:
    """The attendance of a session that has begun, or that a supervisee cancelled late.

    Raises NotFound, and Conflict for a session that has none.
    """
    held, may_mark = seen_session(actor, at, session_id)
    memberships = rows.memberships_of(held.roster_id)
    people = rows.people_of(session_id)
    names = {one.person_id: one.name for one in (*memberships, *people)}
    answers = _answers(session_id, names)
    lines = _marked(held, people, answers, names) or _likely(held, people, memberships)
    return _sheet(actor, at, held, may_mark, lines, answers, memberships)


def sheet_if_any(actor: Actor, at: datetime, session_id: UUID) -> Sheet | None:
    """As `sheet_of`, None for a session that has no attendance. Raises NotFound."""
    try:
        return sheet_of(actor, at, session_id)
    except Conflict:
        return None


def seen_session(actor: Actor, at: datetime, session_id: UUID) -> tuple[Held, bool]:
    """A session that has attendance, and whether the actor may mark it. Raises as `sheet_of`."""
    held = rows.session_row(actor, session_id)
    place = place_of(actor, held.roster_id) if held else None
    if held is None or not can_see_session(
        place, held.kind, for_all=held.for_all, is_theirs=held.claimed
    ):
        raise NotFound
    _check(held, at)
    return held, can_mark_attendance(place, held.kind)


def _check(held: Held, at: datetime) -> None:
    if held.state in (SessionState.REQUESTED, SessionState.DECLINED):
        raise Conflict(N_("This session was asked for and is not booked."))
    if held.state == SessionState.CANCELLED and not held.late:
        raise Conflict(N_("This session was cancelled; nobody is marked for it."))
    if held.starts_at > at:
        raise Conflict(N_("This session has not begun yet. Who was there is said afterwards."))


def _answers(session_id: UUID, names: Mapping[UUID, str]) -> list[Answer]:
    return [
        Answer(person_id, names[person_id], *rest)
        for person_id, *rest in map(tuple, rows.answers_of(session_id))
    ]


def _marked(
    held: Held, people: Iterable[Any], answers: list[Answer], names: Mapping[UUID, str]
) -> list[Line]:
    """The people of whom something was said, with all that was ever said."""
    former: dict[UUID, list[Version]] = defaultdict(list)
    marked = [row for row in people if row.state is not None]
    for row in rows.before_of(held.id) if marked else ():
        former[row.person_id].append(_version(row, names))
    last = {one.person_id: one for one in answers}
    return [_line(row, former[row.person_id], last.get(row.person_id), names) for row in marked]


def _version(row: Any, names: Mapping[UUID, str]) -> Version:
    said = Said(row.state, row.minutes)
    by = row.marked_by_id
    return Version(row.version, said, by, names[by], row.marked_at, row.reason)


def _line(
    row: Any, former: list[Version], answer: Answer | None, names: Mapping[UUID, str]
) -> Line:
    """The last answer is a remark as long as nothing was corrected since it was given."""
    open_remark = answer is not None and not answer.agrees and answer.version >= row.version
    return Line(
        person_id=row.person_id,
        name=row.name,
        role=row.role,
        contracted=row.contracted,
        guest=row.guest,
        said=Said(row.state, row.minutes),
        versions=(*former, _version(row, names)),
        remark=answer.words if answer and open_remark else "",
    )


def _likely(held: Held, people: Iterable[Any], memberships: list[Membered]) -> list[Line]:
    """Everybody whose session it is, with what is likely: there for the whole of it."""
    then = rows.at_the_time(memberships, held.starts_at)
    day = held.starts_at.astimezone(ZoneInfo(held.zone)).date()
    away = on_leave(leave.leaves_of(held.roster_id), day)
    lines = [_expected(held, row, then.get(row.person_id), away) for row in people]
    if held.state == SessionState.CANCELLED:
        return [line for line in lines if line.role not in LEADS]
    return lines


def _expected(held: Held, row: Any, then: Membered | None, away: set[UUID]) -> Line:
    said = Said(Came.ATTENDED, whole_minutes(held.length))
    if held.state == SessionState.CANCELLED:
        said = Said(Came.LATE)
    elif row.person_id in away:
        said = Said(Came.ON_LEAVE)
    elif row.said_absent:
        said = Said(Came.CANCELLED)
    return Line(
        person_id=row.person_id,
        name=row.name,
        role=then.role if then else "",
        contracted=then is not None and then.contracted and then.held_at(held.starts_at),
        guest=False,
        said=said,
        said_absent=row.said_absent,
        absent_at=row.said_absent_at,
    )


def _sheet(
    actor: Actor,
    at: datetime,
    held: Held,
    may_mark: bool,
    lines: list[Line],
    answers: list[Answer],
    memberships: list[Membered],
) -> Sheet:
    """What the actor sees: everything if they may mark, their own line if not."""
    lines = sorted(lines, key=lambda one: (one.guest, one.role not in LEADS, one.name.lower()))
    versions = [version for line in lines for version in line.versions]
    marked = max(versions, key=lambda one: one.number, default=None)
    now = {one.person_id: one.agrees for one in answers if marked and one.version == marked.number}
    expected = {line.person_id for line in lines if not line.guest}
    mine = next((line for line in lines if line.person_id == actor.id), None)
    seen = [line for line in lines if may_mark or line is mine]
    cancelled = held.state == SessionState.CANCELLED
    return Sheet(
        session_id=held.id,
        roster_id=held.roster_id,
        title=held.title,
        kind=held.kind,
        starts_at=held.starts_at,
        ends_at=held.ends_at,
        zone=held.zone,
        length=held.length,
        cancelled=cancelled,
        version=marked.number if marked else 0,
        lines=seen,
        answers=[one for one in answers if may_mark or one.person_id == actor.id],
        others=_others(lines, memberships) if may_mark and not cancelled else [],
        mine=mine,
        my_answer=now.get(actor.id),
        marked=marked,
        standing=_standing(held, seen, expected, marked, now, at),
        agreed=len(_agreed(expected, marked, now)),
        expected=len(expected),
        may_mark=may_mark,
        needs_reason=marked is not None and at > held.ends_at + FREELY,
    )


def _others(lines: list[Line], memberships: list[Membered]) -> list[Membered]:
    """Members for whom the session was not, and who might have come to it."""
    known = {line.person_id for line in lines}
    current = (MemberState.ACTIVE, MemberState.WAITING)
    found = [one for one in memberships if one.state in current and one.person_id not in known]
    return sorted(found, key=lambda one: one.name.lower())


def _standing(
    held: Held,
    lines: list[Line],
    expected: set[UUID],
    marked: Version | None,
    now: dict[UUID, bool],
    at: datetime,
) -> Standing:
    """Where somebody leads, their word stands unless somebody says otherwise of themself."""
    if marked is None:
        return Standing.WAITS
    if held.kind == Kind.PEER:
        return standing(expected, marked.by_id, now, marked.at, at)
    return Standing.OPEN if any(line.remark for line in lines) else Standing.CONFIRMED


def _agreed(expected: set[UUID], marked: Version | None, now: dict[UUID, bool]) -> set[UUID]:
    agree = {person for person, agrees in now.items() if agrees}
    return expected & (agree | ({marked.by_id} if marked else set()))
