"""The goals, each a function that yields rows of the table."""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bench import booking, finding, guessing, polling, reflecting, sharing, starts
from bench import slots as free
from bench import storm as storms
from bench.dataset import ALICE, PASSPHRASE, this_monday
from bench.feeds import Change
from bench.load import Ask, Refused, drive, fetch
from bench.measure import ROUNDS, Row, Side, compare, percentile
from bench.servers import Radicale
from bench.stage import Stage
from supervision.domain import vault
from supervision.domain.vault.keys import new_keys
from tests.support.statements import counted

CALENDAR = "/calendar"
ENGINES = ("sqlite", "postgresql")
MOST_STATEMENTS = 6


def repeated(path: str, status: int = 200, **headers: str) -> Iterator[Ask]:
    return itertools.repeat(Ask(path, status, headers))


def week(stage: Stage) -> Iterator[Row]:
    """The week page beside the same template with the same rows in memory."""
    for engine in ENGINES:
        server, cookie = stage.server(engine), stage.cookie(engine)
        again = f"/bench/again?path={quote(CALENDAR)}"
        ours = Side(server, repeated(CALENDAR, Cookie=cookie))
        beside = Side(server, repeated(again, Cookie=cookie))
        yield compare("week", engine, ours.cost, beside.cost, 0.45)


def overhead(stage: Stage) -> Iterator[Row]:
    """What sign-in, permissions, headers and logs add to Flask's plain text."""
    cookie, plain = stage.cookie("sqlite"), Side(stage.plain(), repeated("/text"))
    empty = Side(stage.server("sqlite"), repeated("/bench/empty", Cookie=cookie))
    yield compare("overhead", "empty fragment", empty.cost, plain.cost, 3.0, "at most")
    same = Side(stage.server("sqlite"), _unchanged(stage, 200))
    yield compare("overhead", "304", same.cost, plain.cost, 2.5, "at most")


def page(stage: Stage) -> Iterator[Row]:
    """Home beside a page of the same look and size without data."""
    cookie, server = stage.cookie("sqlite"), stage.server("sqlite")
    size = len(fetch(server.port, Ask("/", headers={"Cookie": cookie}))[0])
    ours = Side(server, repeated("/", Cookie=cookie))
    beside = Side(server, repeated(f"/bench/page?bytes={size}", Cookie=cookie))
    yield compare("page", f"home, {size // 1024} KB", ours.cost, beside.cost, 0.4)


def feed(stage: Stage) -> Iterator[Row]:
    """A feed beside the same bytes out of memory; and what building it anew costs."""
    for many in (200, 2000):
        path = stage.feed_path(many)
        ours = Side(stage.server("sqlite"), repeated(path))
        beside = Side(stage.plain(), repeated(f"/bytes/feed-{many}"))
        yield compare("feed", f"{many}, warm", ours.cost, beside.cost, 0.7)
    path = stage.feed_path(200)
    cold = Side(stage.server("sqlite"), _after_changes(stage, path))
    warm = Side(stage.server("sqlite"), repeated(path))
    yield compare("feed", "200, cold beside warm", cold.cost, warm.cost, None, "at most")


def _after_changes(stage: Stage, path: str) -> Iterator[Ask]:
    """Each time, the reader's sessions have changed before the feed is asked for."""
    while True:
        stage.touch_feeds()
        yield Ask(path)


def _unchanged(stage: Stage, many: int) -> Iterator[Ask]:
    path = stage.feed_path(many)
    _body, headers = fetch(stage.server("sqlite").port, Ask(path))
    return repeated(path, 304, **{"If-None-Match": headers["etag"]})


def feed_304(stage: Stage) -> Iterator[Row]:
    """If-None-Match beside Flask's bare 304."""
    ours = Side(stage.server("sqlite"), _unchanged(stage, 200))
    beside = Side(stage.plain(), repeated("/same", 304))
    yield compare("feed-304", "200", ours.cost, beside.cost, 0.6)


def feed_peer(stage: Stage) -> Iterator[Row]:
    """A feed beside the same sessions out of Radicale."""
    ours = Side(stage.server("sqlite"), repeated(stage.feed_path(200)))
    beside = Side(stage.peer(200), repeated(Radicale.PATH))
    yield compare("feed-peer", "200, times Radicale's", ours.cost, beside.cost, 100)


