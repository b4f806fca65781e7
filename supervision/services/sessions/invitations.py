"""The invitations that mails about sessions carry, one a mail, for who takes those."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import bindparam, select, update

from supervision.db import db, insert_new, run, table
from supervision.domain.ical import Occurrence
from supervision.domain.intervals import Interval
from supervision.domain.invitations import Invitation
from supervision.models.people import Person, SessionsBy
from supervision.models.replies import SessionReply
from supervision.models.rosters import LEADS, Membership, MemberState
from supervision.models.sessions import Session, SessionState
from supervision.services.mail import Reader
from supervision.services.sessions.notices import Told

# What was only asked for was never in a calendar.
INVITES = ("booked", "moved", "moved_late", "changed", "extended", "added", "accepted")
CANCELS = ("cancelled", "cancelled_late", "taken_off", "ended")


@dataclass(frozen=True)
class Meeting:
    """A session's times and version now, and who leads its roster, if anybody does."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    published_at: datetime
    sequence: int
    state: str
    lead: str | None

    @property
    def span(self) -> Interval:
        return Interval(self.starts_at, self.ends_at)


_LEAD = (
    select(Person.name)
    .join(Membership, Membership.person_id == Person.id)
    .where(
        Membership.roster_id == Session.roster_id,
        Membership.state == MemberState.ACTIVE,
        Membership.role.in_(LEADS),
    )
    .order_by(Membership.created_at, Membership.id)
    .limit(1)
    .correlate(Session)
    .scalar_subquery()
)
_MEETINGS = select(
    Session.id,
    Session.starts_at,
    Session.ends_at,
    Session.created_at,
    Session.published_at,
    Session.sequence,
    Session.state,
    _LEAD,
).where(Session.id.in_(bindparam("session_ids", expanding=True)))
_TAKERS = select(Person.id).where(
    Person.id.in_(bindparam("ids", expanding=True)), Person.sessions_by != SessionsBy.FEED
)
_INVITED = select(SessionReply.session_id, SessionReply.person_id).where(
    SessionReply.session_id.in_(bindparam("session_ids", expanding=True)),
    SessionReply.person_id.in_(bindparam("ids", expanding=True)),
    SessionReply.invited_at.is_not(None),
)
_INVITE = insert_new(SessionReply)
_REPLY = table(SessionReply)
# Who had answered on the page before they were ever invited has a row already.
_INVITE_TOO = (
    update(_REPLY)
    .where(
        _REPLY.c.session_id == bindparam("of_session"),
        _REPLY.c.person_id == bindparam("of_person"),
        _REPLY.c.invited_at.is_(None),
    )
    .values(invited_at=bindparam("at"))
)


def invited(told: Told, at: datetime) -> dict[UUID, list[Meeting]]:
    """By person, the sessions of a change that they are invited to, or were before.

    A change of one session invites who takes invitations. One of several sessions, which a mail
    cannot invite to at once, reaches only those that somebody was invited to singly. A session
    that has changed again since is left to the mail about that change.
    """
    if not told.session_ids or told.verb not in INVITES + CANCELS:
        return {}
    people = [*told.readers, *([told.doer] if told.doer else [])]
    asked = {"session_ids": told.session_ids, "ids": people}
    pairs = {(row.session_id, row.person_id) for row in run(_INVITED, asked)}
    if len(told.session_ids) == 1:
        pairs |= {(told.session_ids[0], one) for one in run(_TAKERS, {"ids": people}).scalars()}
    meetings = _meetings(told, {session_id for session_id, _person in pairs})
    found: dict[UUID, list[Meeting]] = {}
    for session_id, person_id in sorted(pairs):
        if session_id in meetings:
            found.setdefault(person_id, []).append(meetings[session_id])
    _remember(told, found, at)
    return found


def _meetings(told: Told, session_ids: Collection[UUID]) -> dict[UUID, Meeting]:
    """These sessions as they are, but for those that are no longer as was told."""
    if not session_ids:
        return {}
    rows = run(_MEETINGS, {"session_ids": list(session_ids)})
    found = [Meeting(*tuple(row)) for row in rows]
    return {one.id: one for one in found if _still_so(told, one)}


def _still_so(told: Told, meeting: Meeting) -> bool:
    gone = told.verb in CANCELS and told.verb != "taken_off"
    state = SessionState.CANCELLED if gone else SessionState.PLANNED
    same = told.count > len(told.spans) or meeting.span in told.spans
    return meeting.state == state and same


def _remember(told: Told, found: Mapping[UUID, Sequence[Meeting]], at: datetime) -> None:
    """Who was invited to what: their calendars hear of each change, whatever they choose later."""
    rows = [
        {
            "session_id": meeting.id,
            "person_id": person_id,
            "starts_at": meeting.starts_at,
            "sequence": meeting.sequence,
            "invited_at": at,
        }
        for person_id, meetings in found.items()
        for meeting in meetings
    ]
    if rows and told.verb in INVITES:
        run(_INVITE[db.engine.dialect.name], rows)
        run(
            _INVITE_TOO,
            [
                {"of_session": row["session_id"], "of_person": row["person_id"], "at": at}
                for row in rows
            ],
        )


def only(told: Told, meeting: Meeting) -> Told:
    """A change of several sessions as told of one of them."""
    return replace(
        told,
        event=f"session:{meeting.id}",
        sequence=meeting.sequence,
        verb="cancelled" if told.verb == "ended" else told.verb,
        link=urljoin(told.link, f"/sessions/{meeting.id}") if told.link else "",
        count=1,
        spans=[meeting.span],
        before=None,
        busy={},
    )


def invitation(told: Told, meeting: Meeting, reader: Reader) -> Invitation:
    """The session for one reader's calendar, in the language in force."""
    cancelled = told.verb in CANCELS
    told_of = (
        (_("Place: %(text)s", text=told.address), told.address),
        (_("Join: %(text)s", text=told.meeting_link), told.meeting_link),
        (_("More: %(text)s", text=told.link), told.link),
    )
    event = Occurrence(
        id=meeting.id,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        created_at=meeting.created_at,
        stamped_at=meeting.published_at,
        sequence=meeting.sequence,
        cancelled=cancelled,
        summary=told.title,
        location="" if cancelled else told.address or told.meeting_link,
        description="" if cancelled else "\n".join(line for line, text in told_of if text),
        url=told.link,
        conference="" if cancelled else told.meeting_link,
        category=_("Supervision"),
    )
    return Invitation(event, meeting.lead or told.title, reader.name, reader.id)
