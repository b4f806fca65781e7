"""Making a feed's bytes from the rows that it may show."""

from collections import defaultdict
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from supervision.db import db
from supervision.domain import ical
from supervision.models.feeds import Privacy, Scope
from supervision.models.people import Person
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.models.sessions import MAX_MINUTES, PUBLISHED, Claim, Session, SessionState
from supervision.services.feeds.words import Words, words_in

# Above this some clients take seconds to read a feed; the furthest sessions wait their turn.
MOST_EVENTS = 2000


@dataclass(frozen=True)
class Wanted:
    """Whose feed, of what, how open, on which local day of which zone, in which language."""

    person_id: UUID
    scope: str
    roster_id: UUID | None
    privacy: str
    day: date
    zone: str
    language: str
    base_url: str


@dataclass(frozen=True)
class Meeting:
    """A session and its roster, as read for a feed.

    `mine`: the reader is expected, or where members sign up has done so; `signup`: they do.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    published_at: datetime
    sequence: int
    state: str
    roster_id: UUID
    title: str
    kind: str
    address: str
    meeting_link: str
    for_all: bool
    signup: bool
    mine: bool


@dataclass
class Company:
    """Who else is in a roster now, by id, and when that last changed."""

    names: dict[UUID, str] = field(default_factory=dict)
    changed_at: datetime | None = None

    def only(self, people: Container[UUID]) -> "Company":
        """Those of them for whom a session is."""
        kept = {key: name for key, name in self.names.items() if key in people}
        return Company(kept, self.changed_at)


class RosterLeftError(Exception):
    """The feed shows a roster of which its person is no active member any more."""


def build(wanted: Wanted) -> bytes:
    """The whole feed, checked. Raises RosterLeftError, and BadFeedError for one not to publish."""
    words = words_in(wanted.language)
    name = _calendar_name(wanted, words)
    meetings = _meetings(wanted)
    company = _company(wanted, meetings) if wanted.privacy == Privacy.FULL else {}
    events = [
        ical.event(_occurrence(wanted, words, meeting, company.get(meeting.id)))
        for meeting in meetings
    ] or [ical.placeholder(wanted.day, words.nothing)]
    body = ical.calendar(name, wanted.zone, events)
    ical.check(body, len(events))
    return body


def _calendar_name(wanted: Wanted, words: Words) -> str:
    if wanted.scope != Scope.ROSTER:
        return words.calendar
    row = db.session.execute(
        select(Roster.title, Roster.kind)
        .join(Membership, Membership.roster_id == Roster.id)
        .where(Roster.id == wanted.roster_id, *_active(wanted.person_id))
    ).one_or_none()
    if row is None:
        raise RosterLeftError
    told: dict[str, str] = {Privacy.FULL: row.title, Privacy.PLAIN: words.kinds[row.kind]}
    return told.get(wanted.privacy, words.calendar)


def _active(person_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (Membership.person_id == person_id, Membership.state == MemberState.ACTIVE)


def _meetings(wanted: Wanted) -> list[Meeting]:
    """The sessions of the rosters in which the person is active, by time, at most MOST_EVENTS.

    Those for some members alone where the person is one of them. What one did not sign up for is
    told as open by the feed of its roster alone, if that tells anything but when one is busy.
    """
    start, end = ical.window(wanted.day, wanted.zone)
    theirs = exists().where(Claim.session_id == Session.id, Claim.person_id == wanted.person_id)
    mine = or_(Session.capacity.is_(None), theirs)
    query = _columns(mine).where(
        *_active(wanted.person_id),
        Session.starts_at > start - timedelta(minutes=MAX_MINUTES),
        Session.ends_at > start,
        Session.starts_at < end,
        Session.state.in_(PUBLISHED),
        or_(Session.for_all, theirs),
        or_(
            Session.state != SessionState.CANCELLED,
            Session.ends_at > start + ical.PAST - ical.CANCELLED_KEPT,
        ),
    )
    if wanted.scope == Scope.ROSTER:
        query = query.where(Session.roster_id == wanted.roster_id)
    if wanted.scope != Scope.ROSTER or wanted.privacy == Privacy.BUSY:
        query = query.where(mine)
    rows = db.session.execute(query.order_by(Session.starts_at, Session.id).limit(MOST_EVENTS))
    return [Meeting(*row) for row in rows]


def _columns(mine: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Session.id,
            Session.starts_at,
            Session.ends_at,
            Session.created_at,
            Session.published_at,
            Session.sequence,
            Session.state,
            Roster.id,
            Roster.title,
            Roster.kind,
            func.coalesce(Session.address, Roster.address),
            func.coalesce(Session.meeting_link, Roster.meeting_link),
            Session.for_all,
            Session.capacity.is_not(None),
            mine,
        )
        .join(Roster, Roster.id == Session.roster_id)
        .join(Membership, Membership.roster_id == Roster.id)
    )


def _company(wanted: Wanted, meetings: Sequence[Meeting]) -> dict[UUID, Company]:
    """Who else comes to each meeting: read only for feeds that tell names.

    Where members sign up that changes every day, and is not told.
    """
    rosters = _companies(wanted, {meeting.roster_id for meeting in meetings})
    some = [meeting.id for meeting in meetings if not meeting.for_all]
    people: defaultdict[UUID | None, set[UUID]] = defaultdict(set)
    if some:
        claimed = select(Claim.session_id, Claim.person_id).where(Claim.session_id.in_(some))
        for session_id, person_id in db.session.execute(claimed):
            people[session_id].add(person_id)
    return {
        meeting.id: rosters[meeting.roster_id]
        if meeting.for_all
        else rosters[meeting.roster_id].only(people[meeting.id])
        for meeting in meetings
        if not meeting.signup
    }


def _companies(wanted: Wanted, roster_ids: Collection[UUID]) -> dict[UUID, Company]:
    """The other members of these rosters."""
    rows = db.session.execute(
        select(
            Membership.roster_id,
            Membership.person_id,
            Membership.state,
            Membership.joined_at,
            Membership.left_at,
            Person.name,
        )
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.roster_id.in_(roster_ids), Membership.joined_at.is_not(None))
        .order_by(Person.name)
    )
    found: defaultdict[UUID, Company] = defaultdict(Company)
    for row in rows:
        company = found[row.roster_id]
        stamps = (company.changed_at, row.joined_at, row.left_at)
        company.changed_at = max(stamp for stamp in stamps if stamp)
        if row.state == MemberState.ACTIVE and row.person_id != wanted.person_id:
            company.names[row.person_id] = row.name
    return found


def _occurrence(
    wanted: Wanted, words: Words, meeting: Meeting, company: Company | None
) -> ical.Occurrence:
    """What this feed tells of a session: nothing but the time, where it is, or who comes too."""
    busy = wanted.privacy == Privacy.BUSY
    cancelled = meeting.state == SessionState.CANCELLED
    summary = _summary(wanted.privacy, words, meeting)
    if cancelled:
        summary = words.cancelled % {"text": summary}
    elif not meeting.mine:
        summary = words.open % {"text": summary}
    page = f"{wanted.base_url}/sessions/{meeting.id}"
    return ical.Occurrence(
        id=meeting.id,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        created_at=meeting.created_at,
        stamped_at=_stamp(meeting, company),
        sequence=meeting.sequence,
        cancelled=cancelled,
        summary=summary,
        busy=meeting.mine,
        location="" if busy else meeting.address or meeting.meeting_link,
        description="" if busy else _description(words, meeting, company, page),
        url="" if busy else page,
        conference="" if busy else meeting.meeting_link,
        category="" if busy else words.calendar,
    )


def _summary(privacy: str, words: Words, meeting: Meeting) -> str:
    if privacy == Privacy.BUSY:
        return words.busy
    return meeting.title if privacy == Privacy.FULL else words.kinds[meeting.kind]


def _description(words: Words, meeting: Meeting, company: Company | None, page: str) -> str:
    told = (
        (words.people_line, ", ".join(company.names.values()) if company else ""),
        (words.place_line, meeting.address),
        (words.link_line, meeting.meeting_link),
        (words.page_line, page),
    )
    return "\n".join(line % {"text": text} for line, text in told if text)


def _stamp(meeting: Meeting, company: Company | None) -> datetime:
    """When what is told last changed: clients ignore a change whose stamp did not grow."""
    if company is None or company.changed_at is None:
        return meeting.published_at
    return max(meeting.published_at, company.changed_at)
