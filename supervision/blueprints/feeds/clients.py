"""Calendar clients in words: what they are called, and the forms in which they take a link."""

from datetime import datetime
from urllib.parse import quote

import segno
from flask import url_for
from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from markupsafe import Markup

from supervision import clock
from supervision.config import LOOPBACK
from supervision.models.feeds import Client
from supervision.web.settings import base_url, settings

# What a link is called until somebody renames it, and where that calendar is found.
NAMES = {
    Client.GOOGLE: lazy("Google Calendar"),
    Client.APPLE: lazy("Apple Calendar"),
    Client.OUTLOOK: lazy("Outlook"),
    Client.THUNDERBIRD: lazy("Thunderbird"),
    Client.ANDROID: lazy("Android phone"),
    Client.OTHER: lazy("Another program"),
    Client.ACCOUNT: lazy("CalDAV account"),
}
ABOUT = {
    Client.GOOGLE: lazy("On the web, and on phones that use it"),
    Client.APPLE: lazy("iPhone, iPad and Mac"),
    Client.OUTLOOK: lazy("On the web, Windows and Mac"),
    Client.THUNDERBIRD: lazy("On a computer"),
    Client.ANDROID: lazy("Without Google, by the app ICSx⁵"),
    Client.OTHER: lazy("Whatever subscribes to an address"),
    Client.ACCOUNT: lazy("For DAVx⁵, GNOME, Evolution and others"),
}
# Where the link is wanted on a phone, whose camera reads it.
BY_CAMERA = {Client.APPLE, Client.ANDROID, Client.OTHER}
# How programs name themselves, the more telling first: several of them also say "Mozilla".
AGENTS = (
    ("Google-Calendar-Importer", "Google Calendar"),
    ("Thunderbird", "Thunderbird"),
    ("Evolution", "Evolution"),
    ("evolution", "Evolution"),
    ("Outlook", "Outlook"),
    ("Microsoft", "Outlook"),
    ("ICSx5", "ICSx⁵"),
    ("Nextcloud", "Nextcloud"),
    ("vdirsyncer", "vdirsyncer"),
    ("DAVx5", "DAVx⁵"),
    ("CalendarAgent", "Apple Calendar"),
    ("dataaccessd", "Apple Calendar"),
    ("iOS/", "Apple Calendar"),
    ("macOS/", "Apple Calendar"),
)


def ways(token: str, client: str) -> dict[str, object]:
    """The address itself, and the forms in which this client takes it."""
    address = base_url() + url_for("feeds.read", token=token)
    webcal = "webcal://" + address.partition("://")[2]
    return {
        "address": address,
        "webcal": webcal,
        "google": "https://calendar.google.com/calendar/r?cid=" + quote(webcal, safe=""),
        "code": _code(webcal) if client in BY_CAMERA else None,
        "trial": settings().host in LOOPBACK,
    }


def account(token: str, email: str) -> dict[str, object]:
    """What a program asks for that takes an account."""
    return {
        "server": base_url() + url_for("dav.answer"),
        "email": email,
        "password": token,
        "trial": settings().host in LOOPBACK,
    }


def _code(address: str) -> Markup:
    """A QR code as SVG, black on white in any scheme: cameras want it so. It fetches nothing."""
    drawn = segno.make_qr(address, error="m").svg_inline(
        border=4, omitsize=True, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return Markup(drawn)  # noqa: S704 - made of squares alone


def fetched(at: datetime, agent: str) -> str:
    """Whether a client came, when, and which, in words."""
    ago = format_timedelta(at - clock.now(), add_direction=True)
    return str(_("Last fetched %(ago)s by %(client)s", ago=ago, client=agent_name(agent)))


def agent_name(agent: str) -> str:
    for mark, name in AGENTS:
        if mark in agent:
            return name
    if "Mozilla" in agent:
        return str(_("a web browser"))
    return agent.partition("/")[0][:40].strip() or str(_("a program without a name"))
