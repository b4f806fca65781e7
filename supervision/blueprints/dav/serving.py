"""The requests of calendar programs: who asks, where, and what. Nothing can be changed here.

A password for calendars is the only permission: no cookie counts here, and it counts nowhere else.
"""

from itertools import chain
from xml.etree.ElementTree import Element

from flask import Response, redirect, request
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests
from werkzeug.wrappers import Response as BaseResponse

from supervision import clock
from supervision.blueprints.dav import places, properties, reports
from supervision.blueprints.dav.parts import bp, multistatus, plain, refused
from supervision.blueprints.dav.places import Place
from supervision.blueprints.dav.reports import Shelf
from supervision.config import LOOPBACK
from supervision.domain import dav, ical
from supervision.domain.dav import Wish
from supervision.services import dav as calendars
from supervision.services.dav import Account, Calendar
from supervision.web import limits, transactions
from supervision.web.auth import anyone, for_programs
from supervision.web.settings import settings

READS = ("OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT")
CHANGES = (
    *("PUT", "DELETE", "PROPPATCH", "MKCOL", "MKCALENDAR"),
    *("MOVE", "COPY", "LOCK", "UNLOCK", "ACL"),
)
REALM = 'Basic realm="Supervision", charset="UTF-8"'


@bp.route("/.well-known/caldav", methods=READS, provide_automatic_options=False)
@anyone("says where the calendars are")
@for_programs
@transactions.by_hand
def well_known() -> BaseResponse:
    """Where a program that knows the host alone goes on (RFC 6764 section 5)."""
    return redirect(places.ROOT, 301)


@bp.route(
    places.ROOT, defaults={"path": ""}, methods=READS + CHANGES, provide_automatic_options=False
)
@bp.route("/dav/<path:path>", methods=READS + CHANGES, provide_automatic_options=False)
@anyone("a password for calendars is the permission")
@for_programs
@transactions.by_hand
def answer(path: str) -> Response:
    """Any request of a program. Begins and commits transactions of its own."""
    found = _account()
    response = _answer(found, path) if isinstance(found, Account) else found
    response.headers["DAV"] = "1, 3, calendar-access"
    return response


# -- who asks --------------------------------------------------------------------------------------


def _account() -> Account | Response:
    """Whose calendars these are; else the answer: alike for unknown, wrong and ended."""
    if _in_the_clear():
        return plain(403, "Passwords are taken over https only.")
    given = request.authorization
    if given is None or given.type != "basic":
        return plain(401, "Sign in.", WWW_Authenticate=REALM)
    email, password = given.username or "", given.password or ""
    account = calendars.account_of(email, password)
    if account is not None:
        return account
    try:
        limits.spend(limits.ACCOUNT, email.strip().lower())
    except TooManyRequests as error:
        return plain(429, "Too many tries.", Retry_After=str(error.retry_after))
    return plain(401, "Email and password do not match.", WWW_Authenticate=REALM)


def _in_the_clear() -> bool:
    """Whether anybody on the way can read along, as far as that is seen here."""
    if settings().secure:
        said = request.headers.get("X-Forwarded-Proto", "https")
        return said.rpartition(",")[2].strip() != "https"
    return request.remote_addr not in LOOPBACK


# -- what is asked ---------------------------------------------------------------------------------


def _answer(account: Account, path: str) -> Response:
    place = places.find(path)
    if request.method in CHANGES:
        return _unchangeable(place or places.Place())
    if place is None or place.person_id not in {None, account.person_id}:
        return plain(404, "Not found.")
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": ", ".join(READS)})
    try:
        if request.method == "PROPFIND":
            return _propfind(account, place)
        if request.method == "REPORT":
            return _report(account, place)
    except RequestEntityTooLarge:
        return plain(413, "The request's body is too large.")
    except dav.BadRequestError:
        return plain(400, "The request's body cannot be read.")
    except dav.UnsupportedError as error:
        return refused(dav.node(error.condition))
    return _get(account, place)


