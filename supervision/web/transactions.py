"""One transaction a request: begun before a writing view, committed once when it succeeded."""

import hmac
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, request, session
from flask_login import current_user
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from supervision import clock
from supervision.db import begin_write, db, end_reading, run, table, writing
from supervision.errors import N_, Conflict
from supervision.models.audit import Replay

ATTEMPTS = 4
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# PostgreSQL: serialization_failure, deadlock_detected, exclusion_violation, lock_not_available.
RETRIED = frozenset({"40001", "40P01", "23P01", "55P03"})

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])


def by_hand(view: View) -> View:
    """The view begins its own writing, since slow work (Argon2) comes before it."""
    view.by_hand = True  # type: ignore[attr-defined]  # a mark, read below
    return view


def in_one(act: Callable[[], T]) -> T:
    """What `act` answers in a writing transaction of its own, for a view that writes by hand.

    Run again, ATTEMPTS times at most, when the database was busy: all slow work belongs before it,
    and `act` changes nothing outside of the database but what is to be said.
    """
    said = list(session.get("_flashes", ()))

    def once() -> T:
        _say_only(said)
        with writing():
            return act()

    return _again(once)


def _again(act: Callable[[], T]) -> T:
    """What `act` answers, run again while something is in its way that passes."""
    for left in reversed(range(ATTEMPTS)):
        try:
            return act()
        except Exception as error:
            if left == 0 or not _passes(error):
                raise
    raise AssertionError("the loop returns or raises")


class App(Flask):
    """Flask, with the transaction around each writing view."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view is a coroutine, so none has to be asked at each of its requests."""
        return func

    def dispatch_request(self) -> Any:
        view = self.view_functions.get(request.endpoint or "")
        if request.method in SAFE or request.routing_exception or hasattr(view, "by_hand"):
            answer = super().dispatch_request()
            end_reading()
            return answer
        return self._write(super().dispatch_request)

    def _write(self, view: Callable[[], Any]) -> Response:
        """What the view answers, or what the same form was answered before.

        Nearly every form comes once, so that is not asked first: one that came before finds its
        key taken when it is done, or finds something else in its way, and is undone.
        """
        said = list(session.get("_flashes", ()))

        def once() -> Response:
            begin_write()
            failure: Exception | None = None
            response: Response | None = None
            try:
                response = self.make_response(view())
                if response.status_code < 400:
                    _remember(response)
                    db.session.commit()
                    return response
            except Exception as error:  # noqa: BLE001 - raised again below, unless it was replayed
                response, failure = None, error
            db.session.rollback()
            before = _replayed()
            if before is None and response is not None:
                return response
            _say_only(said)
            if before is not None:
                return before
            assert failure is not None
            raise failure

        return _again(once)


def _say_only(said: list[Any]) -> None:
    """Take back what a run that was undone wanted to say."""
    if said:
        session["_flashes"] = said
    else:
        session.pop("_flashes", None)


def _passes(error: Exception) -> bool:
    """Whether the same request may well succeed when it is run again."""
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error, IntegrityError) and "replay" in str(error.orig):
        return True  # the same form came twice at once; the other's answer is there now
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in RETRIED
    said = str(error.orig)
    return isinstance(error, OperationalError) and ("locked" in said or "busy" in said)


_KEPT = select(*table(Replay).c["body_hash", "location"]).where(
    Replay.person_id == bindparam("person_id"), Replay.once == bindparam("once")
)
_KEEP = insert(table(Replay))


def _once() -> tuple[UUID, UUID, bytes] | None:
    """(person, key, keyed hash of the form), when a signed-in person sent a form with a key."""
    if "sent" not in g:
        g.sent = _sent()
    if g.sent is None or not current_user.is_authenticated:
        return None
    return current_user.id, *g.sent


def _sent() -> tuple[UUID, bytes] | None:
    """(key, keyed hash) of a form that has a key."""
    try:
        once = UUID(request.form["once"])
    except (KeyError, ValueError):
        return None
    items = sorted(
        (name, value)
        for name, values in request.form.lists()
        for value in values
        if name not in {"csrf_token", "once"}
    )
    body = repr((request.path, items)).encode()
    # Keyed: the database alone must not confirm a guess of what a form held.
    key = current_app.config["SECRET_KEY"].encode()
    return once, hmac.digest(key, body, "sha256")


def _replayed() -> Response | None:
    found = _once()
    if found is None:
        return None
    person_id, once, body_hash = found
    row = run(_KEPT, {"person_id": person_id, "once": once}).one_or_none()
    if row is None:
        return None
    if not hmac.compare_digest(row.body_hash, body_hash):
        raise Conflict(N_("This form was sent before with other words. Open it again to go on."))
    return current_app.make_response(redirect(row.location, 303))


def _remember(response: Response) -> None:
    found = _once()
    if found is None or response.status_code != 303:
        return
    person_id, once, body_hash = found
    values = {
        "person_id": person_id,
        "once": once,
        "body_hash": body_hash,
        "location": response.headers["Location"],
        "created_at": clock.now(),
    }
    run(_KEEP, values)
