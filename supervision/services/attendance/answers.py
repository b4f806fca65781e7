"""Agreeing with what was marked, or saying that it is not right."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from supervision.db import run, table
from supervision.errors import N_, Conflict, Invalid, NotAllowed
from supervision.models.attendance import AttendanceAnswer
from supervision.permissions import Actor
from supervision.services import places
from supervision.services.attendance.letters import tell_disagreed
from supervision.services.attendance.marking import Changed
from supervision.services.attendance.reading import seen_session, sheet_of
from supervision.services.attendance.sheet import Sheet
from supervision.services.audit import Act, record

WORDS = 300
_ADD = insert(table(AttendanceAnswer)).inline()


def agree(actor: Actor, at: datetime, session_id: UUID, seen: int) -> None:
    """What was marked is right; whoever had said otherwise says so no longer.

    Among equals that is about the whole, where somebody leads about oneself. Raises NotFound,
    NotAllowed (nobody else said anything of the actor), Changed, Conflict.
    """
    sheet = _held(actor, at, session_id, seen)
    if sheet.my_answer is not True:
        _add(actor, at, sheet, agrees=True)
        record(Act.ATTENDANCE_AGREE, at, actor.id, session_id, version=sheet.version)


def disagree(
    actor: Actor, at: datetime, session_id: UUID, seen: int, words: str, base_url: str = ""
) -> None:
    """What was marked is not right, in a few words that stand beside it; who runs it is told.

    Raises as `agree`, and Invalid (`words`).
    """
    clean = " ".join(words.split())
    if not clean:
        raise Invalid("words", N_("Say in a few words what is not right."))
    if len(clean) > WORDS:
        raise Invalid("words", N_("Keep this to %(most)s characters."), most=WORDS)
    sheet = _held(actor, at, session_id, seen)
    _add(actor, at, sheet, agrees=False, words=clean)
    record(Act.ATTENDANCE_DISAGREE, at, actor.id, session_id, version=sheet.version)
    tell_disagreed(actor, at, sheet, base_url)


def _held(actor: Actor, at: datetime, session_id: UUID, seen: int) -> Sheet:
    """The sheet as it was shown, which nobody changes until the commit."""
    session, _may_mark = seen_session(actor, at, session_id)
    places.hold(session.roster_id)
    sheet = sheet_of(actor, at, session_id)
    if sheet.marked is None:
        raise Conflict(N_("Nobody has marked this session yet."))
    if seen != sheet.version:
        raise Changed(N_("Somebody else marked this meanwhile. This is what stands now."))
    if not sheet.may_answer:
        raise NotAllowed
    return sheet


def _add(actor: Actor, at: datetime, sheet: Sheet, agrees: bool, words: str = "") -> None:
    row = {
        "session_id": sheet.session_id,
        "person_id": actor.id,
        "version": sheet.version,
        "agrees": agrees,
        "words": words,
        "said_at": at,
    }
    run(_ADD, row)