def _body() -> bytes:
    """Raises RequestEntityTooLarge before more of it is read than any program asks with."""
    request.max_content_length = dav.MOST_BYTES
    return request.get_data(cache=False)


def _unchangeable(place: Place) -> Response:
    """Sessions are changed on their pages, with all that belongs to it (RFC 3744 section 7.1.1)."""
    lacking = dav.node(
        dav.dav("resource"),
        dav.node(dav.dav("href"), text=place.href),
        dav.node(dav.dav("privilege"), dav.node(dav.dav("write"))),
    )
    return refused(dav.node(dav.dav("need-privileges"), lacking))


def _propfind(account: Account, place: Place) -> Response:
    """A missing depth is none: who wants all there is has to say so, and is refused."""
    depth = request.headers.get("Depth", "0").lower()
    if depth not in {"0", "1"}:
        return refused(dav.node(dav.dav("propfind-finite-depth")))
    wish = dav.propfind(_body())
    if place.calendar:
        return _propfind_in_calendar(account, place, wish, depth == "1")
    return _propfind_in_folder(account, place, wish, depth == "1")


def _propfind_in_folder(account: Account, place: Place, wish: Wish, deep: bool) -> Response:
    folders = [place, *(places.below(place, account.person_id) if deep else ())]
    found = [dav.response(one.href, properties.of_folder(account, one), wish) for one in folders]
    every = calendars.calendars(account, clock.now(), _base()) if deep and place.home else []
    found += [_of_calendar(account, place.within(one.name), one, wish) for one in every]
    by_name = {one.name: one for one in every}
    calendars.note_asked(account, by_name.get(calendars.ALL), clock.now(), _agent())
    return multistatus(found)


def _of_calendar(account: Account, place: Place, one: Calendar, wish: Wish) -> Element:
    return dav.response(place.href, properties.of_calendar(account, one), wish)


def _propfind_in_calendar(account: Account, place: Place, wish: Wish, deep: bool) -> Response:
    one = _calendar(account, place)
    if one is None or (place.session and place.session not in one.ledger.held):
        return plain(404, "Not found.")
    shelf = Shelf(account, place.folder, one)
    keys = [place.session] if place.session else one.ledger.held if deep else ()
    own = [] if place.session else [_of_calendar(account, place, one, wish)]
    calendars.note_asked(account, one, clock.now(), _agent())
    return multistatus(chain(own, shelf.responses(keys, wish)))


def _report(account: Account, place: Place) -> Response:
    asked = dav.report(_body())
    if not place.calendar or place.session:
        return refused(dav.node(dav.dav("supported-report")))
    one = _calendar(account, place, whole=reports.wants_events(asked))
    if one is None:
        return plain(404, "Not found.")
    response, at = reports.answer(asked, Shelf(account, place, one)), clock.now()
    given = response.status_code == 207 and reports.gives(asked, one, at)
    note = calendars.note_given if given else calendars.note_asked
    note(account, one, at, _agent())
    return response


def _get(account: Account, place: Place) -> Response:
    if not place.session:
        return plain(405, "A program for calendars reads this.", Allow="OPTIONS, PROPFIND, REPORT")
    one = _calendar(account, place, whole=True)
    event = one.events.get(place.session) if one else None
    if one is None or event is None:
        return plain(404, "Not found.")
    calendars.note_asked(account, None, clock.now(), _agent())
    response = Response(ical.resource(event), content_type="text/calendar; charset=utf-8")
    response.set_etag(one.ledger.held[place.session][0])
    response.make_conditional(request)
    return response


def _calendar(account: Account, place: Place, whole: bool = False) -> Calendar | None:
    return calendars.calendar(account, place.calendar, clock.now(), _base(), whole)


def _base() -> str:
    return settings().base_url.rstrip("/")


def _agent() -> str:
    return request.headers.get("User-Agent", "")
