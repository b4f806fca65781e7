"""Who is asking, and what each view demands of them. A view that demands nothing is closed."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, abort, current_app, g, make_response, redirect, request, url_for
from flask_babel import get_locale
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response as BaseResponse

from supervision import clock
from supervision.db import db, writing
from supervision.permissions import Actor
from supervision.services import devices, people
from supervision.web.cookies import CookieSessions

View = TypeVar("View", bound=Callable[..., Any])


class Manager(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Flask-Login, without the hash of address and browser that it makes for every request."""

    def _session_protection_failed(self) -> bool:
        return False


LONGEST_NEXT = 2000
manager = Manager()
manager.session_protection = None


class Viewer(UserMixin, Actor):  # type: ignore[misc]  # Flask-Login has no types
    """The Actor as Flask-Login knows them; the cookie holds the sign-in, not the person."""

    __hash__ = Actor.__hash__

    def get_id(self) -> str:
        return self.sign_in_id.hex


@manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
def _load(sign_in_id: str) -> Viewer | None:
    try:
        key = UUID(sign_in_id)
    except ValueError:
        return None
    find: people.Doorkeeper = current_app.extensions["doorkeeper"]
    actor = find(key, clock.now())
    return Viewer(**vars(actor)) if actor else None


def viewer() -> Actor:
    """The signed-in person; only in views that demand one."""
    actor: Actor = current_user._get_current_object()
    return actor


def to_sign_in() -> BaseResponse:
    """Send an anonymous person to sign in, and back afterwards; htmx by its own header."""
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    target = url_for("people.sign_in", next=here)
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return make_response("", 200, {"HX-Redirect": target})
    return redirect(target, 302 if request.method == "GET" else 303)


def safe_next(target: str | None) -> str:
    """A local path to go on to, or home. Never another host, nor what no address bar shows.

    Browsers take a backslash for a slash and leave out tabs and line ends, wherever they stand.
    """
    home = url_for("home.index")
    if not target or len(target) > LONGEST_NEXT or not target.isprintable() or "\\" in target:
        return home
    return target if target.startswith("/") and not target.startswith("//") else home


def _demand(name: str, check: Callable[[], BaseResponse | None]) -> Callable[[View], View]:
    def mark(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            refusal = check()
            return refusal if refusal is not None else view(*args, **kwargs)

        guarded.permission = name  # type: ignore[attr-defined]  # read by the house's test
        return guarded  # type: ignore[return-value]  # same signature as the view's

    return mark


def anyone(why: str) -> Callable[[View], View]:
    """Open to the world; `why` says what makes that right."""
    return _demand(f"anyone: {why}", lambda: None)


def _signed_in() -> BaseResponse | None:
    return None if current_user.is_authenticated else to_sign_in()


def _organisers() -> BaseResponse | None:
    if current_user.is_authenticated and not viewer().is_organiser:
        abort(404)
    return _signed_in()


signed_in = _demand("signed in", _signed_in)
organisers = _demand("organisers", _organisers)


def for_programs(view: View) -> View:
    """Programs send this as well, without a form's token and from wherever they are.

    What stands in the address, or a password that no browser keeps, is the permission, so there is
    nothing that another site could make a browser do in somebody's name.
    """
    view.for_programs = True  # type: ignore[attr-defined]  # a mark, read below and in headers
    return view


def let_programs_in(app: Flask) -> None:
    """Ask for no CSRF token where a view is for programs; once all views are known."""
    for view in app.view_functions.values():
        if hasattr(view, "for_programs"):
            app.extensions["csrf"].exempt(view)


def _closed_by_default() -> None:
    """A view without a permission does not exist."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and request.endpoint != "static" and not hasattr(view, "permission"):
        abort(404)


def _note_use(response: BaseResponse) -> BaseResponse:
    """Once an hour, what a person does in a browser is written down as its last use."""
    view = current_app.view_functions.get(request.endpoint or "")
    found = g.get("_login_user")
    if not getattr(found, "is_authenticated", False) or hasattr(view, "passive"):
        return response
    if not devices.is_noted(found, clock.now()):
        try:
            with writing():
                devices.note_use(found, clock.now())
        except DBAPIError:
            current_app.logger.debug("the use of a sign-in was not noted")
    return response


def init(app: Flask) -> None:
    app.session_interface = CookieSessions()
    manager.init_app(app)
    app.after_request(_note_use)
    with app.app_context():
        app.extensions["doorkeeper"] = people.Doorkeeper(db.engine)
    app.before_request(_closed_by_default)

    @app.context_processor
    def _viewer() -> dict[str, Any]:
        anonymous = request.endpoint == "feeds.read" or not current_user.is_authenticated
        locale = get_locale()
        return {
            "viewer": None if anonymous else viewer(),
            "lang": locale.language if locale else "en",
            "text_direction": locale.text_direction if locale else "ltr",
        }
