"""What a browser says of itself, in the few words by which its owner knows it again.

A User-Agent names many things that it is not; each list is tried in order, the liar first.
"""

from dataclasses import dataclass

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPad", "iPad"),
    ("iPhone", "iPhone"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Device:
    """The families of a browser and of what it runs on, empty where unknown."""

    browser: str
    system: str


def device_of(agent: str) -> Device:
    """Whose User-Agent this is, by family; versions are left out, they change every month."""
    return Device(_first(_BROWSERS, agent), _first(_SYSTEMS, agent))


def _first(marks: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for mark, name in marks if mark in agent), "")
