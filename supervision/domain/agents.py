"""Programs that fetch a calendar, by how they name themselves."""

import re
from functools import lru_cache

# The more telling first: several of them also say "Mozilla".
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
BROWSER, NAMELESS = "browser", "nameless"
LONGEST = 40
_ODD = re.compile(r"[^A-Za-z0-9 ._-]+")


@lru_cache(maxsize=256)
def family(agent: str) -> str:
    """The kind of program that a User-Agent names, whatever its version: its name, or a browser.

    Of a program that is not known it is the first word, 40 characters at most.
    """
    for mark, name in AGENTS:
        if mark in agent:
            return name
    if "Mozilla" in agent:
        return BROWSER
    return _ODD.sub("", agent.partition("/")[0]).strip()[:LONGEST].strip() or NAMELESS
