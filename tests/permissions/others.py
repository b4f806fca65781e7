"""Of the checks that the table does not see taken out: which test of their area turns red.

What no page reaches (a job, a file, a key that is turned) is held by tests of services. Those of an
area are run once, to learn which of them reach what; then, without a check, those that reach it.
"""

import builtins
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.permissions import mutants
from tests.permissions.mutants import ROOT, Check

MOST_SECONDS = 60  # of CPU for one check, and for what its tests reach
# These look for what they find at random, or for an hour.
SLOW = ("machine", "race")
Say = Callable[[Check, str], None]
Reaching = dict[tuple[str, str], list[pytest.Item]]


def area(path: str) -> str:
    """`attendance` of `supervision/services/attendance/marking.py`."""
    parts = Path(path).with_suffix("").parts
    return parts[2] if len(parts) > 2 else parts[-1]


def files(check: Check) -> list[Path]:
    """The tests that are named for its area; where none are, for those areas that use it."""
    users = {area(one.name) for one in mutants.sources() if check.function in one.text}
    found = _named(area(check.path)) or [p for name in sorted(users) for p in _named(name)]
    stem = Path(check.path).stem.removesuffix("s")
    return sorted(dict.fromkeys(found), key=lambda path: stem not in path.stem)


@cache
def _named(name: str) -> list[Path]:
    found = [
        path
        for folder in ("services", "blueprints", "web")
        for pattern in (f"test_{name.removesuffix('s')}*.py", f"{name}/test_*.py")
        for path in sorted((ROOT / "tests" / folder).glob(pattern))
    ]
    return [path for path in found if not any(word in path.name for word in SLOW)]


class Others:
    """A plugin of pytest that runs its tests as often as there are checks."""

    def __init__(self, checks: Iterable[Check], say: Say) -> None:
        self._say = say
        self._checks = {check: files(check) for check in checks}
        self._items: dict[Path, list[pytest.Item]] = defaultdict(list)
        self._known: dict[Path, Reaching] = {}

    @property
    def files(self) -> list[Path]:
        return sorted({path for paths in self._checks.values() for path in paths})

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item in session.items:
            if "postgresql" not in item.name:
                self._items[item.path].append(item)
        for check in self._checks:
            self._say(check, self._seen_by(check))
        return True

    def _seen_by(self, check: Check) -> str:
        """The first test that is red without the check and green with it; empty: there is none."""
        until = time.process_time() + MOST_SECONDS
        for path in self._checks[check]:
            reached = self._reached(path)
            found = (one for name in mutants.reaching(check) for one in reached.get(name, ()))
            for item in dict.fromkeys(found):
                with mutants.without(None, check):
                    is_green = _is_green(item)
                if not is_green and _is_green(item):
                    return item.nodeid.partition("[")[0]
                if time.process_time() > until:
                    return ""
        return ""

    def _reached(self, path: Path) -> Reaching:
        """The tests of a file that are green, by the functions that they run."""
        if path not in self._known:
            found = self._known[path] = defaultdict(list)
            hits: set[tuple[str, str]] = set()
            # It stays: what is made meanwhile goes on telling.
            builtins.__reached__ = hits.add  # type: ignore[attr-defined]
            with ExitStack() as back:
                for source in mutants.sources():
                    back.enter_context(mutants.running(source, mutants.telling(source)))
                for item in self._items[path]:
                    hits.clear()
                    for hit in hits if _is_green(item) else ():
                        found[hit].append(item)
        return self._known[path]


def _is_green(item: pytest.Item) -> bool:
    """Run a test once more; what belongs to the session stays for the next."""
    after: Any = SimpleNamespace(listchain=lambda: [item.session])
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))


def look(checks: Iterable[Check], say: Say) -> None:
    """Say of each check by which test it is seen, as soon as that is known."""
    plugin = Others(checks, say)
    options = [
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore::pytest.PytestWarning",
    ]
    pytest.main([*options, *map(str, plugin.files)], plugins=[plugin])
