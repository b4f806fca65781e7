"""Logs: one JSON object a line on standard error, one line a request, all with its id.

What a person wrote, a token, or an address that holds one never gets in: a request is named by
its route, an exception by its class and the places in our own code that it passed.
"""

import json
import logging
import sys
import traceback
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request, request_started
from structlog.types import EventDict, WrappedLogger

from supervision.config import Settings
from supervision.services.audit import request_id

HERE = Path(__file__).parent.parent
LEVELS = logging.getLevelNamesMapping()
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}) | {
    "PROPFIND",
    "REPORT",
}
QUIET = ("health.alive", "health.ready", "health.measured", "static")
log = structlog.get_logger()


def where(error: BaseException) -> list[str]:
    """The places in our code that an exception passed, innermost last: no text, no values."""
    return [
        f"{Path(frame.filename).relative_to(HERE)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(HERE)
    ]


def _name_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put an exception's class and places in the place of its text."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = where(error)
    event.pop("stack_info", None)
    return event


def _add_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if request_id.get():
        event.setdefault("request", request_id.get())
    return event


# Made once: json.dumps makes another for each line.
_encode = json.JSONEncoder(default=repr).encode


def _json(event: EventDict, **_options: Any) -> str:
    return _encode(event)


class _Libraries(logging.Handler):
    """What libraries log, without the values that they fill in: those may quote a person."""

    def emit(self, record: logging.LogRecord) -> None:
        line = {"logger": record.name, "exc_info": record.exc_info}
        write = log.error if record.levelno >= logging.ERROR else log.warning
        write(str(record.msg), **line)


def configure(level: str) -> None:
    """Send our logs, and the warnings of the libraries, to standard error as JSON."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_id,
            _name_error,
            structlog.processors.JSONRenderer(_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_names: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = _Libraries(max(LEVELS[level], logging.WARNING))
    handler.set_name("supervision")
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if h.get_name() != "supervision"] + [handler]


def init(app: Flask, settings: Settings) -> None:
    configure(settings.log_level)
    # Flask's own line about a fault holds the whole path.
    app.logger.disabled = True
    # The signal comes before every before_request function, and so before any of them refuses.
    request_started.connect(_begin, app)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin(_app: Flask) -> None:
    g.started = perf_counter()
    request_id.set(uuid4().hex)


def _end(response: Response) -> Response:
    response.headers.add("X-Request-Id", request_id.get())
    write = log.debug if request.endpoint in QUIET else log.info
    write(
        "request",
        method=method(),
        endpoint=request.endpoint,
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round((perf_counter() - g.started) * 1000, 1),
        person=_person(),
    )
    return response


def method() -> str:
    """The request's method, when it is one that exists."""
    return request.method if request.method in METHODS else "other"


def _person() -> str | None:
    """Who was found to be signed in; nobody is looked up for the log's sake."""
    person = g.get("_login_user")
    return str(person.id) if getattr(person, "is_authenticated", False) else None


def _forget(_error: BaseException | None) -> None:
    request_id.set("")