def feed_change(stage: Stage) -> Iterator[Row]:
    """One change among 2,000 sessions, then the feed; beside all of it made by `icalendar`."""
    change = Change(stage.app("sqlite"), stage.cast("sqlite").feeds[2000])
    yield compare("feed-change", "2,000, read", change.get, change.anew, 50)
    row = compare("feed-change", "2,000, rebuild alone, ms", change.rebuild, change.rebuild, None)
    yield replace(row, ratio=row.ours, limit=5.0, sense="at most")


def book(stage: Stage) -> Iterator[Row]:
    """A booking by form for a roster of eleven, beside one bare row in the same transaction."""
    for engine in ENGINES:
        server = stage.server(engine)
        ours = Side(server, _bookings(stage, engine))
        beside = Side(server, itertools.repeat(Ask("/bench/insert", form={})))
        yield compare("book", engine, ours.cost, beside.cost, 0.3)


def _bookings(stage: Stage, engine: str) -> Iterator[Ask]:
    """Coming weekends from three o'clock on: Alice is free, and no clock skips an hour then."""
    cast, cookie = stage.cast(engine), stage.cookie(engine)
    saturday = this_monday() + timedelta(days=12)
    for number in itertools.count():
        weekend, hour = divmod(number, 40)
        day, hour = divmod(hour, 20)
        on = saturday + timedelta(weeks=weekend, days=day)
        form = {
            "csrf_token": stage.csrf_token(engine),
            "once": str(uuid4()),
            "date": f"{on:%Y-%m-%d}",
            "starts_at": f"{hour + 3:02}:00",
            "minutes": "50",
            "repeats": "never",
        }
        path = f"/rosters/{cast.rosters[0]}/book"
        yield Ask(path, 303, {"Cookie": cookie}, form)


def book_check(stage: Stage) -> Iterator[Row]:
    """What keeps bookings apart, and a whole booking, beside bare INSERTs; by wall time.

    Each in a transaction of its own: waiting in line, the look for clashes, session and claims;
    then also the roster, its members, the audit line and the announcement. Beside them stands
    one bare row of a small table, and the same session and claims without the check.
    """
    for engine in ENGINES:
        costs = booking.costs(stage.app(engine))
        row = compare("book-check", engine, costs.check, costs.row, 0.5)
        yield replace(row, unit="ms")
        row = compare("book-check", f"{engine}, its rows", costs.check, costs.rows, 0.5)
        yield replace(row, unit="ms")
        row = compare("book-check", f"{engine}, whole booking", costs.whole, costs.row, None)
        yield replace(row, unit="ms")


def book_contended(stage: Stage) -> Iterator[Row]:
    """Sixteen clients: one slot has exactly one winner, twenty times; then how long who waits."""
    for engine in ENGINES:
        won, slots = booking.one_slot(stage, engine), booking.SLOTS
        case = f"{engine}, one slot"
        yield Row("book-contended", case, won, slots, won / slots, 1.0, "at least", "winners")
        high, middle = booking.waits(stage, engine)
        case, ratio = f"{engine}, p99 beside p50", high / middle
        yield Row("book-contended", case, high, middle, ratio, 5.0, "at most", "ms")


