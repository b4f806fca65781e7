"""A session as a file for a calendar program that subscribes to nothing."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from supervision.errors import NotFound
from supervision.models.feeds import Privacy, Scope
from supervision.models.sessions import PUBLISHED
from supervision.permissions import Actor
from supervision.services import feeds
from supervision.services.feeds import Meeting, Place, Wanted
from supervision.services.sessions.page import session_page


def session_file(actor: Actor, at: datetime, session_id: UUID, base_url: str) -> bytes:
    """The session as iCalendar, its UID that of the feeds: kind, time and place, nobody's name.

    Raises NotFound for whoever may not see it, and for what was never agreed on.
    """
    page = session_page(actor, at, session_id)
    session = page.session
    if session.state not in PUBLISHED:
        raise NotFound
    wanted = Wanted(
        person_id=actor.id,
        scope=Scope.ROSTER,
        roster_id=session.roster_id,
        privacy=Privacy.PLAIN,
        day=at.astimezone(ZoneInfo(actor.zone)).date(),
        zone=actor.zone,
        language=actor.language,
        base_url=base_url,
    )
    (meeting,) = feeds.meetings([session_id])
    place = Place(session.title, session.kind, session.address, session.meeting_link)
    mine = session.capacity is None or page.may_reflect
    return feeds.lone_event(wanted, _as_here(meeting), place, mine)


def _as_here(meeting: Meeting) -> Meeting:
    """The meeting without a place of its own: what its reader may see is in the place already."""
    return replace(meeting, address=None, meeting_link=None)
