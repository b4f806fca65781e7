"""One transaction a request, and one outcome for a form however often it is sent."""

import hashlib
import hmac
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask, abort, flash, redirect
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.test import TestResponse

from supervision import clock
from supervision.config import Settings
from supervision.db import db
from supervision.models.audit import AuditEntry, Replay
from supervision.models.rosters import Roster
from supervision.services import rosters
from supervision.services.audit import Act, record
from supervision.web import transactions
from supervision.web.auth import signed_in
from tests import factories
from tests.factories import House
from tests.support.client import Client

both = pytest.mark.engines("sqlite", "postgresql")
PATH, ENDPOINT = "/profile", "people.edit_profile"
Put = Callable[[Callable[[], Any]], None]


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def alice(house: House, new_client: Callable[[], Client]) -> Client:
    client = new_client()
    client.sign_in(house.alice.id)
    return client


@pytest.fixture
def put(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Puts a view in the place of one that a signed-in person may POST to."""
    return lambda view: monkeypatch.setitem(app.view_functions, ENDPOINT, signed_in(view))


def leave_a_line() -> None:
    record(Act.PERSON_EDIT, clock.now())


def lines() -> int:
    """How many lines the views of these tests have left for good."""
    query = select(func.count()).where(AuditEntry.act == Act.PERSON_EDIT)
    return db.session.scalar(query) or 0


def replays() -> int:
    return db.session.scalar(select(func.count()).select_from(Replay)) or 0


# -- commit and rollback -------------------------------------------------------------------


@both
@pytest.mark.parametrize("status", [200, 201, 303])
def test_success_is_committed(alice: Client, put: Put, status: int) -> None:
    def view() -> Any:
        leave_a_line()
        return "done", status, {"Location": "/"}

    put(view)
    assert (alice.send(PATH).status_code, lines()) == (status, 1)


@both
@pytest.mark.parametrize("status", [400, 409, 422, 503])
def test_refusal_is_rolled_back(alice: Client, put: Put, status: int) -> None:
    def view() -> Any:
        leave_a_line()
        db.session.flush()
        return "no", status

    put(view)
    assert (alice.send(PATH).status_code, lines()) == (status, 0)


@both
def test_exception_is_rolled_back(alice: Client, put: Put) -> None:
    def view() -> Any:
        leave_a_line()
        db.session.flush()
        raise RuntimeError

    put(view)
    assert (alice.send(PATH).status_code, lines()) == (500, 0)


def test_abort_is_rolled_back(alice: Client, put: Put) -> None:
    def view() -> Any:
        leave_a_line()
        db.session.flush()
        abort(404)

    put(view)
    assert (alice.send(PATH).status_code, lines()) == (404, 0)


def test_reading_commits_nothing(alice: Client, app: Flask, monkeypatch: Any) -> None:
    def view() -> Any:
        leave_a_line()
        db.session.flush()
        return "read"

    monkeypatch.setitem(app.view_functions, "people.profile", signed_in(view))
    assert (alice.get(PATH).status_code, lines()) == (200, 0)


def test_view_writes_in_one_transaction_that_holds_the_writers_queue(
    alice: Client, put: Put
) -> None:
    seen = []

    def view() -> Any:
        connection = db.session.connection()
        seen.append((connection.in_transaction(), "lock" in connection.info))
        leave_a_line()
        return "done"

    put(view)
    alice.send(PATH)
    assert seen == [(True, True)]


def test_view_by_hand_is_not_wrapped(alice: Client, put: Put) -> None:
    """Slow work comes first; what it reads before holds nobody up, and it commits by itself."""
    seen = []

    @transactions.by_hand
    def view() -> Any:
        seen.append("lock" in db.session.connection().info)
        leave_a_line()
        db.session.flush()
        db.session.rollback()
        transactions.in_one(locked)
        return "refused", 422

    def locked() -> None:
        seen.append("lock" in db.session.connection().info)
        leave_a_line()

    put(view)
    once = {"once": str(uuid4())}
    answers = [alice.send(PATH, once).status_code for _ in range(2)]
    assert (answers, seen) == ([422, 422], [False, True] * 2)
    assert (lines(), replays()) == (2, 0)


# -- again when busy -----------------------------------------------------------------------


def busy() -> OperationalError:
    return OperationalError("", {}, sqlite3.OperationalError("database is locked"))


def serialization_failure() -> OperationalError:
    return OperationalError("", {}, psycopg.errors.SerializationFailure())


def deadlock() -> OperationalError:
    return OperationalError("", {}, psycopg.errors.DeadlockDetected())


def full() -> OperationalError:
    return OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))


def duplicate() -> IntegrityError:
    return IntegrityError("", {}, sqlite3.IntegrityError("UNIQUE constraint failed: person.email"))


def failing(times: int, error: Callable[[], Exception]) -> tuple[Callable[[], Any], list[int]]:
    """A view that leaves a line and then fails so many times; and a list of its runs."""
    runs: list[int] = []

    def view() -> Any:
        runs.append(len(runs) + 1)
        leave_a_line()
        flash(f"run {len(runs)}")
        db.session.flush()
        if len(runs) <= times:
            raise error()
        return redirect("/", 303)

    return view, runs


@pytest.mark.parametrize("error", [busy, serialization_failure, deadlock])
def test_view_runs_again_when_another_was_in_the_way(
    alice: Client, put: Put, error: Callable[[], Exception]
) -> None:
    view, runs = failing(1, error)
    put(view)
    assert (alice.send(PATH).status_code, runs, lines()) == (303, [1, 2], 1)


@pytest.mark.parametrize(
    ("error", "times", "runs"),
    [(busy, 1, [1, 2]), (deadlock, 3, [1, 2, 3, 4]), (busy, 4, [1, 2, 3, 4]), (full, 1, [1])],
)
def test_write_by_hand_runs_again_as_often_as_a_view(
    alice: Client, put: Put, error: Callable[[], Exception], times: int, runs: list[int]
) -> None:
    write, seen = failing(times, error)
    put(transactions.by_hand(lambda: transactions.in_one(write)))
    wanted = (303, 1) if len(runs) > times else (500, 0)
    assert (alice.send(PATH).status_code, lines(), seen) == (*wanted, runs)


BY_HAND = [lambda view: view, lambda view: transactions.by_hand(lambda: transactions.in_one(view))]


@pytest.mark.parametrize("how", BY_HAND)
def test_run_that_was_undone_leaves_no_message(alice: Client, put: Put, how: Any) -> None:
    view, _runs = failing(2, busy)
    put(how(view))
    alice.send(PATH)
    with alice.session_transaction() as cookie:
        assert cookie["_flashes"] == [("message", "run 3")]


def test_view_is_given_up_after_four_runs(alice: Client, put: Put) -> None:
    view, runs = failing(9, busy)
    put(view)
    assert (alice.send(PATH).status_code, runs, lines()) == (500, [1, 2, 3, 4], 0)


@pytest.mark.parametrize("error", [full, duplicate])
def test_view_does_not_run_again_for_what_will_not_pass(
    alice: Client, put: Put, error: Callable[[], Exception]
) -> None:
    view, runs = failing(1, error)
    put(view)
    assert (alice.send(PATH).status_code, runs, lines()) == (500, [1], 0)


def test_views_write_by_what_runs_again_alone() -> None:
    views = Path(transactions.__file__).parents[1] / "blueprints"
    texts = [one.read_text(encoding="utf-8") for one in views.rglob("*.py")]
    assert [text for text in texts if "writing(" in text or "begin_write(" in text] == []


# -- the same form again -------------------------------------------------------------------

ROSTER = {
    "title": "Thursday group",
    "kind": "group",
    "zone": "Europe/London",
    "capacity": "6",
    "minutes": "90",
    "address": "",
    "meeting_link": "",
}


def titles() -> list[str]:
    return list(db.session.scalars(select(Roster.title).where(Roster.title.like("Thursday%"))))


def make(client: Client, once: str, **more: str) -> TestResponse:
    return client.send("/rosters/new", ROSTER | {"once": once} | more)


@both
def test_form_sent_twice_is_done_once_and_answered_alike(alice: Client) -> None:
    once = str(uuid4())
    first, second = make(alice, once), make(alice, once)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert titles() == ["Thursday group"]


def test_form_sent_twice_is_told_of_once(alice: Client) -> None:
    once = str(uuid4())
    make(alice, once)
    with alice.session_transaction() as cookie:
        said = list(cookie["_flashes"])
    make(alice, once)
    with alice.session_transaction() as cookie:
        assert (cookie["_flashes"], len(said)) == (said, 1)


@both
def test_form_sent_twice_is_answered_though_the_first_is_in_its_way(
    alice: Client, house: House
) -> None:
    """The second booking would clash with what the first has booked."""
    wish = {"date": "2030-05-02", "starts_at": "10:00", "minutes": "50", "repeats": "never"}
    once = {"once": str(uuid4())}
    first, second = (alice.send(f"/rosters/{house.individual}/book", once | wish) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    anew = alice.send(f"/rosters/{house.individual}/book", wish)
    assert anew.status_code == 422


def test_form_sent_again_with_other_words_is_refused(alice: Client) -> None:
    once = str(uuid4())
    make(alice, once)
    again = make(alice, once, title="Thursday evening")
    assert (again.status_code, titles()) == (409, ["Thursday group"])
    assert "sent before with other words" in again.text


def test_key_counts_for_one_address(alice: Client, house: House) -> None:
    """The same key and words sent to another address are another form."""
    once = {"once": str(uuid4())}
    first = alice.send(f"/rosters/{house.group}/end", once)
    again = alice.send(f"/rosters/{house.individual}/end", once)
    assert (first.status_code, again.status_code) == (303, 409)


def test_key_is_a_persons_own(
    alice: Client, house: House, new_client: Callable[[], Client]
) -> None:
    other = new_client()
    other.sign_in(house.dana.id)
    once = str(uuid4())
    first, second = make(alice, once), make(other, once)
    assert first.location != second.location
    assert titles() == ["Thursday group"] * 2


def test_new_token_is_no_other_word(alice: Client) -> None:
    """CSRF tokens differ with each rendering; the form is the same."""
    once = str(uuid4())
    first = make(alice, once)
    with alice.session_transaction() as cookie:
        del cookie["csrf_token"]
    assert make(alice, once).location == first.location


@pytest.mark.parametrize("once", ["", "not-a-key"])
def test_form_without_a_key_is_done_each_time(alice: Client, once: str) -> None:
    make(alice, once)
    make(alice, once)
    assert (titles(), replays()) == (["Thursday group"] * 2, 0)


def test_refused_form_may_be_mended_under_its_key(alice: Client) -> None:
    once = str(uuid4())
    refused, mended = make(alice, once, title=""), make(alice, once)
    assert (refused.status_code, mended.status_code, titles()) == (422, 303, ["Thursday group"])


def test_kept_answer_confirms_no_guess_of_the_form(alice: Client, settings: Settings) -> None:
    """The hash is keyed: who reads the database alone cannot try out what was sent."""
    make(alice, str(uuid4()))
    kept = db.session.scalars(select(Replay.body_hash)).one()
    guess = repr(("/rosters/new", sorted(ROSTER.items()))).encode()
    assert kept != hashlib.sha256(guess).digest()
    assert kept == hmac.digest(settings.secret_key.encode(), guess, "sha256")


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes two requests meet inside the service, where the database lets both in at once."""
    make_roster, barrier = rosters.make_roster, threading.Barrier(2)
    runs: list[str] = []

    def make_together(*arguments: Any) -> Any:
        runs.append(threading.current_thread().name)
        made = make_roster(*arguments)
        # SQLite has one writer: there the other one waits outside, and nobody comes.
        with suppress(threading.BrokenBarrierError):
            barrier.wait(1)
        return made

    monkeypatch.setattr(rosters, "make_roster", make_together)
    return runs


@both
def test_same_form_at_the_same_time_is_done_once(
    app: Flask,
    house: House,
    new_client: Callable[[], Client],
    together: list[str],
) -> None:
    once, clients = str(uuid4()), [new_client(), new_client()]
    for client in clients:
        client.sign_in(house.alice.id)
    db.session.remove()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: make(client, once), clients))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.location for answer in answers}) == 1
    assert titles() == ["Thursday group"]
    # Both ran, and what the second had done was undone when it found its key taken.
    assert (len(together), replays()) == (2, 1)
