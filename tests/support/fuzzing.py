"""Odd requests, by the thousand, to every route: the demo community, its forms, and a seed.

The community's pages are walked first, as several people; what their links and forms name, what
classes of forms declare and what views read by hand is then sent with something odd in it. Each
request meets the same community: what one changed is put back before the next.
"""

import re
import sqlite3
import time
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from inspect import getsourcefile, unwrap
from io import BytesIO
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import uuid4

from flask import Flask
from structlog.testing import capture_logs
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from wtforms import FieldList
from wtforms.fields.core import UnboundField

from supervision import clock, demo
from supervision.db import db, writing
from supervision.domain.links import link_token
from supervision.models.feeds import Client as Kind
from supervision.models.feeds import Privacy, Scope
from supervision.models.people import LinkPurpose, Person
from supervision.permissions import Actor
from supervision.services import feeds, mail, outside, people
from supervision.web.forms import Form
from tests.support import hostile
from tests.support.client import Client, Forms

# In the place of a status, when not even a page about a fault came.
RAISED = 599
NOBODY = "nobody"
PEOPLE = (NOBODY, "bob", "alice", "dana")
TWISTS = {
    "value": 50,
    "values": 10,
    "file": 8,
    "raw": 4,
    "missing": 4,
    "repeated": 3,
    "nested": 3,
    "json": 3,
    "body": 3,
    "header": 5,
    "cookie": 2,
    "method": 2,
    "path": 3,
}
BY_HAND = re.compile(
    r"""(?:args|form|values|data)(?:\.get|\.getlist)?[\[(]\s*["']([\w.-]+)["']"""
    r"""|["']([\w.-]+)["'] (?:not )?in (?:request\.)?(?:args|form|values)"""
)
# Where an argument's ids are, when the table has another name.
TABLES = {
    "calendar_id": "outside_calendar",
    "subscription_id": "feed_subscription",
    "draft_id": "note_draft",
    "mail_id": "outbox",
    "leave_id": "leave_period",
}
LINK = re.compile(r"""\s(?:href|hx-get)="(/[^"#]*)""")

ACTION = re.compile(r"""\s(?:formaction|hx-post)="(/[^"#]*)""")


# -- the community -----------------------------------------------------------------------------


@dataclass
class World:
    """The demo community with browsers of some of its people, vaults open, as it can be put back.

    `tokens` are for addresses that end with one, by endpoint.
    """

    app: Flask
    clients: dict[str, Client]
    tokens: dict[str, str]
    program: str
    calendars: str
    files: list[sqlite3.Connection]
    kept: list[tuple[sqlite3.Connection, int]] = field(default_factory=list)
    cookies: dict[str, Any] = field(default_factory=dict)

    def keep(self) -> None:
        """What is there now is what each request meets."""
        db.session.commit()
        self.cookies = {who: dict(one._cookies or {}) for who, one in self.clients.items()}
        for file in self.files:
            copy = sqlite3.connect(":memory:")
            file.backup(copy)
            self.kept.append((copy, _version(file)))

    def put_back(self) -> None:
        """As it was kept, where anything was written."""
        for who, client in self.clients.items():
            client._cookies = dict(self.cookies[who])
        for number, (file, (copy, version)) in enumerate(zip(self.files, self.kept, strict=True)):
            if _version(file) != version:
                copy.backup(file)
                self.kept[number] = (copy, _version(file))

    def close(self) -> None:
        for one in (*self.files, *(copy for copy, _version in self.kept)):
            one.close()

    def ids(self, argument: str, endpoint: str) -> list[str]:
        """What an address of this endpoint may name in this place."""
        if argument == "token":
            return [token for start, token in self.tokens.items() if endpoint.startswith(start)][:1]
        if argument == "filename":
            return ["app.css"]
        if argument == "path":
            return ["", "calendars/", self.calendars]
        table = db.metadata.tables[TABLES.get(argument, argument.removesuffix("_id"))]
        return [str(key) for key in db.session.scalars(db.select(table.c.id).limit(3))]


def _version(file: sqlite3.Connection) -> int:
    """Another number, once another connection has written."""
    found: int = file.execute("PRAGMA data_version").fetchone()[0]
    return found


