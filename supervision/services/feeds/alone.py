"""One session as a file: the event that a feed has, with nothing around it."""

from supervision.domain import ical
from supervision.services.feeds.building import occurrence
from supervision.services.feeds.rows import Meeting, Place, Wanted
from supervision.services.feeds.words import words_in


def lone_event(wanted: Wanted, meeting: Meeting, place: Place, mine: bool) -> bytes:
    """A calendar of one event, as its reader's own feed says it (RFC 5545), METHOD:PUBLISH.

    What is not `mine` is open: its reader has not signed up for it.
    Raises BadFeedError for one not to give away.
    """
    words = words_in(wanted.language)
    event = ical.event(occurrence(wanted, words, meeting, place, None, mine))
    body = ical.calendar(words.calendar, wanted.zone, [event])
    ical.check(body, 1)
    return body
