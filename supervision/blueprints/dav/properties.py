"""What each kind of resource says of itself (RFC 4918, 3744, 4791, 5397, 6578)."""

from xml.etree.ElementTree import Element

from supervision.blueprints.dav import places
from supervision.blueprints.dav.places import Place
from supervision.domain import ical
from supervision.domain.dav import apple, cal, cs, dav, node
from supervision.services.dav import Account, Calendar

# The same teal as in feeds, as Apple writes colours.
COLOUR = "#008080FF"
REPORTS = (cal("calendar-query"), cal("calendar-multiget"), dav("sync-collection"))
MAY = ("read", "read-current-user-privilege-set")
_TOKEN = f"https://{ical.UID_HOST}/sync/"

Properties = dict[str, Element]


def of_folder(account: Account, place: Place) -> Properties:
    """Where a program begins, the person, and the folder of their calendars."""
    kinds = [node(dav("collection"))]
    if place.person_id and not place.home:
        kinds.append(node(dav("principal")))
    return _made(
        node(dav("resourcetype"), *kinds),
        node(dav("displayname"), text=ical.one_line(account.name)),
        _link(dav("principal-URL"), Place(account.person_id)),
        _link(cal("calendar-home-set"), places.home(account.person_id)),
        node(cal("calendar-user-address-set"), node(dav("href"), text=f"mailto:{account.email}")),
        *_everywhere(account),
    )


def of_calendar(account: Account, calendar: Calendar) -> Properties:
    return _made(
        node(dav("resourcetype"), node(dav("collection")), node(cal("calendar"))),
        node(dav("displayname"), text=calendar.title),
        node(cs("getctag"), text=token(calendar)),
        node(dav("sync-token"), text=token(calendar)),
        node(apple("calendar-color"), text=COLOUR),
        node(cal("supported-calendar-component-set"), node(cal("comp"), name="VEVENT")),
        node(
            cal("supported-calendar-data"),
            node(cal("calendar-data"), **{"content-type": "text/calendar", "version": "2.0"}),
        ),
        node(
            dav("supported-report-set"),
            *(node(dav("supported-report"), node(dav("report"), node(one))) for one in REPORTS),
        ),
        *_everywhere(account),
    )


def of_every_event(account: Account) -> Properties:
    """What all events have in common."""
    return _made(
        node(dav("resourcetype")),
        node(dav("getcontenttype"), text="text/calendar; charset=utf-8; component=VEVENT"),
        *_everywhere(account),
    )


def etag(tag: str) -> Properties:
    return _made(node(dav("getetag"), text=f'"{tag}"'))


def data(event: bytes) -> Properties:
    """The event's own file."""
    return _made(node(cal("calendar-data"), text=ical.resource(event).decode()))


def token(calendar: Calendar) -> str:
    """The address that names a calendar's state; nothing is there (RFC 6578 section 3.2)."""
    return _TOKEN + calendar.ledger.state


def state(text: str) -> str:
    """The state that a token names."""
    return text.removeprefix(_TOKEN)


def _everywhere(account: Account) -> tuple[Element, ...]:
    person = Place(account.person_id)
    may = (node(dav("privilege"), node(dav(name))) for name in MAY)
    return (
        _link(dav("current-user-principal"), person),
        _link(dav("owner"), person),
        node(dav("current-user-privilege-set"), *may),
    )


def _link(tag: str, place: Place) -> Element:
    return node(tag, node(dav("href"), text=place.href))


def _made(*elements: Element) -> Properties:
    return {one.tag: one for one in elements}
