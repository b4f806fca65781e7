"""Find a Chromium that Playwright can drive. Run as a module: prints its path, exits 1 without."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)


def find() -> str | None:
    """The path of Playwright's own Chromium if it was fetched, else of an installed one."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    found = [own, *map(shutil.which, NAMES), *PLACES]
    return next((path for path in found if path and Path(path).exists()), None)


if __name__ == "__main__":
    path = find()
    print(path or "No Chromium was found", file=sys.stderr)  # noqa: T201
    sys.exit(path is None)
