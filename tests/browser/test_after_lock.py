"""What is left once the notes are locked: in the browser, on the disk, in the server's memory.

Bob writes, shares, finds and locks in a browser with a profile on the disk; later the browser and
the server are killed in the midst of it. Attack 37 reports a count, and holds it down.
"""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PASSPHRASE
from tests.support.canary import BROWSER_STORAGE, SENTENCE, guises, traces, traces_in
from tests.support.server import Server

SignIn = Callable[..., Page]
UNLOCK = re.compile(r"/unlock")
NOTE = f"Between us: {SENTENCE}.\n\nAnd what is for nobody."
# Python frees and does not overwrite: about twenty after these pages (docs/threat-model.md).
MOST_IN_MEMORY = 60


class House:
    """A server with the demo, and a browser with a profile, both in folders of this test."""

    def __init__(self, browser: Browser, folder: Path, arguments: dict[str, Any]) -> None:
        self.folder, self._browser, self._arguments = folder, browser, arguments
        (folder / "temporary").mkdir()
        self.server = self._serve("--demo")

    def _serve(self, *flags: str) -> Server:
        temporary = str(self.folder / "temporary")
        instance = self.folder / "instance"
        return Server(instance, *flags, workers=1, TMPDIR=temporary, SQLITE_TMPDIR=temporary).wait()

    def browse(self) -> BrowserContext:
        """The browser, with the profile that it left."""
        return self._browser.browser_type.launch_persistent_context(
            str(self.folder / "profile"), base_url=self.server.url, **self._arguments
        )

    def processes(self) -> list[int]:
        """The server's parent and all of its children."""
        parents = {pid: int(stat.rpartition(")")[2].split()[1]) for pid, stat in every("stat")}
        tree = [self.server.process.pid]
        for pid in tree:
            tree += [child for child, parent in parents.items() if parent == pid]
        return tree

    def in_memory(self) -> int:
        """How often the sentence stands in the server's memory, in any guise."""
        needles = {*guises().values(), SENTENCE.encode("latin-1")}
        return sum(sum(map(held.count, needles)) for held in map(memory, self.processes()))

    def crash(self) -> None:
        """Power is cut: server and browser are killed, and the server starts again."""
        profile = str(self.folder / "profile")
        browser = [pid for pid, started in every("cmdline") if profile in started]
        for pid in self.processes() + browser:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.process.wait()
        self.server = self._serve()


def every(name: str) -> Iterator[tuple[int, str]]:
    """A file that Linux shows for each process."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            yield int(folder.name), (folder / name).read_text(errors="replace")


def memory(pid: int) -> bytes:
    """Whatever a process may write to."""
    found = []
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    spans = [line.split()[0].split("-") for line in maps if line.split()[1].startswith("rw")]
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        for first, last in spans:
            with suppress(OSError):  # [vvar] and its like cannot be read
                file.seek(int(first, 16))
                found.append(file.read(int(last, 16) - int(first, 16)))
    return b"\n".join(found)


@pytest.fixture
def house(
    browser: Browser, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> Iterator[House]:
    made = House(browser, tmp_path, browser_type_launch_args)
    yield made
    made.server.stop()


def write_share_and_find(page: Page) -> None:
    page.goto("/notes/new")
    page.get_by_label("Reflection").fill(NOTE)
    page.get_by_role("button", name="Preview").click()
    page.locator("#note-preview p").first.wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))
    page.get_by_role("link", name="Share a passage").click()
    page.get_by_role("checkbox", name="Between us").check()
    page.get_by_role("checkbox", name="Alice Ashworth").first.check()
    page.get_by_role("button", name="Look it over").click()
    page.get_by_role("button", name="Share it").click()
    expect(page.locator("#messages")).to_contain_text("Shared.")
    page.goto("/notes/find")
    page.get_by_label("Words").fill(SENTENCE)
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("main li a").first.click()
    expect(page.locator(".prose").first).to_contain_text(SENTENCE)


def be_refused(page: Page) -> None:
    """A form that was open for too long: it says so, and stays as it was."""
    page.goto("/notes/new")
    page.get_by_label("Reflection").fill(NOTE)
    page.locator("#note-form [name=csrf_token]").evaluate("field => { field.value = 'old'; }")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages h2")).to_have_text("This request could not be read")
    expect(page.get_by_label("Reflection")).to_have_value(NOTE)


def kept_by(page: Page) -> list[str]:
    return traces("storage", str(page.evaluate(BROWSER_STORAGE)).encode())


def test_nothing_is_left_after_a_lock_and_after_a_crash(
    house: House, sign_in: SignIn, record_property: Callable[[str, object], None]
) -> None:
    page = sign_in(house.browse().new_page(), "bob")
    be_refused(page)
    write_share_and_find(page)
    assert house.in_memory() > 0
    page.get_by_role("button", name="Lock").click()
    expect(page).to_have_url(UNLOCK)
    page.go_back()
    page.wait_for_timeout(500)
    assert (SENTENCE in page.content(), kept_by(page)) == (False, [])
    left = house.in_memory()
    record_property("the sentence in memory after the lock", left)
    assert left <= MOST_IN_MEMORY

    page.goto("/unlock?next=/notes/new")
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock").click()
    page.get_by_label("Reflection").fill(f"{SENTENCE}, again")
    expect(page.locator("#note-state")).to_have_text(re.compile(r"^Saved \d"))
    house.crash()
    page = house.browse().new_page()
    page.goto("/notes")
    assert (SENTENCE in page.content(), kept_by(page), house.in_memory()) == (False, [], 0)
    page.context.close()
    assert len([*house.folder.rglob("*")]) > 50
    assert traces_in([house.folder]) == []