def note(_stage: Stage) -> Iterator[Row]:
    """Sealing and opening a revision beside bare AES-GCM with a fresh key."""
    keys, person, number = new_keys(), uuid4(), uuid4()
    for size in (2048, 20480):
        body = os.urandom(size // 2).hex().encode()
        sealed = vault.seal_revision(keys, person, number, 1, vault.FIRST, body)
        key, nonce = AESGCM.generate_key(256), os.urandom(12)
        bare = AESGCM(key).encrypt(nonce, body, None)
        ours: Callable[[], object] = partial(
            vault.seal_revision, keys, person, number, 1, vault.FIRST, body
        )
        beside: Callable[[], object] = partial(_bare_seal, body)
        case = f"save {size // 1024} KB"
        yield compare("note", case, timed(ours), timed(beside), 5.0, "at most")
        ours = partial(vault.open_revision, keys, person, number, 1, vault.FIRST, sealed)
        beside = partial(_bare_open, key, nonce, bare)
        case = f"open {size // 1024} KB"
        yield compare("note", case, timed(ours), timed(beside), 5.0, "at most")


def search(stage: Stage) -> Iterator[Row]:
    """Looking for a phrase in all sealed texts beside decrypting the same bytes in one piece, and
    all of finding; then how long the pages take for somebody with very many notes."""
    who = reflecting.writer(stage.app("sqlite"))
    for many in (1000, 10_000):
        reflecting.fill(who, many)
        beside = timed(reflecting.one_piece(who), 8)
        ours = timed(who.scanning(), 8)
        yield compare("search", f"{many:,} notes, scan", ours, beside, 4.0, "at most")
        yield compare("search", f"{many:,} notes, all", timed(who.find, 8), beside, None, "at most")
    for case, ask in (("list", who.page("/notes")), ("find", who.find_page)):
        row = compare("search", f"10,000, page: {case}", timed(ask, 5), timed(ask, 5), None)
        yield replace(row, beside=60.0, ratio=row.ours, limit=60.0, sense="at most")


def _bare_seal(body: bytes) -> bytes:
    return AESGCM(AESGCM.generate_key(256)).encrypt(os.urandom(12), body, None)


def _bare_open(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    return AESGCM(key).decrypt(nonce, sealed, None)


def timed(act: Callable[[], object], times: int = 2000) -> Callable[[], float]:
    """CPU ms that `act` costs in this process."""

    def cost() -> float:
        before = time.process_time()
        for _ in range(times):
            act()
        return (time.process_time() - before) / times * 1000

    return cost


def share(_stage: Stage) -> Iterator[Row]:
    """Sealing a text of 2 KB to one reader beside a bare HPKE seal and a bare Ed25519 signature."""
    ours, bare = sharing.share_and_bare(os.urandom(1024).hex().encode())
    yield compare("share", "2 KB, one reader", timed(ours), timed(bare), 1.5, "at most")


def unlock(stage: Stage) -> Iterator[Row]:
    """Signing in, which unlocks the vault, beside one bare run of Argon2id."""
    form = {"email": ALICE, "passphrase": PASSPHRASE, "csrf_token": stage.csrf_token("sqlite")}
    headers = {"Cookie": stage.anonymous_cookie("sqlite")}
    asks = (Ask("/sign-in", 303, headers, form | {"once": str(uuid4())}) for _ in itertools.count())
    ours = Side(stage.server("sqlite"), asks)
    yield compare("unlock", "sign in", ours.cost, timed(_bare_argon2, 4), 1.1, "at most")


def unlock_storm(stage: Stage) -> Iterator[Row]:
    """Sixty-four wrong passphrases at once: others' pages, and how many tries were heard."""
    found = guessing.storm(stage)
    ratio = found.beside / found.calm
    case = "a page beside 64 tries"
    yield Row("unlock-storm", case, found.beside, found.calm, ratio, 2.0, "at most", "ms")
    heard, refused = float(found.heard), float(found.refused)
    yield Row("unlock-storm", "heard, refused", heard, refused, heard, 10.0, "at most", "tries")


def storm(stage: Stage) -> Iterator[Row]:
    """One client without an account does all that it can, for as long as `poll` lasts."""
    found = storms.storm(stage)
    ratio = found.middle / found.calm
    case = f"a page, {found.sent:,} sent beside it"
    yield Row("storm", case, found.middle, found.calm, ratio, 2.0, "at most", "ms")
    yield Row(
        "storm",
        "its worst",
        found.worst,
        found.calm,
        found.worst / found.calm,
        None,
        "at most",
        "ms",
    )
    yield Row("storm", "failed", found.failed, 0, found.failed, 0, "at most", "pages")
    yield Row(
        "storm",
        "worst /healthz",
        found.health,
        found.calm,
        found.health / found.calm,
        None,
        "at most",
        "ms",
    )
    grown = found.after - found.before
    yield Row(
        "storm", "memory, 10 s after", found.after, found.before, grown, 10.0, "at most", "MB more"
    )


def _bare_argon2() -> bytes:
    kdf = Argon2id(salt=bytes(16), length=64, iterations=3, lanes=1, memory_cost=65536)
    return kdf.derive(PASSPHRASE.encode())


def p99(stage: Stage) -> Iterator[Row]:
    """How even the answers to one client are: the 99th percentile beside the median."""
    server, cookie = stage.server("sqlite"), stage.cookie("sqlite")
    asks = repeated(CALENDAR, Cookie=cookie)
    drive(server.port, asks, 50)
    rounds = []
    for _ in range(ROUNDS):
        seconds = drive(server.port, asks, 400)
        rounds.append((percentile(seconds, 0.99) * 1000, percentile(seconds, 0.5) * 1000))
    high, middle = (statistics.median(values) for values in zip(*rounds, strict=True))
    yield Row("p99", "week, one client", high, middle, high / middle, 2.5, "at most", "ms", rounds)


def statements(stage: Stage) -> Iterator[Row]:
    """SQL statements a page, for Alice with everything and for somebody with one of each."""
    cast = stage.cast("sqlite")
    rosters = (f"/rosters/{cast.rosters[0]}", f"/rosters/{cast.her_roster}")
    pages = {path: (path, path) for path in ("/", CALENDAR, "/rosters", "/feeds")}
    for shown, (path, her_path) in (pages | {"/rosters/<id>": rosters}).items():
        full = _statements(stage, path, stage.cookie("sqlite"))
        one = _statements(stage, her_path, stage.cookie("sqlite", alone=True))
        yield Row("statements", shown, full, one, full, MOST_STATEMENTS, "at most", "statements")


def _statements(stage: Stage, path: str, cookie: str) -> int:
    app = stage.app("sqlite")
    client = app.test_client(use_cookies=False)
    client.get(path, headers={"Cookie": cookie})
    with app.app_context(), counted() as seen:
        answer = client.get(path, headers={"Cookie": cookie})
    if answer.status_code != HTTPStatus.OK:
        raise Refused(f"{path} answered {answer.status}")
    return len(seen)


def start(stage: Stage) -> Iterator[Row]:
    """A second start until it answers, and the memory of all its processes then."""
    instance = stage.instance("sqlite")
    seconds, megabytes = zip(*(starts.once(instance) for _ in range(3)), strict=True)
    up, memory = statistics.median(seconds), statistics.median(megabytes)
    yield Row("start", "to the first answer", up, 2.0, up, 2.0, "at most", "s")
    yield Row("start", "memory, all processes", memory, 180.0, memory, 180.0, "at most", "MB")


def slots(_stage: Stage) -> Iterator[Row]:
    """Ninety days of somebody with 500 claims, as starts that can be booked; and the slow way."""
    busy = free.taken()
    if free.swept(busy) != free.brute(busy):
        raise Refused("the slots are not those of brute force")
    ours, beside = timed(partial(free.swept, busy), 100), timed(partial(free.brute, busy), 1)
    row = compare("slots", "90 days, 500 claims", ours, beside, None)
    yield replace(row, ratio=row.ours, limit=2.0, sense="at most")


def find_time(_stage: Stage) -> Iterator[Row]:
    """Four weeks of eight people in as many zones, as times that suit all; and the slow way."""
    people = finding.mates()
    if [one.starts_at for one in finding.found(people)] != finding.brute(people):
        raise Refused("the times are not those of brute force")
    ours = timed(partial(finding.found, people), 50)
    row = compare(
        "find-time", "8 people, 4 weeks", ours, timed(partial(finding.brute, people), 1), None
    )
    yield replace(row, ratio=row.ours, limit=10.0, sense="at most")


def poll(stage: Stage) -> Iterator[Row]:
    """Ten thousand subscriptions polled for an hour while bookings go on, in a minute."""
    hour = polling.Rehearsal(stage, stage.seconds).run()
    faults = hour.wrong + hour.stale
    case = f"{hour.polls:,} answers, wrong or stale"
    yield Row("poll", case, faults, 0, faults, 0, "at most", "answers")
    high, middle = (percentile(hour.seconds, share) * 1000 for share in (0.99, 0.5))
    yield Row("poll", "p99 beside p50", high, middle, high / middle, None, "at most", "ms")
    yield Row("poll", "sent too late, at most", hour.late, 1.0, hour.late, None, "at most", "s")


GOALS: dict[str, Callable[[Stage], Iterator[Row]]] = {
    "week": week,
    "overhead": overhead,
    "page": page,
    "feed": feed,
    "feed-304": feed_304,
    "feed-peer": feed_peer,
    "feed-change": feed_change,
    "book": book,
    "book-check": book_check,
    "book-contended": book_contended,
    "note": note,
    "share": share,
    "search": search,
    "unlock": unlock,
    "unlock-storm": unlock_storm,
    "p99": p99,
    "statements": statements,
    "start": start,
    "slots": slots,
    "find-time": find_time,
    "poll": poll,
    "storm": storm,
}
# What one name stands for several of.
GROUPS = {
    "feeds": ["feed", "feed-304", "feed-peer", "feed-change"],
    "vault": ["note", "share", "search", "unlock", "unlock-storm"],
}
# These are run by their names alone.
LONG = {"poll", "storm"}
RESULTS = Path(__file__).parent / "results"
