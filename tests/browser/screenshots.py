"""Pictures of every page: narrow, middling and wide, light and dark; or the one of the README."""

import argparse
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from supervision import clock
from tests.browser import chromium, pages
from tests.support.server import ROOT, Server

WIDTHS = (320, 768, 1440)
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
PEOPLE = ("", "alice", "bob", "dana")
HEIGHT, TALLEST = 900, 8000
README = ROOT / "docs" / "screenshot.png"
LARGEST = 200_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", default="docs/screenshots", type=Path)
    parser.add_argument("--readme", action="store_true", help="only the picture of the README")
    options = parser.parse_args()
    with _browser() as browser, _server() as server:
        if options.readme:
            return _readme(browser, server)
        options.folder.mkdir(parents=True, exist_ok=True)
        for person in PEOPLE:
            _walk(browser, server, person, options.folder)
    return 0


@contextmanager
def _browser() -> Iterator[Browser]:
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    path = chromium.find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*flags, "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextmanager
def _server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="supervision-screenshots-"))
    server = Server(folder / "instance", "--demo").wait()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _open(browser: Browser, server: Server, person: str, width: int, height: int) -> Page:
    """A page of somebody of the demo community, signed in; of nobody when the name is empty."""
    page = browser.new_context(
        base_url=server.url,
        locale="en-GB",
        timezone_id="Europe/London",
        reduced_motion="reduce",  # or the colours would be caught while they change
        viewport={"width": width, "height": height},
    ).new_page()
    if person:
        page.goto("/sign-in")
        page.get_by_label("Email").fill(f"{person}@example.org")
        page.get_by_label("Passphrase", exact=True).fill("compassion-demo")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def _walk(browser: Browser, server: Server, person: str, folder: Path) -> None:
    page = _open(browser, server, person, WIDTHS[0], HEIGHT)
    start = "/" if person else "/sign-in"
    for _endpoint, path in list(pages.follow(page.request, pages.routes(), start, most=2)):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.goto(path)
            # As tall as the page, so that what is fixed to the window's edge stands at its end.
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(height, TALLEST)})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=folder / _name(path, person, width, scheme))
    page.context.close()


def _name(path: str, person: str, width: int, scheme: str) -> str:
    """rosters-1f0c2a-book-alice-320-dark.png"""
    short = re.sub(r"([0-9a-f]{6})[0-9a-f-]{30}", r"\1", path)
    words = re.findall(r"[\w-]+", short) or ["home"]
    return "-".join([*words, person or "nobody", str(width), scheme]) + ".png"


def _readme(browser: Browser, server: Server) -> int:
    page = _open(browser, server, "alice", 1280, HEIGHT)
    page.goto(_fullest_week(page))
    README.parent.mkdir(exist_ok=True)
    page.screenshot(path=README, full_page=True)
    size = README.stat().st_size
    print(f"{README.relative_to(ROOT)}: {size // 1000} KB")  # noqa: T201 - it speaks to a person
    return int(size > LARGEST)


def _fullest_week(page: Page) -> str:
    """Of the coming ones, so that the picture shows what the calendar can."""
    today = clock.today("Europe/London")
    held: dict[str, int] = {}
    for n in range(1, 8):
        path = f"/calendar?date={today + timedelta(weeks=n)}"
        page.goto(path)
        held[path] = page.locator(".entry").count()
    return max(held, key=lambda path: held[path])


if __name__ == "__main__":
    raise SystemExit(main())
