"""Refusals and faults as pages: what happened, what is safe, what next, an id to quote."""

from dataclasses import dataclass, replace
from math import ceil

from flask import Flask, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale, format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from supervision import clock, errors
from supervision.db import db, writing
from supervision.services.audit import Act, record, request_id
from supervision.web.auth import viewer
from supervision.web.fragments import swap_whole_page
from supervision.web.limits import Busy
from supervision.web.logs import where

log = get_logger()


@dataclass(frozen=True)
class Words:
    """The sentences of one error page."""

    title: str
    what: str
    safe: str = ""
    next: str = ""


NOTHING_CHANGED = lazy("Nothing was changed.")
# The form stands below the refusal, with all that was typed.
STILL_THERE = lazy("Copy what you wrote, reload the page and send it again.")
WORDS = {
    400: Words(
        lazy("This request could not be read"),
        lazy("The page was open for a long time, or the form was sent from somewhere else."),
        NOTHING_CHANGED,
        lazy("Go back, reload the page and send it again."),
    ),
    403: Words(
        lazy("This is not yours to do"),
        lazy("You may see this, but the change belongs to somebody else here."),
        NOTHING_CHANGED,
        lazy("Ask the person who leads the roster."),
    ),
    404: Words(
        lazy("There is nothing here"),
        lazy("The page does not exist, or it is not for you to see."),
        "",
        lazy("Check the address, or start from home."),
    ),
    405: Words(
        lazy("That cannot be done here"),
        lazy("This address does not take this kind of request."),
        NOTHING_CHANGED,
    ),
    409: Words(lazy("Something changed meanwhile"), "", NOTHING_CHANGED),
    410: Words(
        lazy("This link no longer works"),
        lazy(
            "It was used or withdrawn, it has run out, or a newer one took its place: look for the "
            "latest email."
        ),
        "",
        lazy("If there is none, ask the person who sent it for a new one."),
    ),
    413: Words(
        lazy("That is too large"), lazy("More was sent than this page takes."), NOTHING_CHANGED
    ),
    422: Words(lazy("That could not be taken"), "", NOTHING_CHANGED),
    429: Words(
        lazy("Too many tries"),
        lazy("This was tried too often in a short time."),
        lazy("Your account and notes are safe."),
        lazy("Wait a while, then try again."),
    ),
    500: Words(
        lazy("Something went wrong on our side"),
        lazy("The fault has been noted."),
        lazy("What was saved before is safe; this last step was not done."),
        lazy("Try again. If it happens twice, tell your organiser the number below."),
    ),
}

BUSY = Words(
    lazy("Many people are doing this right now"),
    lazy("There was no room for one more at this moment."),
    NOTHING_CHANGED,
    lazy("Go back, wait a second and send it again."),
)


# The fields of which somebody tries one after the other.
SECRETS = frozenset({"passphrase", "present", "current", "code"})
# Where else to go from a refusal than home: by view and status.
ONWARD = {
    ("people.enter", 429): ("people.reset_ask", lazy("I forgot my passphrase")),
    ("people.reset_form", 410): ("people.reset_ask", lazy("Ask for another")),
    ("people.reset", 410): ("people.reset_ask", lazy("Ask for another")),
}


def say(error: errors.SupervisionError) -> str:
    """The refusal's sentence in the viewer's language, which parts thousands as well."""
    longest = error.params.get("max")
    params = error.params | ({"max": format_decimal(longest)} if longest is not None else {})
    return _(error.msgid, **params) if error.msgid else ""


def page(status: int, what: str = "", words: Words | None = None) -> Response:
    """The error page of a status, with its own sentence if there is one."""
    words = words or WORDS.get(status, WORDS[500 if status >= 500 else 400])
    onward = _onward(status)
    # Nobody sent such a link by hand, or there is a better way on.
    after = "" if status == 410 and (what or onward) else words.next
    if status == 400 and request.headers.get("HX-Boosted"):
        after = STILL_THERE
    body = render_template(
        "errors/page.html",
        title=words.title,
        what=what or words.what,
        safe=words.safe,
        next=after,
        onward=onward,
        status=status,
        # Unknown and hidden things must look alike to the last byte.
        request_id="" if status == 404 else request_id.get(),
    )
    return swap_whole_page(make_response(body, status))


def _onward(status: int) -> tuple[str, str] | None:
    """An address and its words."""
    found = ONWARD.get((request.endpoint or "", status))
    return (url_for(found[0]), str(found[1])) if found else None


def _too_often(seconds: int) -> Words:
    """Until when nothing is tried, in words that neither promise too little nor too much."""
    words, minutes = WORDS[429], ceil(seconds / 60)
    until = _("Try again in less than a minute.")
    if seconds >= 60:
        until = ngettext(
            "Try again in about a minute.", "Try again in about %(num)d minutes.", minutes
        )
    if SECRETS & request.form.keys():
        until = _("Until then even the right one is not tried.") + " " + until
    return replace(words, next=until)


def _refused(error: errors.SupervisionError) -> Response:
    db.session.rollback()
    if isinstance(error, errors.Locked):
        return _to_unlock()
    statuses = {
        errors.NotFound: 404,
        errors.NotAllowed: 403,
        errors.Gone: 410,
        errors.Conflict: 409,
        errors.Invalid: 422,
    }
    status = statuses.get(type(error), 400)
    if status == 403:
        _audit_refusal()
    return page(status, say(error))


def _to_unlock() -> Response:
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    target = url_for("vault.unlock", next=here)
    if request.headers.get("HX-Request"):
        return make_response("", 200, {"HX-Redirect": target})
    return redirect(target, 302 if request.method == "GET" else 303)


def _audit_refusal() -> None:
    """In a transaction of its own, since the refused one was rolled back."""
    with writing():
        record(Act.REFUSED, clock.now(), viewer().id, endpoint=request.endpoint)


def _fault(error: Exception) -> Response:
    """Log the class alone: a message or a frame could hold what somebody wrote."""
    db.session.rollback()
    cause = error.original_exception if isinstance(error, InternalServerError) else error
    found = cause or error
    log.error("fault", error=type(found).__name__, where=where(found), endpoint=request.endpoint)
    try:
        return page(500)
    except SQLAlchemyError:
        return _bare()


def _bare() -> Response:
    """When not even the viewer can be looked up: nothing here may ask who that is."""
    words = WORDS[500]
    template = current_app.jinja_env.get_template("errors/static.html")
    with force_locale("en"):
        body = template.render(
            title=words.title,
            what=words.what,
            safe=words.safe,
            next=words.next,
            request_id=request_id.get(),
        )
    return make_response(body, 503)


def _words_of(error: HTTPException) -> Words | None:
    if isinstance(error, Busy):
        return BUSY
    seconds = getattr(error, "retry_after", None)
    return _too_often(seconds) if error.code == 429 and isinstance(seconds, int) else None


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    response = page(error.code, words=_words_of(error))
    for name in ("Allow", "Retry-After"):
        value = error.get_response().headers.get(name)
        if value:
            response.headers[name] = value
    return response


def init(app: Flask) -> None:
    app.register_error_handler(errors.SupervisionError, _refused)
    app.register_error_handler(CSRFError, lambda _error: page(400))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)
