"""`flask check`: whether the database still keeps what the house promises.

No key is needed: of envelopes only the headers are read, which say what each is and where it
belongs. Whether one opens is for its owner to find out, and the head over their notes tells them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, exists, func, select, text

from supervision.db import db
from supervision.domain.attendance import quarters
from supervision.domain.vault.envelope import (
    HEADER_BYTES,
    TAG_BYTES,
    Type,
    pack_start,
    place_of,
)
from supervision.models import guards
from supervision.models.attendance import THERE, Attendance
from supervision.models.feeds import FeedSubscription
from supervision.models.notes import (
    Note,
    NoteDraft,
    NoteIndex,
    NoteRevision,
    SlotKind,
    Vault,
    VaultSlot,
)
from supervision.models.outside import OutsideBusy, OutsideCalendar
from supervision.models.people import Credential, Person, PersonState
from supervision.models.rosters import LEADS, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session, SessionState
from supervision.models.sharing import Share, ShareComment
from supervision.models.signup import SignupWait
from supervision.services import mail

LATE = timedelta(hours=1)
START = len(pack_start(Type.REVISION))
# After the start: epoch, object, owner and revision. What follows needs the rows before it.
BOUND = START + 4 + 16 + 16 + 8
SLOT_TYPES = {
    SlotKind.PASSPHRASE: Type.PEPPERED,
    SlotKind.RECOVERY: Type.SLOT,
    SlotKind.PENDING: Type.SLOT,
}


_KEPT = (
    select(func.count())
    .where(SignupWait.session_id == Session.id, SignupWait.offered_until.is_not(None))
    .scalar_subquery()
)
# Who led the roster when the session was, or lead it now, had no seat in it.
_SIGNED_UP = (
    select(func.count(Claim.id))
    .join(Membership, Membership.person_id == Claim.person_id)
    .where(
        Claim.session_id == Session.id,
        Membership.roster_id == Session.roster_id,
        Membership.role.not_in(LEADS),
        Membership.joined_at <= Session.starts_at,
        Membership.left_at.is_(None) | (Membership.left_at >= Session.starts_at),
    )
    .scalar_subquery()
)
# Once it is marked who was there, whoever came without a seat has a claim too.
_WAS_MARKED = exists().where(Attendance.session_id == Session.id)
_SEATED = case((Session.capacity.is_not(None), _SIGNED_UP + _KEPT), else_=0)


def faults() -> Iterator[str]:
    """A line for each fault; nothing when all is well."""
    yield from _guards()
    yield from _overlaps()
    yield from _strays()
    yield from _counters()
    yield from _lines()
    yield from _attendance()
    yield from _envelopes()
    yield from _calendars()
    yield from _left()


def _guards() -> Iterator[str]:
    """The database's own refusal of overlaps: a copy made by other means may have lost it."""
    if db.engine.dialect.name == "sqlite":
        names = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'claim'"
        wanted = len(guards.SQLITE_UP)
    else:
        names = f"SELECT count(*) FROM pg_constraint WHERE conname = '{guards.EXCLUSION}'"  # noqa: S608 - a constant
        wanted = 1
    if db.session.execute(text(names)).scalar() != wanted:
        yield "the database's guard against overlapping claims is missing"


def _overlaps() -> Iterator[str]:
    """Hard claims in order of person and start: each is compared with the one that ends last."""
    rows = db.session.execute(
        select(Claim.person_id, Claim.id, Claim.starts_at, Claim.ends_at)
        .where(Claim.hard)
        .order_by(Claim.person_id, Claim.starts_at)
    )
    last: tuple[UUID, UUID, datetime] | None = None
    for person, claim, starts_at, ends_at in rows:
        if last is None or last[0] != person:
            last = (person, claim, ends_at)
            continue
        if starts_at < last[2]:
            yield f"claims {last[1]} and {claim} of person {person} overlap"
        if ends_at > last[2]:
            last = (person, claim, ends_at)


