"""The calendars themselves, as clients ask for them."""

from http import HTTPStatus

from flask import Response, request

from supervision import clock
from supervision.blueprints.feeds.parts import bp
from supervision.services import feeds
from supervision.services.feeds import Feed
from supervision.web import feed_gate
from supervision.web.auth import anyone
from supervision.web.settings import settings


@bp.get("/feeds/<token>.ics", provide_automatic_options=False)
@anyone("a secret address is the permission")
def read(token: str) -> Response:
    """A calendar client asks. Nothing here may touch the cookie session or name the token."""
    zipped = request.accept_encodings.quality("gzip") > 0
    feed = feeds.read_feed(
        token,
        clock.now(),
        settings().base_url.rstrip("/"),
        held=feed_gate.held_by(request.environ),
        agent=request.headers.get("User-Agent", ""),
        zipped=zipped,
        whole=request.method == "GET",
        plain=feed_gate.is_plain(request.environ, settings().secure),
    )
    if feed.status >= 400:
        return _closed(feed.status)
    return _calendar(feed, zipped)


def _calendar(feed: Feed, zipped: bool) -> Response:
    return _unlisted(
        Response(
            feed.body,
            feed.status,
            feed_gate.headers(feed.status, feed.etag, feed.modified_at, zipped),
        )
    )


def _closed(status: int) -> Response:
    """No page around it: whoever asks is a program, and unknown tokens must cost little."""
    phrase = HTTPStatus(status).phrase
    return _unlisted(Response(f"{phrase}\n", status, mimetype="text/plain"))


def _unlisted(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.vary.add("Accept-Encoding")
    return response
