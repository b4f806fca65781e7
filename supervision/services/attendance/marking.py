"""Marking who was there, and correcting it: nothing is overwritten without a trace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, update

from supervision.db import run, table
from supervision.domain.intervals import Interval
from supervision.errors import N_, Conflict, Invalid, NotAllowed
from supervision.models.attendance import THERE, Attendance, AttendanceBefore, Came
from supervision.permissions import Actor
from supervision.services import claims, places
from supervision.services.attendance.letters import tell_marked
from supervision.services.attendance.reading import seen_session, sheet_of
from supervision.services.attendance.sheet import Line, Said, Sheet
from supervision.services.audit import Act, record
from supervision.services.claims import Claimant

REASON = 200
_ATTENDANCE = table(Attendance)
_ADD = insert(_ATTENDANCE)
_CHANGE = update(_ATTENDANCE).where(
    _ATTENDANCE.c.session_id == bindparam("of_session"),
    _ATTENDANCE.c.person_id == bindparam("of_person"),
)
_KEEP = insert(table(AttendanceBefore))


class Changed(Conflict):
    """Somebody else marked the session since it was shown; it has to be looked at again."""


@dataclass(frozen=True)
class Marking:
    """What somebody says of a session whose version `seen` they were shown.

    `said` by person: who is left out stays as shown. `guests` were there unexpected.
    """

    seen: int
    said: Mapping[UUID, Said]
    guests: Mapping[UUID, Said]
    reason: str = ""


def mark_everybody(
    actor: Actor, at: datetime, session_id: UUID, seen: int, base_url: str = ""
) -> None:
    """Everybody was there for the whole of it. Raises as `mark`.

    Changed too when somebody had said that they would not come: then it has to be looked at.
    """
    sheet = _held(actor, at, session_id)
    if not (sheet.version or sheet.everybody):
        raise Changed(N_("Not everybody was expected. Look at each, then save."))
    _mark(actor, at, sheet, Marking(seen, {}, {}), base_url)


def mark(actor: Actor, at: datetime, session_id: UUID, said: Marking, base_url: str = "") -> None:
    """Say who was at a session that has begun, or correct it; what stood before is kept.

    Where equals meet this is a proposal, which the others confirm. Saying what stands already
    changes nothing. Raises NotFound, NotAllowed, Conflict (there is no attendance to mark),
    Changed, Invalid (fields `state-<person>`, `minutes-<person>`, `guest`, `reason`).
    """
    _mark(actor, at, _held(actor, at, session_id), said, base_url)


def _held(actor: Actor, at: datetime, session_id: UUID) -> Sheet:
    """The sheet, which nobody else changes until the commit."""
    session, may_mark = seen_session(actor, at, session_id)
    if not may_mark:
        raise NotAllowed
    places.hold(session.roster_id)
    return sheet_of(actor, at, session_id)


def _mark(actor: Actor, at: datetime, sheet: Sheet, said: Marking, base_url: str) -> None:
    if said.seen != sheet.version:
        raise Changed(N_("Somebody else marked this meanwhile. This is what stands now."))
    changed = _changed(sheet, said)
    guests = _guests(sheet, said.guests)
    if not changed and not guests:
        return
    _write(actor, at, sheet, changed, guests, _reason(sheet, said.reason))
    act = Act.ATTENDANCE_CORRECT if sheet.version else Act.ATTENDANCE_MARK
    people = len(changed) + len(guests)
    record(act, at, actor.id, sheet.session_id, version=sheet.version + 1, people=people)
    tell_marked(actor, at, sheet, changed, base_url)


def _changed(sheet: Sheet, said: Marking) -> dict[UUID, Said]:
    """What has to be written; everything, the first time."""
    known = {line.person_id: line for line in sheet.lines}
    strangers = set(said.said) - set(known)
    if strangers:
        raise Invalid(None, N_("Somebody here is not of this session."))
    wanted = {
        person: _settled(sheet, person, said.said.get(person, line.said))
        for person, line in known.items()
    }
    return {
        person: one
        for person, one in wanted.items()
        if not sheet.version or one != known[person].said
    }


def _settled(sheet: Sheet, person_id: UUID, said: Said) -> Said:
    """What is said, with the state that its minutes make it: less than the whole is a part."""
    if said.state not in sheet.states:
        raise Invalid(f"state-{person_id}", N_("Choose one from the list."))
    if said.state not in THERE:
        return Said(said.state)
    if said.minutes is None or said.minutes not in sheet.quarters:
        raise Invalid(
            f"minutes-{person_id}",
            N_("Choose quarter hours, %(most)s minutes at most."),
            most=sheet.quarters[0],
        )
    return Said(Came.ATTENDED if said.minutes >= sheet.whole else Came.PARTLY, said.minutes)


def _guests(sheet: Sheet, guests: Mapping[UUID, Said]) -> dict[UUID, Said]:
    others = {one.person_id for one in sheet.others}
    if set(guests) - others:
        raise Invalid("guest", N_("Choose a member of this roster who is not listed yet."))
    return {person: _settled(sheet, person, said) for person, said in guests.items()}


def _reason(sheet: Sheet, words: str) -> str:
    clean = " ".join(words.split())
    if len(clean) > REASON:
        raise Invalid("reason", N_("Keep this to %(most)s characters."), most=REASON)
    if sheet.needs_reason and not clean:
        raise Invalid("reason", N_("More than 30 days later a correction needs its reason."))
    return clean


def _write(
    actor: Actor,
    at: datetime,
    sheet: Sheet,
    changed: Mapping[UUID, Said],
    guests: Mapping[UUID, Said],
    reason: str,
) -> None:
    said = {
        "version": sheet.version + 1,
        "marked_by_id": actor.id,
        "marked_at": at,
        "reason": reason,
    }
    lines = {line.person_id: line for line in sheet.lines}
    corrected = [lines[person] for person in changed if lines[person].versions]
    if corrected:
        run(_KEEP, [_former(sheet, line) for line in corrected])
        of = [{"of_session": sheet.session_id, "of_person": one.person_id} for one in corrected]
        run(_CHANGE, [one | vars(changed[one["of_person"]]) | said for one in of])
    new = [lines[person] for person in changed if not lines[person].versions]
    rows = [_row(sheet, line, changed[line.person_id]) | said for line in new]
    rows += [row | said for row in _let_in(sheet, guests)]
    if rows:
        run(_ADD, rows)


def _former(sheet: Sheet, line: Line) -> dict[str, object]:
    """What stands now, as it is kept."""
    last = line.versions[-1]
    return {
        "session_id": sheet.session_id,
        "person_id": line.person_id,
        "version": last.number,
        **vars(last.said),
        "marked_by_id": last.by_id,
        "marked_at": last.at,
        "reason": last.reason,
    }


def _row(sheet: Sheet, line: Line, said: Said) -> dict[str, object]:
    return {
        "session_id": sheet.session_id,
        "person_id": line.person_id,
        **vars(said),
        "role": line.role,
        "contracted": line.contracted,
        "guest": False,
    }


def _let_in(sheet: Sheet, guests: Mapping[UUID, Said]) -> list[dict[str, object]]:
    """Rows of guests; the session becomes theirs, for their calendar and their list."""
    if not guests:
        return []
    claims.serialise(guests)
    span = Interval(sheet.starts_at, sheet.ends_at)
    claims.claim([(sheet.session_id, span)], [Claimant(person, hard=False) for person in guests])
    others = {one.person_id: one for one in sheet.others}
    return [
        {
            "session_id": sheet.session_id,
            "person_id": person,
            **vars(said),
            "role": others[person].role,
            "contracted": False,
            "guest": True,
        }
        for person, said in guests.items()
    ]
