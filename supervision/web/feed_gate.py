"""Calendar clients ask most often, and nearly always for what stands in a snapshot: they are
answered in front of Flask, by one look-up. Whatever needs more thought goes on to the view.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from os import urandom
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger
from werkzeug.http import http_date, parse_date, parse_etags

from supervision import clock
from supervision.config import LOOPBACK
from supervision.db import db
from supervision.services.audit import request_id
from supervision.services.feeds import Asked, Feed, Glance, Held
from supervision.web.headers import HEADERS
from supervision.web.metrics import Meter
from supervision.web.request import forget_long_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ENDPOINT, ROUTE = "feeds.read", "/feeds/<token>.ics"
STATUS = {200: "200 OK", 304: "304 NOT MODIFIED"}
NOTHING = Held()
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_VIA")
_PATH = re.compile(r"/feeds/([A-Za-z0-9_-]{43})\.ics", re.ASCII)
log = get_logger()


@lru_cache(maxsize=1024)
def headers(status: int, etag: str, modified_at: datetime | None, zipped: bool) -> dict[str, str]:
    """What a feed's answer says of itself, whoever gives it. Not to be changed."""
    found = {
        "ETag": f'"{etag}"',
        "Last-Modified": http_date(modified_at),
        "Cache-Control": "private, no-cache",
        "Content-Disposition": "inline; filename=supervision.ics",
        "X-Robots-Tag": "noindex, nofollow",
        "Vary": "Accept-Encoding",
    }
    if status == 200:
        found["Content-Type"] = "text/calendar; charset=utf-8"
        found |= {"Content-Encoding": "gzip"} if zipped else {}
    return found


def held_by(environ: "WSGIEnvironment") -> Held:
    """What the client says it holds."""
    tags, since = environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE")
    if tags is None and since is None:
        return NOTHING
    parsed = parse_etags(tags)
    return Held(frozenset(parsed.as_set(include_weak=True)), parsed.star_tag, parse_date(since))


def is_plain(environ: "WSGIEnvironment", secure: bool) -> bool:
    """Whether a request to an installation that is reached by https came without.

    The proxy on this machine says so (X-Forwarded-Proto), whose word alone counts; where it says
    nothing nobody knows. What comes from elsewhere without any proxy has come as it arrives.
    """
    if not secure:
        return False
    said = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
    if environ.get("REMOTE_ADDR") in LOOPBACK:
        return bool(said == "http")
    direct = not any(name in environ for name in FORWARDED)
    return direct and environ.get("wsgi.url_scheme") == "http"


class FeedGate:
    """The WSGI application in front of Flask's."""

    def __init__(self, app: Flask, behind: "WSGIApplication", secure: bool) -> None:
        self._behind = behind
        self._meter: Meter = app.extensions["meter"]
        self._secure = secure
        self._always = dict(HEADERS)
        if secure:
            self._always["Strict-Transport-Security"] = "max-age=31536000"
        with app.app_context():
            self._glance = Glance(db.engine)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        match = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        if match and environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            started = perf_counter()
            forget_long_headers(environ)
            zipped = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
            feed = self._look_up(match[1], environ, zipped)
            if feed is not None:
                return self._answer(feed, environ, start_response, zipped, started)
        return self._behind(environ, start_response)

    def _look_up(self, token: str, environ: "WSGIEnvironment", zipped: bool) -> Feed | None:
        """What can be said at once, None for all else."""
        wishes = environ.get("HTTP_ACCEPT_ENCODING", "")
        if ";" in wishes or "*" in wishes:
            return None  # somebody weighs their wishes: Werkzeug can read that
        try:
            agent = environ.get("HTTP_USER_AGENT", "")
            asked = Asked(held_by(environ), zipped, agent, is_plain(environ, self._secure))
            return self._glance(token, clock.now(), asked)
        except SQLAlchemyError:
            return None

    def _answer(
        self,
        feed: Feed,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        zipped: bool,
        started: float,
    ) -> list[bytes]:
        named = urandom(16).hex()
        about = headers(feed.status, feed.etag, feed.modified_at, zipped)
        said = self._always | about | {"X-Request-Id": named}
        if feed.status == 200:
            said["Content-Length"] = str(len(feed.body))
        start_response(STATUS[feed.status], list(said.items()))
        self._note(feed.status, environ["REQUEST_METHOD"], perf_counter() - started, named)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [feed.body]

    def _note(self, status: int, method: str, seconds: float, named: str) -> None:
        """The line and the figures that Flask's own requests leave."""
        self._meter.request(ENDPOINT, method, status, seconds)
        entry: dict[str, Any] = {"method": method, "endpoint": ENDPOINT, "route": ROUTE}
        token = request_id.set(named)
        log.info("request", **entry, status=status, ms=round(seconds * 1000, 1), person=None)
        request_id.reset(token)


def init(app: Flask, secure: bool) -> None:
    app.wsgi_app = FeedGate(app, app.wsgi_app, secure)  # type: ignore[method-assign]  # how Flask is wrapped
