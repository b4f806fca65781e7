"""Making a feed's bytes from the rows that it may show."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from supervision.domain import ical
from supervision.models.feeds import Privacy, Scope
from supervision.models.sessions import SessionState
from supervision.services.feeds import rows
from supervision.services.feeds.fragments import NOTHING, Built, digest
from supervision.services.feeds.rows import Company, Meeting, Place, Wanted, session_id
from supervision.services.feeds.words import Words, words_in

# The version of a session, who else comes where that is told, and whether it is the reader's.
Due = tuple[str, Company | None, bool]
# What a key says of whether the reader comes.
_OPEN = {True: "", False: " open"}


class RosterLeftError(Exception):
    """The feed shows a roster of which its person is no active member any more."""


def build(wanted: Wanted, before: Built = NOTHING) -> Built:
    """The whole feed, checked. Events are taken from `before` where nothing of them has changed.

    Raises RosterLeftError, and BadFeedError for one not to publish.
    """
    words, places = words_in(wanted.language), rows.places(wanted)
    if wanted.scope == Scope.ROSTER and not places:
        raise RosterLeftError
    due = _due(wanted, words, places)
    kept = before.events()
    made = _made(wanted, words, places, {key: due[key] for key in due.keys() - kept.keys()})
    # A session that was deleted between the two looks is in neither.
    events = {key: event for key in due if (event := kept.get(key) or made.get(key))}
    shown = list(events.values()) or [ical.placeholder(wanted.day, words.nothing)]
    body = ical.calendar(_calendar_name(wanted, words, places), wanted.zone, shown)
    ical.check(body, len(shown), made.values() if events else shown)
    return Built(body, tuple(events))


def _calendar_name(wanted: Wanted, words: Words, places: Mapping[UUID, Place]) -> str:
    if wanted.scope != Scope.ROSTER:
        return words.calendar
    (place,) = places.values()
    told: dict[str, str] = {Privacy.FULL: place.title, Privacy.PLAIN: words.kinds[place.kind]}
    return told.get(wanted.privacy, words.calendar)


def _due(wanted: Wanted, words: Words, places: Mapping[UUID, Place]) -> dict[str, Due]:
    """The events of the feed by time. A key says all that an event depends on.

    Who else comes is not told where members sign up: that changes every day.
    """
    shared = _shared(wanted, words, places)
    # A roster that was left between the two looks is not shown.
    if wanted.privacy != Privacy.FULL:
        return {
            f"{version} {shared[roster]}{_OPEN[mine]}": (version, None, mine)
            for version, roster, _for_all, _signup, mine in rows.versions(wanted)
            if roster in shared
        }
    found = [one for one in rows.versions(wanted) if one.roster in shared]
    companies = rows.companies(wanted.person_id, places)
    some = rows.claimed([session_id(one.version) for one in found if not one.for_all])
    due: dict[str, Due] = {}
    for one in found:
        company: Company | None = companies[UUID(one.roster)]
        if one.signup:
            company = None
        elif company and not one.for_all:
            company = company.only(some[session_id(one.version)])
        key = f"{one.version} {digest(shared[one.roster], company)}{_OPEN[one.mine]}"
        due[key] = (one.version, company, one.mine)
    return due


def _shared(wanted: Wanted, words: Words, places: Mapping[UUID, Place]) -> dict[str, str]:
    """What the events of each roster have in common, by its id as either database writes it."""
    told = {
        key: digest(wanted.privacy, wanted.base_url, words, place) for key, place in places.items()
    }
    return {text: one for key, one in told.items() for text in (key.hex, str(key))}


def _made(
    wanted: Wanted, words: Words, places: Mapping[UUID, Place], due: Mapping[str, Due]
) -> dict[str, bytes]:
    """New events by key."""
    ids = {key: session_id(text) for key, (text, _company, _mine) in due.items()}
    meetings = {one.id: one for one in rows.meetings(ids.values())}
    return {
        key: ical.event(
            occurrence(wanted, words, meeting, places[meeting.roster_id], company, mine)
        )
        for key, (_text, company, mine) in due.items()
        if (meeting := meetings.get(ids[key]))
    }


def occurrence(
    wanted: Wanted,
    words: Words,
    meeting: Meeting,
    place: Place,
    company: Company | None,
    mine: bool,
) -> ical.Occurrence:
    """What a feed tells of a session: nothing but the time, where it is, or who comes too.

    What is not `mine` is open: the reader has not signed up for it.
    """
    busy = wanted.privacy == Privacy.BUSY
    cancelled = meeting.state == SessionState.CANCELLED
    summary = _summary(wanted.privacy, words, place)
    if cancelled:
        summary = words.cancelled % {"text": summary}
    elif not mine:
        summary = words.open % {"text": summary}
    page = f"{wanted.base_url}/sessions/{meeting.id}"
    there = place.with_own(meeting.address, meeting.meeting_link)
    return ical.Occurrence(
        id=meeting.id,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        created_at=meeting.created_at,
        stamped_at=_stamp(meeting, company),
        sequence=meeting.sequence,
        cancelled=cancelled,
        summary=summary,
        busy=mine,
        location="" if busy else there.address or there.meeting_link,
        description="" if busy else _description(words, there, company, page),
        url="" if busy else page,
        conference="" if busy else there.meeting_link,
        category="" if busy else words.calendar,
    )


def _summary(privacy: str, words: Words, place: Place) -> str:
    if privacy == Privacy.BUSY:
        return words.busy
    return place.title if privacy == Privacy.FULL else words.kinds[place.kind]


def _description(words: Words, place: Place, company: Company | None, page: str) -> str:
    told = (
        (words.people_line, ", ".join(company.names.values()) if company else ""),
        (words.place_line, place.address),
        (words.link_line, place.meeting_link),
        (words.page_line, page),
    )
    return "\n".join(line % {"text": text} for line, text in told if text)


def _stamp(meeting: Meeting, company: Company | None) -> datetime:
    """When what is told last changed: clients ignore a change whose stamp did not grow."""
    if company is None or company.changed_at is None:
        return meeting.published_at
    return max(meeting.published_at, company.changed_at)
