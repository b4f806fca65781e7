"""Asks for anything as anybody, and tells what came of it: the answer, what it shows, what it did.

Time stands still, and after each request the databases are what they were at first.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import time_machine
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from supervision.db import db
from tests.conftest import NOW
from tests.permissions import world as worlds
from tests.permissions.table import Row
from tests.permissions.world import World
from tests.support.client import Client, Form, Forms
from tests.support.databases import Engines
from tests.support.vaults import enter

# What every form leaves: its own key, so that it is done once.
UNTOLD = {"replay"}
UNTOLD_FILES = {"limits"}
LEADS = re.compile(r'(?:href|action|formaction)="(/[^"?#]*)')
# What no two pages have in common, and what says nothing.
NOISE = re.compile(
    r'name="(csrf_token|once|editing)" value="[^"]*"|(hx-)?nonce="[^"]*"|<code>[0-9a-f]{32}</code>'
)
OWN_FIELDS = {"csrf_token", "once"}


@dataclass(frozen=True)
class Outcome:
    """What came of one request.

    `to`: the view to which it sends; `shows`: names of what is on the page; `offers`: what its
    forms and links about something lead to; `did`: how many rows came and went in which table.
    """

    status: int
    to: str = ""
    shows: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    did: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (
            ("to", (self.to,)),
            ("shows", self.shows),
            ("offers", self.offers),
            ("did", self.did),
        )
        return "; ".join(f"{name} {', '.join(words)}" for name, words in parts if any(words))

    @property
    def refuses(self) -> bool:
        return self.status in (403, 404) or self.to == "people.sign_in"


class Kept:
    """A database file that goes back to what it was whenever somebody else has written into it."""

    def __init__(self, path: Path) -> None:
        self._told = path.stem not in UNTOLD_FILES
        self._file = sqlite3.connect(path, isolation_level=None, timeout=5)
        self._first = sqlite3.connect(":memory:")
        self._file.backup(self._first)
        self._version = self._seen()
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        self._tables = [name for (name,) in self._first.execute(names) if name not in UNTOLD]
        self._rows = self._all()

    def _seen(self) -> int:
        version: int = self._file.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _all(self) -> dict[str, Counter[Any]]:
        return {
            name: Counter(self._file.execute(f'SELECT * FROM "{name}"'))  # noqa: S608 - our tables
            for name in self._tables
        }

    def undo(self) -> list[str]:
        """How many rows of which table came and went; they are as before then."""
        if self._seen() == self._version:
            return []
        told = []
        for name, rows in self._all().items() if self._told else ():
            before = self._rows[name]
            came, went = (rows - before).total(), (before - rows).total()
            told += [f"{name} +{came} -{went}"] if came or went else []
        self._first.backup(self._file)
        self._version = self._seen()
        return told

    def close(self) -> None:
        self._file.close()
        self._first.close()


class Asker:
    """The application with the world in it, and a signed-in browser for each person."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self.rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
        self._urls = app.url_map.bind("localhost")
        self._cookies: dict[str, Any] = {"nobody": {}}
        for name, actor in world.people.items():
            self._cookies[name] = enter(self._client(), actor)._cookies
        with app.app_context():
            db.engine.dispose()
        settings = app.extensions["settings"]
        files = [Path(str(settings.database_url).removeprefix("sqlite:///"))]
        files += sorted(settings.runtime.glob("*.sqlite"))
        self._kept = [Kept(path) for path in files]
        self._marks = re.compile("|".join(map(re.escape, world.marks)))
        self._words = {
            f"{name} {key}": value
            for name, thing in world.things.items()
            for key, value in thing.items()
        } | world.sent
        self._forms: dict[Row, Mapping[str, Any]] = {}
        self._none: dict[tuple[str, ...], tuple[Outcome, str]] = {}

    def close(self) -> None:
        for one in self._kept:
            one.close()

    def _client(self) -> Client:
        return Client(self.app, self.app.response_class, use_cookies=True)

    def client(self, who: str) -> Client:
        """This person's browser as it was at first."""
        made = self._client()
        made._cookies = dict(self._cookies[who])
        return made

    def ask(self, row: Row, who: str) -> tuple[Outcome, str]:
        """One request of a row, by somebody, and its page without what is random."""
        return self._ask(row, who, self._arguments(row))

    def nothing(self, row: Row, who: str, *, fresh: bool = False) -> tuple[Outcome, str]:
        """The same request for what does not exist; asked once, unless `fresh`."""
        key = (row.method, row.endpoint, row.query, who)
        if fresh or key not in self._none:
            unknown = {
                name: str(uuid4()) if name.endswith("_id") else "x" * 43
                for name in self._arguments(row)
            }
            self._none[key] = self._ask(row, who, unknown)
        return self._none[key]

    def mixed(self, row: Row, who: str, name: str, value: str) -> tuple[Outcome, str]:
        """The same request with one argument of its address from elsewhere."""
        return self._ask(row, who, {**self._arguments(row), name: value})

    def arguments_of(self, row: Row) -> set[str]:
        return {name for name in self.rules[row.endpoint].arguments if name.endswith("_id")}

    def _arguments(self, row: Row) -> Mapping[str, str]:
        return self.world.things[row.thing] if row.thing else {}

    def _ask(self, row: Row, who: str, arguments: Mapping[str, str]) -> tuple[Outcome, str]:
        client, path = self.client(who), self.path(row.endpoint, arguments)
        path += row.query.format_map(self._words)
        data = {**self._form(row), **self._said(row)} if row.method == "POST" else {}
        try:
            response = _send(client, path, row, data)
            status, location = response.status_code, str(response.location or "")
            text = response.text if (response.mimetype or "").startswith("text") else ""
        except Exception as error:  # noqa: BLE001 - what a page of errors would say
            status, location, text = 500, "", type(error).__name__
        finally:
            with self.app.app_context():
                db.session.remove()
        did = self._undo()
        shows = {self.world.marks[found] for found in self._marks.findall(text + location)}
        offers = self._offers(text) if status == 200 else set()
        outcome = Outcome(
            status,
            self._view(location, "GET")[0] if location else "",
            tuple(sorted(shows - {who})),
            tuple(sorted(offers)),
            tuple(did),
        )
        return outcome, bare(text + location, arguments)

    def _undo(self) -> list[str]:
        return [told for one in self._kept for told in one.undo()]

    def _offers(self, page: str) -> set[str]:
        """The views that a page leads to with an id in their address."""
        found = set()
        for path in set(LEADS.findall(page)):
            endpoint, arguments = self._view(path, "POST")
            if not endpoint:
                endpoint, arguments = self._view(path, "GET")
            found.update([endpoint] if arguments else [])
        return found - {"static"}

    def _view(self, path: str, method: str) -> tuple[str, Mapping[str, Any]]:
        """The view that an address leads to, with its arguments; no name where there is none."""
        with suppress(HTTPException):
            endpoint, arguments = self._urls.match(urlsplit(path).path, method)
            return str(endpoint), arguments
        return "", {}

    def path(self, endpoint: str, arguments: Mapping[str, str]) -> str:
        rule: Rule = self.rules[endpoint]
        return re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda match: arguments[match[1]], rule.rule)

    def _form(self, row: Row) -> Mapping[str, Any]:
        """What the page that has this form would send, as whoever may opens it."""
        if not row.page:
            return {}
        if row not in self._forms:
            arguments = self._arguments(row)
            page = self.path(row.page, arguments) + row.query.format_map(self._words)
            opened = self.client(row.opener or row.allowed[0]).get(page)
            form = _form_of(opened.text, self.path(row.endpoint, arguments), row.button)
            self._forms[row] = {k: v for k, v in form.values.items() if k not in OWN_FIELDS}
            self._undo()
        return self._forms[row]

    def _said(self, row: Row) -> dict[str, str]:
        return {
            key.format_map(self._words): value.format_map(self._words)
            for key, value in row.said.items()
        }


def _form_of(page: str, action: str, button: str) -> Form:
    for form in Forms(page).found:
        fits = button in form.buttons if button else (form.action or action) == action
        if form.method == "post" and fits:
            return form
    raise AssertionError(f"no form leads to {action}")


def _send(client: Client, path: str, row: Row, data: dict[str, Any]) -> TestResponse:
    if row.method == "GET":
        return client.get(path)
    if not row.file:
        return client.send(path, data)
    fields = {"csrf_token": client.csrf_token(), "once": str(uuid4())}
    return client.post(path, data=fields | {"file": (BytesIO(row.file.encode()), "file")})


def bare(page: str, arguments: Mapping[str, str]) -> str:
    """A page without what is random in it, and without what was asked for."""
    page = NOISE.sub("", page)
    for value in arguments.values():
        page = page.replace(value, "")
    return page


@contextmanager
def asking(engines: Engines) -> Iterator[Asker]:
    """The world on an empty SQLite, at a time that stands still; empty again afterwards."""
    with time_machine.travel(NOW, tick=False):
        app = engines.app("sqlite")
        with app.app_context():
            world = worlds.build(NOW)
        asker = Asker(app, world)
        yield asker
        asker.close()
        with app.app_context():
            engines.settle("sqlite")