def _strays() -> Iterator[str]:
    """Claims and the sessions that they stand for say the same times."""
    differs = (Claim.starts_at != Session.starts_at) | (Claim.ends_at != Session.ends_at)
    over = Session.state.in_((SessionState.CANCELLED, SessionState.DECLINED))
    rows = db.session.scalars(
        select(Claim.id)
        .join(Session, Session.id == Claim.session_id)
        .where(differs | (over & Claim.hard))
    )
    for claim in rows:
        yield f"claim {claim} does not agree with its session"


def _counters() -> Iterator[str]:
    seated = (
        select(func.count())
        .where(
            Membership.roster_id == Roster.id,
            (Membership.state == MemberState.ACTIVE) & Membership.role.not_in(LEADS)
            | Membership.offered_until.is_not(None),
        )
        .scalar_subquery()
    )
    for roster, taken, counted in db.session.execute(
        select(Roster.id, Roster.taken, seated).where(Roster.taken != seated)
    ):
        yield f"roster {roster} counts {taken} places taken, {counted} are"
    for session, taken, counted in db.session.execute(
        select(Session.id, Session.taken, _SEATED).where(Session.taken != _SEATED, ~_WAS_MARKED)
    ):
        yield f"session {session} counts {taken} places taken, {counted} are"


def _lines() -> Iterator[str]:
    """Nobody waits for a session that is theirs."""
    own = exists().where(
        Claim.session_id == SignupWait.session_id, Claim.person_id == SignupWait.person_id
    )
    waits = select(SignupWait.session_id, SignupWait.person_id).where(own)
    for session, person in db.session.execute(waits):
        yield f"person {person} waits for session {session} and has it"


