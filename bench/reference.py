"""What the goals stand beside: the least that the same work could cost, on the same server.

`ours` is the real application with three routes added; `plain` is Flask alone.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template_string, request, template_rendered
from jinja2 import Template
from sqlalchemy import insert

from supervision import clock, serve
from supervision.db import db
from supervision.models.audit import AuditEntry
from supervision.web.auth import anyone, signed_in
from supervision.web.front import Front

BYTES = "BENCH_BYTES"
PARAGRAPH = "Words of some length, to fill a page as long as the one beside it. " * 4
PAGE = """{% extends "base.html" %}{% block main %}
{% for line in lines %}<p>{{ line }}</p>{% endfor %}{% endblock %}"""


def ours() -> Front:
    """The application as it serves, and beside it what its parts would cost alone."""
    return serve.fronted(_beside(serve.load()))


def _beside(app: Flask) -> Flask:
    kept: dict[str, tuple[Template, dict[str, Any]]] = {}

    @app.get("/bench/empty")
    @signed_in
    def empty() -> str:
        return ""

    @app.get("/bench/again")
    @anyone("a measurement")
    def again() -> str:
        """A page once more by the template that made it, from what it was given then."""
        path = request.args["path"]
        if path not in kept:
            kept[path] = Context().run(_captured, app, path, request.headers.get("Cookie", ""))
        template, context = kept[path]
        return template.render(context)

    @app.get("/bench/page")
    @anyone("a measurement")
    def page() -> str:
        """A page of as many bytes as wanted, without data."""
        lines = [PARAGRAPH] * (int(request.args["bytes"]) // (len(PARAGRAPH) + 7))
        return render_template_string(PAGE, lines=lines)

    @app.post("/bench/insert")
    @anyone("a measurement")
    def one_row() -> tuple[str, int]:
        """One bare row, in the transaction that every writing view has."""
        db.session.execute(insert(AuditEntry).values(at=clock.now(), act="bench", detail={}))
        return "", 200

    app.extensions["csrf"].exempt(one_row)
    return app


def _captured(app: Flask, path: str, cookie: str) -> tuple[Template, dict[str, Any]]:
    with _rendering(app) as seen:
        answer = app.test_client(use_cookies=False).get(path, headers={"Cookie": cookie})
    assert answer.status_code == 200, answer.status
    return seen[0]


@contextmanager
def _rendering(app: Flask) -> Iterator[list[tuple[Template, dict[str, Any]]]]:
    seen: list[tuple[Template, dict[str, Any]]] = []

    def note(_app: Flask, template: Template, context: dict[str, Any], **_more: Any) -> None:
        seen.append((template, context))

    template_rendered.connect(note, app)
    try:
        yield seen
    finally:
        template_rendered.disconnect(note, app)


def plain() -> Front:
    """Flask with one line of text, the bytes of a file, and a 304."""
    app = Flask("plain")
    folder = Path(os.environ[BYTES])

    @app.get("/text")
    def line() -> Response:
        return Response("alive\n", mimetype="text/plain")

    held = {path.name: path.read_bytes() for path in folder.iterdir()}

    @app.get("/bytes/<name>")
    def some(name: str) -> Response:
        return Response(held[name], mimetype="text/calendar")

    @app.get("/same")
    def same() -> Response:
        return Response(status=304)

    return serve.fronted(app)
