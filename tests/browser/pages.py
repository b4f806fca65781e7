"""Which pages there are for whoever is signed in: found by following links, as a person would."""

import re
import tempfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import APIRequestContext
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from supervision import create_app
from tests.support.databases import settings_for

LINK = re.compile(r'<a\b[^>]*?\shref="(/[^"#]*)')
# What a page is about, not what kind it is.
ABOUT = {"at", "date", "month", "roster", "session", "starts_at", "version", "week"}


def routes() -> MapAdapter:
    """The application's addresses; nothing is asked of it, so its database may be missing."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_for(Path(folder), f"sqlite:///{folder}/none.sqlite"))
        return app.url_map.bind("127.0.0.1")


def endpoint(known: MapAdapter, path: str) -> str | None:
    """Which view answers a path, None when nothing does."""
    try:
        found: str = known.match(urlsplit(path).path, method="GET")[0]
    except HTTPException:
        return None
    return found


def _kind(known: MapAdapter, path: str) -> str:
    """Pages of one kind differ in what they show, not in how: `calendar.index month`."""
    query = parse_qs(urlsplit(path).query)
    named = [f"{name}={query[name]}" for name in sorted(query) if name not in ABOUT]
    return " ".join([str(endpoint(known, path)), *named])


def follow(
    request: APIRequestContext, known: MapAdapter, start: str, most: int = 1
) -> Iterator[tuple[str, str]]:
    """(endpoint, path) of the pages that links lead to from `start`, at most `most` of a kind.

    Raises AssertionError for a link that leads nowhere.
    """
    waiting, seen = [start], {start}
    shown: dict[str, int] = {}
    while waiting:
        path = waiting.pop(0)
        kind = _kind(known, path)
        if shown.get(kind, 0) >= most:
            continue
        response = request.get(path)
        assert response.status == 200, f"{path} answered {response.status}"
        if "text/html" not in response.headers["content-type"]:
            continue
        reached = urlsplit(response.url)
        if reached.path != urlsplit(path).path:
            continue
        shown[kind] = shown.get(kind, 0) + 1
        yield str(endpoint(known, path)), path
        links = [unescape(link) for link in LINK.findall(response.text())]
        new = [link for link in dict.fromkeys(links) if link not in seen]
        seen.update(new)
        waiting += new
