"""The invitations that mails about sessions carry, one a mail, for who takes those."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urljoin
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ScalarSelect, bindparam, select, update

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
# What is somebody's no longer may be others' still.
NOT_THEIRS = ("taken_off", "left")
CANCELS = ("cancelled", "cancelled_late", "ended", *NOT_THEIRS)
# Told to those alone in whose calendar something stands that has to change.
QUIET = ("left", "left_out")
NO_TIME, SECOND = timedelta(), timedelta(seconds=1)
Pairs = Collection[tuple[UUID, UUID]]


class Carried(Protocol):
    """What a mail brings into its reader's calendar, or takes out of it."""

    def is_all_of(self, told: Told) -> bool:
        """Whether the change is about nothing else, so that the mail about it carries this."""
        ...

    def alone(self, told: Told) -> Told:
        """The change as told of this alone, in a mail of its own."""
        ...

    def invitation(self, told: Told, reader: Reader) -> Invitation:
        """For one reader's calendar, in the language in force."""
        ...


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

    def is_all_of(self, told: Told) -> bool:
        return told.session_ids == [self.id]

    def alone(self, told: Told) -> Told:
        return replace(
            told,
            event=f"session:{self.id}",
            sequence=self._sequence(told),
            verb="cancelled" if told.verb == "ended" else told.verb,
            link=urljoin(told.link, f"/sessions/{self.id}") if told.link else "",
            count=1,
            spans=[self.span],
            before=None,
            busy={},
        )

    def _sequence(self, told: Told) -> int:
        """The session's own; who has left is told something newer, though it has not changed."""
        return self.sequence + (told.verb == "left")

    def invitation(self, told: Told, reader: Reader) -> Invitation:
        shown = Occurrence(
            id=self.id,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            created_at=self.created_at,
            stamped_at=self.published_at + (SECOND if told.verb == "left" else NO_TIME),
            sequence=self._sequence(told),
            cancelled=told.verb in CANCELS,
            summary=told.title,
            url=told.link,
        )
        event = worded(shown, told.address, told.meeting_link)
        return Invitation(event, self.lead or told.title, reader.name, reader.id)


def worded(event: Occurrence, address: str, meeting_link: str) -> Occurrence:
    """An event with its place, if it will be, and what else stands in each, in the language in
    force."""
    if event.cancelled:
        return replace(event, category=_("Supervision"))
    told_of = (
        (_("Place: %(text)s", text=address), address),
        (_("Join: %(text)s", text=meeting_link), meeting_link),
        (_("More: %(text)s", text=event.url), event.url),
    )
    return replace(
        event,
        location=address or meeting_link,
        description="\n".join(line for line, text in told_of if text),
        conference=meeting_link,
        category=_("Supervision"),
    )


def lead_of(roster_id: Any) -> ScalarSelect[str | None]:
    """The name of who leads a roster, first of several, as a subquery on its id."""
    return (
        select(Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.roster_id == roster_id,
            Membership.state == MemberState.ACTIVE,
            Membership.role.in_(LEADS),
        )
        .order_by(Membership.created_at, Membership.id)
        .limit(1)
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
    lead_of(Session.roster_id),
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


def everybody(told: Told) -> list[UUID]:
    """Whom a change concerns: who is told of it, and who did it."""
    return [*told.readers, *([told.doer] if told.doer else [])]


def takers(people: Sequence[UUID]) -> set[UUID]:
    """Who of these takes invitations."""
    return set(run(_TAKERS, {"ids": people}).scalars())


def invited(
    told: Told, at: datetime, by_series: Pairs = (), singly: Pairs = ()
) -> dict[UUID, list[Meeting]]:
    """By person, the sessions of a change that they are invited to singly, or were before.

    A change of one session invites who takes invitations. One of several reaches only those that
    somebody was invited to singly. Pairs of session and person: what they hear of `by_series`
    already, and what beside that is to be told `singly`. A session that has changed again since
    is left to the mail about that change.
    """
    if not told.session_ids or told.verb not in INVITES + CANCELS:
        return {}
    people = everybody(told)
    asked = {"session_ids": told.session_ids, "ids": people}
    pairs = {(row.session_id, row.person_id) for row in run(_INVITED, asked)}
    if len(told.session_ids) == 1 and told.verb != "left":
        new = {(told.session_ids[0], one) for one in takers(people)}
        pairs |= new - set(by_series)
    pairs |= set(singly)
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
    gone = told.verb in CANCELS and told.verb not in NOT_THEIRS
    state = SessionState.CANCELLED if gone else SessionState.PLANNED
    untold = meeting.id not in told.session_ids
    same = untold or told.count > len(told.spans) or meeting.span in told.spans
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
