"""A real Chromium before the real server with the demo community.

Every test process has one server for all its tests: whatever a test makes stays, so tests make
rosters and sessions of their own and do not count what is there.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from flask import Flask
from playwright.sync_api import BrowserContext, Page

from supervision import config, create_app
from supervision.db import db
from tests.browser import chromium
from tests.support.server import Server

PASSPHRASE = "compassion-demo"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of the many options of a long list (zones, countries) a few are judged: all are made alike, and
# axe looks at each by itself.
JUDGE = """async (rules) => {
    const options = [...document.querySelectorAll("select")].flatMap(
        (list) => [...list.options].slice(5).filter((option) => !option.selected));
    const places = options.map((option) => [option, option.parentNode, option.nextSibling]);
    options.forEach((option) => option.remove());
    try {
        return await axe.run(document, {resultTypes: ["violations"], runOnly: rules});
    } finally {
        places.reverse().forEach(([option, list, next]) => list.insertBefore(option, next));
    }
}"""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="supervision-browser-"))
    running = Server(folder / "instance", "--demo").wait()
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Server]:
    """A server with an empty database, which this test may break."""
    running = Server(tmp_path / "instance", workers=1).wait()
    yield running
    running.stop()


@pytest.fixture
def here(alone: Server) -> Iterator[Flask]:
    """The application in this process, on the server's database."""
    app = create_app(config.load({"SUPERVISION_INSTANCE": str(alone.instance)}))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def base_url(server: Server) -> str:
    return server.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = chromium.find()
    assert path, "no Chromium was found; bin/test installs one"
    # Chromium's sandbox does not start for root, and /dev/shm may be tiny in a container.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {
        "executable_path": path,
        "args": [*flags, "--disable-dev-shm-usage"],
    }


@pytest.fixture
def new_page(new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Pages of separate browsers, in London unless told; takes what `new_context` takes."""
    here = {"timezone_id": "Europe/London", "locale": "en-GB"}
    return lambda **options: new_context(**here | options).new_page()


@pytest.fixture
def plain_page(new_page: Callable[..., Page]) -> Page:
    """A page without JavaScript."""
    return new_page(java_script_enabled=False)


@pytest.fixture(scope="session")
def sign_in() -> Callable[..., Page]:
    """`sign_in(page, "alice")`: one of the demo community signs in, as a person does."""

    def act(page: Page, name: str, passphrase: str = PASSPHRASE) -> Page:
        page.goto("/sign-in")
        page.get_by_label("Email").fill(f"{name}@example.org")
        page.get_by_label("Passphrase", exact=True).fill(passphrase)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    return act


@pytest.fixture(scope="session")
def axe() -> Callable[..., None]:
    """`axe(page)`: fails with a report when axe-core finds fault with the page as it stands;
    `axe(page, rules)` goes by some rules alone.

    Playwright evaluates it from outside the page, so the content policy stays as it is.
    """

    def judge(page: Page, rules: Sequence[str] = ()) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        by = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": WCAG}
        results = AxeResults(page.evaluate(JUDGE, by))
        assert results.violations_count == 0, results.generate_report()

    return judge
