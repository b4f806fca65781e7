"""The three reports on a calendar (RFC 4791 section 7, RFC 6578 section 3)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import singledispatch
from itertools import chain
from xml.etree.ElementTree import Element

from flask import Response

from supervision.blueprints.dav import places, properties
from supervision.blueprints.dav.parts import multistatus, refused
from supervision.blueprints.dav.places import Place
from supervision.domain import dav
from supervision.domain.dav import Multiget, Query, Report, Sync, Wish
from supervision.services.dav import Account, Calendar

DATA = dav.cal("calendar-data")


class Shelf:
    """A calendar of an account at its place, to take events from."""

    def __init__(self, account: Account, place: Place, calendar: Calendar) -> None:
        self.place, self.calendar, self._start = place, calendar, place.href
        self._shared = properties.of_every_event(account)
        self._told: set[tuple[str, ...]] = set()

    def href(self, key: str) -> str:
        return f"{self._start}{key}.ics"

    def response(self, key: str, wish: Wish) -> Element:
        """What is wanted of an event that is there."""
        tag, _step = self.calendar.ledger.held[key]
        known = self._shared | properties.etag(tag)
        if DATA in wish.names and self.calendar.events:
            known |= properties.data(self.calendar.events[key])
        return dav.response(self.href(key), known, wish, self._told)

    def responses(self, keys: Iterable[str], wish: Wish) -> Iterator[Element]:
        return (self.response(key, wish) for key in keys)


@singledispatch
def answer(asked: Report, shelf: Shelf) -> Response:
    """The answer to a report."""
    raise NotImplementedError


@answer.register
def _query(asked: Query, shelf: Shelf) -> Response:
    calendar = shelf.calendar
    keys = [key for key in calendar.ledger.held if asked.matches(*calendar.span(key))]
    return multistatus(shelf.responses(keys, asked.wish))


@answer.register
def _multiget(asked: Multiget, shelf: Shelf) -> Response:
    return multistatus(_some(asked, shelf))


def _some(asked: Multiget, shelf: Shelf) -> Iterator[Element]:
    """Each event once, however many ways its address has to be written."""
    given: set[str] = set()
    for href in asked.hrefs:
        place = places.find_href(href)
        if place is None or place.folder != shelf.place:
            yield dav.missing(href)
        elif place.session not in given:
            given.add(place.session)
            here = place.session in shelf.calendar.ledger.held
            yield shelf.response(place.session, asked.wish) if here else dav.missing(href)


@answer.register
def _sync(asked: Sync, shelf: Shelf) -> Response:
    changes = shelf.calendar.ledger.since(properties.state(asked.token))
    if changes is None:
        return refused(dav.node(dav.dav("valid-sync-token")))
    if asked.most is not None and len(changes.changed) + len(changes.gone) > asked.most:
        return refused(dav.node(dav.dav("number-of-matches-within-limits")))
    found = shelf.responses(changes.changed, asked.wish)
    gone = (dav.missing(shelf.href(key)) for key in changes.gone)
    return multistatus(chain(found, gone), properties.token(shelf.calendar))


def wants_events(asked: Report) -> bool:
    """Whether more is to be read than which events there are."""
    return isinstance(asked, Query) or DATA in asked.wish.names


def gives(asked: Report, calendar: Calendar, at: datetime) -> bool:
    """Whether a program has all that is to come after this, or proves that it had it before."""
    if isinstance(asked, Sync) and properties.state(asked.token) == calendar.ledger.state:
        return True
    if isinstance(asked, Query) and (asked.end or (asked.start and asked.start > at)):
        return False
    return DATA in asked.wish.names