@contextmanager
def world(app: Flask, new_client: Callable[[], Client]) -> Iterator[World]:
    """The demo community; Bob, Alice and Dana are signed in."""
    settings, at = app.extensions["settings"], clock.now()
    demo.fill(at, settings)
    actors = {
        name: people.actor_of(
            db.session.scalars(db.select(Person).filter_by(email=f"{name}@example.org")).one()
        )
        for name in PEOPLE[1:]
    }
    db.session.commit()
    clients = {name: new_client() for name in PEOPLE}
    for name, actor in actors.items():
        words = {"email": actor.email, "passphrase": demo.PASSPHRASE}
        assert clients[name].submit("/sign-in", words).status_code == 303
    tokens = _furnish(app, actors)
    _draft(clients["bob"], new_client(), actors["bob"])
    database = Path(str(db.engine.url.database))
    runtime = settings.runtime
    paths = [database, runtime / "limits.sqlite", runtime / "unlocks.sqlite"]
    files = [sqlite3.connect(path) for path in paths]
    home = f"calendars/{actors['bob'].id}/"
    given = b64encode(f"bob@example.org:{tokens['dav.']}".encode()).decode()
    made = World(app, clients, tokens, f"Basic {given}", home, files)
    made.keep()
    yield made
    made.close()


def _furnish(app: Flask, actors: dict[str, Actor]) -> dict[str, str]:
    """What the demo has not: links of all kinds, another calendar, a password for calendars."""
    settings, at = app.extensions["settings"], clock.now()
    bob, dana = actors["bob"], actors["dana"]
    with writing():
        pepper = settings.pepper.encode()
        outside.add(bob, at, "Work", "https://calendar.example/x.ics", pepper, frozenset())
        _made, feed = feeds.make_subscription(bob, at, Scope.PERSON, None, "Paper", Privacy.PLAIN)
        _made, password = feeds.make_subscription(
            bob, at, Scope.PERSON, None, "Desk", Privacy.PLAIN, Kind.ACCOUNT
        )
        invited = people.invite_person(dana, at, "new@example.org", "member", "https://s.example")
        soon = at + timedelta(hours=1)
        reset = people.make_link(LinkPurpose.RESET, bob.id, soon, at)
    return {
        "dav.": password,
        "feeds.read": feed,
        "mail.": mail.stop_token(settings.secret_key, bob.id, "sessions"),
        "people.reset": link_token(settings.secret_key, LinkPurpose.RESET, reset),
        "people.": link_token(settings.secret_key, LinkPurpose.INVITATION, invited),
    }


def _draft(bob: Client, locked: Client, actor: Actor) -> None:
    """Something that Bob wrote while his vault was locked."""
    locked.sign_in(actor.id)
    form = next(one for one in Forms(bob.get("/notes/new").text).found if "title" in one.values)
    words: dict[str, Any] = form.values | {"title": ["Late"], "reflection": ["Still here."]}
    words["csrf_token"] = locked.csrf_token()
    assert locked.post(form.action, data=words).status_code < 400


# -- what can be sent ---------------------------------------------------------------------------


@dataclass
class Target:
    """An address that somebody may ask, with what is usually sent there, and other names for it."""

    who: str
    endpoint: str
    method: str
    path: str
    arguments: dict[str, str]
    values: dict[str, list[str]]
    others: list[str]

    def has(self, who: str, argument: str) -> bool:
        return self.who == who and argument in self.arguments


def targets(place: World) -> dict[tuple[str, str], list[Target]]:
    """All that can be asked, by method and endpoint: each route of the application, at the least
    with ids that somebody has."""
    found: dict[tuple[str, str], list[Target]] = defaultdict(list)
    for who in PEOPLE:
        for one in _walk(place, who):
            found[one.method, one.endpoint].append(one)
    walked = [one for some in found.values() for one in some]
    for rule in place.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if not found[method, rule.endpoint]:
                found[method, rule.endpoint] += _by_ids(place, rule, method, walked)
    return dict(found)


def _walk(place: World, who: str) -> Iterator[Target]:
    """The pages that somebody comes to by links, and the forms on them; two of each kind."""
    client, seen = place.clients[who], defaultdict[tuple[str, ...], set[str]](set)
    to_see = deque(["/", "/reset", "/delete-account", "/export/plain", "/vault/recover"])
    while to_see:
        one = _target(place, who, "GET", address := to_see.popleft(), {})
        if one is None or one.endpoint == "static" or _is_enough(seen, one):
            continue
        response = client.get(address)
        if response.status_code != 200 or response.mimetype != "text/html":
            continue
        yield one
        page = response.text
        to_see.extend(link.replace("&amp;", "&") for link in LINK.findall(page))
        for made in _forms(place, who, address, page):
            if not _is_enough(seen, made):
                yield made
    place.put_back()


def _forms(place: World, who: str, address: str, page: str) -> Iterator[Target]:
    """A page's forms; and where buttons and htmx send the largest of them as well."""
    forms = Forms(page).found
    ways = [(one.method.upper(), one.action or address, one.values) for one in forms]
    largest = max((one.values for one in forms), key=len, default={})
    ways += [("POST", action, largest) for action in ACTION.findall(page)]
    made = (_target(place, who, *way) for way in ways)
    return (one for one in made if one is not None)