def _attendance() -> Iterator[str]:
    """Only who had a session was at it, for quarter hours that it has."""
    lines = (
        select(
            Attendance.session_id,
            Attendance.person_id,
            Attendance.state,
            Attendance.minutes,
            Session.ends_at,
            Session.starts_at,
            Claim.id.is_(None),
        )
        .join(Session, Session.id == Attendance.session_id)
        .outerjoin(
            Claim,
            (Claim.session_id == Attendance.session_id) & (Claim.person_id == Attendance.person_id),
        )
    )
    for session, person, state, minutes, ends_at, starts_at, stray in db.session.execute(lines):
        line = f"attendance of person {person} at session {session}"
        if stray:
            yield f"{line} has no claim"
        fits = minutes in quarters(int((ends_at - starts_at).total_seconds()) // 60)
        if not (fits if state in THERE else minutes is None):
            yield f"{line} has impossible minutes"


def _envelopes() -> Iterator[str]:
    yield from _of_notes()
    yield from _of_shares()
    yield from _of_vaults()


def _of_notes() -> Iterator[str]:
    """Revisions, the keys beside them and drafts stand where their headers say they belong."""
    rows = db.session.execute(
        select(
            NoteRevision.note_id,
            Note.owner_id,
            NoteRevision.number,
            NoteRevision.epoch,
            *_header(NoteRevision.envelope),
            *_header(NoteRevision.wrap),
        ).join(Note, Note.id == NoteRevision.note_id)
    )
    for note, owner, number, epoch, envelope, size, wrap, wrap_size in rows:
        place = place_of(note, owner, number, epoch=epoch)
        if not _stands(envelope, size, Type.REVISION, place):
            yield f"revision {number} of note {note} has no sound envelope"
        if not _stands(wrap, wrap_size, Type.WRAP, place):
            yield f"revision {number} of note {note} has no sound key"
    drafts = select(
        NoteDraft.id,
        NoteDraft.note_id,
        NoteDraft.owner_id,
        NoteDraft.base,
        *_header(NoteDraft.envelope),
    )
    for draft, note, owner, base, envelope, size in db.session.execute(drafts):
        if not _stands(envelope, size, Type.DRAFT, place_of(note, owner, base)):
            yield f"draft {draft} has no sound envelope"


def _of_shares() -> Iterator[str]:
    """What is shared, and comments on it, with the authors' own keys to them."""
    texts: list[tuple[str, Type, type[Any], Any]] = [
        ("share", Type.SHARE, Share, Share.owner_id),
        ("comment", Type.COMMENT, ShareComment, ShareComment.author_id),
    ]
    for name, kind, model, author in texts:
        columns = (*_header(model.envelope), *_header(model.wrap))
        query = select(model.id, author, model.number, model.epoch, *columns)
        rows = db.session.execute(query.where(model.envelope != b""))  # one taken back is empty
        for key, author_id, number, epoch, envelope, size, wrap, wrap_size in rows:
            place = place_of(key, author_id, number, epoch=epoch)
            if not _stands(envelope, size, kind, place):
                yield f"{name} {key} has no sound envelope"
            if not _stands(wrap, wrap_size, Type.WRAP, place):
                yield f"{name} {key} has no sound key"


def _of_vaults() -> Iterator[str]:
    """What each person's vault and credential hold is of its type, whole, and this person's."""
    ledgers = select(Vault.person_id, *_header(Vault.shares)).where(Vault.shares.is_not(None))
    parts: list[tuple[str, Type, Any]] = [
        ("private keys", Type.PRIVATE, select(Vault.person_id, *_header(Vault.private))),
        ("catalogue", Type.INDEX, select(NoteIndex.owner_id, *_header(NoteIndex.envelope))),
        ("head", Type.HEAD, select(Vault.person_id, *_header(Vault.head))),
        ("ledger of shares", Type.LEDGER, ledgers),
        ("verifier", Type.VERIFIER, select(Credential.person_id, *_header(Credential.verifier))),
    ]
    for slot, kind in SLOT_TYPES.items():
        query = select(VaultSlot.person_id, *_header(VaultSlot.envelope))
        parts.append((f"{slot} slot", kind, query.where(VaultSlot.kind == slot)))
    for name, kind, query in parts:
        for person, envelope, size in db.session.execute(query):
            if not _stands(envelope, size, kind) or bytes(envelope)[28:44] != person.bytes:
                yield f"the {name} of person {person} is no sound envelope"


def delays(at: datetime) -> Iterator[str]:
    """A line for mails that somebody should look at, and one if nobody sends any."""
    found = mail.standing()
    if found.failed:
        yield f"mails given up: {found.failed} (People, Mails that have not left)"
    due_at = mail.overdue_since(at)
    if due_at and due_at < at - LATE:
        yield f"mails wait since {due_at:%Y-%m-%d %H:%M} UTC: does a worker run?"


def _calendars() -> Iterator[str]:
    """Addresses elsewhere stand where they belong, and busy times with who has the calendar."""
    query = select(
        OutsideCalendar.id, OutsideCalendar.person_id, *_header(OutsideCalendar.address)
    ).order_by(OutsideCalendar.id)
    for key, person, address, size in db.session.execute(query):
        if not _stands(address, size, Type.ADDRESS, place_of(key, person)):
            yield f"calendar {key} has no sound address"
    strays = (
        select(OutsideBusy.calendar_id)
        .join(OutsideCalendar, OutsideCalendar.id == OutsideBusy.calendar_id)
        .where(OutsideCalendar.person_id != OutsideBusy.person_id)
        .distinct()
    )
    for key in db.session.scalars(strays):
        yield f"busy times of calendar {key} are not its owner's"


def _left() -> Iterator[str]:
    """Of who has left there is a name in others' records, and nothing private."""
    for what, theirs in (
        ("a vault", Vault.person_id),
        ("a passphrase", Credential.person_id),
        ("notes", Note.owner_id),
        ("drafts", NoteDraft.owner_id),
        ("a feed", FeedSubscription.person_id),
    ):
        kept = select(Person.id).where(
            Person.state == PersonState.LEFT, exists().where(theirs == Person.id)
        )
        for person in db.session.scalars(kept):
            yield f"person {person} has left and has {what}"


def _header(column: Any) -> tuple[Any, Any]:
    """The bound part of a header, and the size of the whole."""
    return func.substr(column, 1, BOUND), func.length(column)


def _stands(envelope: bytes, size: int, kind: Type, place: bytes = b"") -> bool:
    """Whether a header says what is expected, and something is behind it."""
    wanted = (pack_start(kind) + place)[:BOUND]
    return size > HEADER_BYTES + TAG_BYTES and bytes(envelope)[: len(wanted)] == wanted
