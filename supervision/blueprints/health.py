"""For those who look after the machine: alive, ready, metrics."""

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import SQLAlchemyError

from supervision.db import db
from supervision.services.health import Schema, schema
from supervision.web import metrics
from supervision.web.auth import anyone
from supervision.web.hosts import asks_from_here

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@anyone("says only that the process answers")
def alive() -> Response:
    return _plain("alive")


@bp.get("/readyz")
@anyone("says only whether pages can be served")
def ready() -> Response:
    try:
        found = schema()
    except SQLAlchemyError:
        db.session.rollback()
        return _plain("the database does not answer", 503)
    if found is not Schema.CURRENT:
        return _plain(f"the database is {found}", 503)
    return _plain("ready")


@bp.get("/metrics")
@anyone("answers this machine alone")
def measured() -> Response:
    if not asks_from_here(request):
        abort(404)
    return Response(metrics.text(), mimetype="text/plain; version=0.0.4")


def _plain(line: str, status: int = 200) -> Response:
    return Response(f"{line}\n", status, mimetype="text/plain")