def _is_enough(seen: dict[tuple[str, ...], set[str]], one: Target) -> bool:
    known = seen[(one.method, one.endpoint, *sorted(one.values))]
    if one.path in known or len(known) >= 2:
        return True
    known.add(one.path)
    return False


def _target(
    place: World, who: str, method: str, address: str, values: dict[str, list[str]]
) -> Target | None:
    parts = urlsplit(address)
    try:
        endpoint, found = place.app.url_map.bind("localhost").match(parts.path, method)
    except HTTPException:
        return None
    held = {**parse_qs(parts.query), **values}
    # Each request has a token and a key of its own.
    held = {name: sent for name, sent in held.items() if name not in {"csrf_token", "once"}}
    arguments = {name: str(one) for name, one in found.items()}
    names = _names(place.app, endpoint)
    return Target(who, endpoint, method, parts.path, arguments, held, names)


def _by_ids(place: World, rule: Rule, method: str, walked: list[Target]) -> Iterator[Target]:
    """A route that no page leads to, with ids that somebody has come across, else any."""
    names = _names(place.app, rule.endpoint)
    for who in PEOPLE:
        for number in range(3):
            path = rule.rule
            for argument in rule.arguments:
                own = [one.arguments[argument] for one in walked if one.has(who, argument)]
                given = [*dict.fromkeys(own), *place.ids(argument, rule.endpoint)] or [str(uuid4())]
                path = re.sub(rf"<(?:\w+:)?{argument}>", given[number % len(given)], path)
            yield Target(who, rule.endpoint, method, path, {}, {}, names)


@cache
def _names(app: Flask, endpoint: str) -> list[str]:
    """What the views of an area read: the fields of its forms, and names in its own code."""
    view = unwrap(app.view_functions[endpoint])
    source = Path(getsourcefile(view) or "")
    folder = source.parent if source.parent.name != "blueprints" else None
    area = f"supervision.blueprints.{(folder or source).stem}"
    found: set[str] = set()
    for one in folder.glob("*.py") if folder else [source]:
        found |= {first or second for first, second in BY_HAND.findall(one.read_text())}
    for form in _subclasses(Form):
        if form.__module__.startswith(area):
            found |= set(_fields(form))
    return sorted(found | {"page", "next", "csrf_token", "once"})


def _subclasses(base: type[Form]) -> Iterator[type[Form]]:
    for one in base.__subclasses__():
        yield one
        yield from _subclasses(one)


def _fields(form: type[Form]) -> Iterator[str]:
    """The names of a form's fields; those of the first lines of lists as well."""
    for name in dir(form):
        unbound = getattr(form, name, None)
        if not isinstance(unbound, UnboundField):
            continue
        if issubclass(unbound.field_class, FieldList):
            row = unbound.args[0]
            yield from (f"{name}-{n}-{inner}" for inner in _fields(row) for n in (0, 1))
        else:
            yield name


# -- asking -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answered:
    """One request and what came of it; `said` can be pasted, `faults` are classes and places."""

    number: int
    said: str
    endpoint: str
    status: int
    cpu: float
    faults: tuple[str, ...]


@dataclass
class Request:
    """What is about to be sent, before and after something odd was put into it."""

    target: Target
    method: str
    path: str
    values: dict[str, list[Any]]
    files: dict[str, tuple[BytesIO, str, str]] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)
    raw: str = ""
    body: bytes | None = None
    content_type: str | None = None

    def said(self, twist: str) -> str:
        sent = {name: [one[:80] for one in some[:3]] for name, some in self.values.items()}
        files = {name: (one.getvalue()[:40], *rest) for name, (one, *rest) in self.files.items()}
        more = {"files": files, "raw": self.raw, "headers": self.headers, "body": self.body}
        told = {name: str(value)[:200] for name, value in more.items() if value}
        return (
            f"{twist}: {self.target.who} {self.method} {self.path[:200]} "
            f"({self.target.endpoint}) {sent} {told or ''}"
        )


def ask(place: World, seed: int, wanted: int) -> Iterator[Answered]:
    """So many odd requests, all routes in turn; the same for the same seed and code."""
    random = Random(seed)
    found = targets(place)
    order = sorted(found)
    random.shuffle(order)
    twists, weights = list(TWISTS), list(TWISTS.values())
    for number, key in zip(range(wanted), cycle(order), strict=False):
        one = random.choice(found[key])
        request = Request(one, one.method, one.path, {k: list(v) for k, v in one.values.items()})
        twist = random.choices(twists, weights)[0]
        TWIST[twist](request, random)
        yield _send(place, number, twist, request)


def _send(place: World, number: int, twist: str, request: Request) -> Answered:
    client, said = place.clients[request.target.who], request.said(twist)
    faults: list[str] = []
    arguments = _arguments(client, request)
    if request.target.endpoint.startswith("dav."):
        arguments["headers"].append(("Authorization", place.program))
    started = time.process_time()
    with capture_logs() as logs:
        try:
            with closing(client.open(request.path, **arguments)) as response:
                status, _all = response.status_code, response.get_data()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
            status, faults = RAISED, [repr(error)[:300]]
    cpu = time.process_time() - started
    place.put_back()
    faults += [f"{one.get('error')} {one.get('where')}" for one in logs if one["event"] == "fault"]
    return Answered(number, said, request.target.endpoint, status, cpu, tuple(faults))


def _arguments(client: Client, request: Request) -> dict[str, Any]:
    """How the test client sends it: a query, a form, a form with files, or bytes."""
    given: dict[str, Any] = {"method": request.method, "headers": list(request.headers)}
    values = dict(request.values)
    if request.method == "GET" or request.target.method == "GET":
        given["query_string"] = "&".join(filter(None, [_encoded(values), request.raw]))
        return given
    values.setdefault("csrf_token", [client.csrf_token()])
    values.setdefault("once", [str(uuid4())])
    if request.body is not None:
        given |= {"data": request.body, "content_type": request.content_type}
        given["headers"].append(("X-CSRFToken", client.csrf_token()))
        given["query_string"] = _encoded({"next": ["/"], "change": ["add-week"]})
    elif request.files:
        given |= {"data": {**values, **request.files}, "content_type": "multipart/form-data"}
    else:
        given["data"] = "&".join(filter(None, [_encoded(values), request.raw]))
        given["content_type"] = "application/x-www-form-urlencoded"
    return given


def _encoded(values: dict[str, list[Any]]) -> str:
    return urlencode(values, doseq=True, errors="surrogatepass")


# -- what is odd ---------------------------------------------------------------------------------


def _name(request: Request, random: Random) -> str:
    """Mostly one that the page has sent, else another of the area."""
    own = list(request.values)
    pool = own if own and random.random() < 0.7 else request.target.others
    return random.choice(pool)


def _value(request: Request, random: Random) -> None:
    request.values[_name(request, random)] = [hostile.value(random)]


def _values(request: Request, random: Random) -> None:
    for _time in range(random.randint(2, 5)):
        _value(request, random)


def _file(request: Request, random: Random) -> None:
    name = _name(request, random)
    request.values.pop(name, None)
    request.files[name] = hostile.file(random, name)


def _raw(request: Request, random: Random) -> None:
    name = _name(request, random)
    request.values.pop(name, None)
    request.raw = f"{quote(name)}={random.choice(hostile.RAW)}"


def _missing(request: Request, random: Random) -> None:
    for name in list(request.values):
        if random.random() < 0.5:
            del request.values[name]


def _repeated(request: Request, random: Random) -> None:
    request.values[_name(request, random)] = [hostile.value(random) for _time in range(40)]


def _nested(request: Request, random: Random) -> None:
    """Names as of lines of lists, near and far."""
    lines = [name for name in (*request.values, *request.target.others) if "-0-" in name]
    name, number = random.choice(lines or [_name(request, random)]), random.choice(hostile.NUMBERS)
    stem, _sep, _rest = name.partition("-")
    made = random.choice(
        (name.replace("-0-", f"-{number}-"), f"{stem}-{number}", f"{name}[x]", f"-{name}")
    )
    request.values[made] = [hostile.value(random)]
    request.values["change"] = [f"{random.choice(('add', 'drop'))}-{stem}-{number}"]


def _json(request: Request, random: Random) -> None:
    request.body, request.content_type = random.choice(hostile.JSONS), "application/json"


def _body(request: Request, random: Random) -> None:
    request.body = random.choice(hostile.BODIES)
    request.content_type = random.choice(
        ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml", "")
    )


def _header(request: Request, random: Random) -> None:
    request.headers += random.sample(hostile.HEADERS, random.randint(1, 3))


def _cookie(request: Request, random: Random) -> None:
    request.headers.append(("Cookie", random.choice(hostile.COOKIES)))


def _method(request: Request, random: Random) -> None:
    request.method = random.choice(hostile.METHODS)


def _path(request: Request, random: Random) -> None:
    parts = request.path.split("/")
    parts[random.randrange(1, len(parts))] = random.choice(hostile.PARTS)
    request.path = "/".join(parts)


TWIST: dict[str, Callable[[Request, Random], None]] = {
    "value": _value,
    "values": _values,
    "file": _file,
    "raw": _raw,
    "missing": _missing,
    "repeated": _repeated,
    "nested": _nested,
    "json": _json,
    "body": _body,
    "header": _header,
    "cookie": _cookie,
    "method": _method,
    "path": _path,
}
