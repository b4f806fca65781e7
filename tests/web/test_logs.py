"""Logs: a line a request with its id and route; never a token, a body or an exception's text."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask, abort, request

from supervision.errors import NotFound
from supervision.services.audit import request_id
from supervision.web import logs
from tests.support.databases import settings_for

SECRET = "a sentence that nobody may read"


@pytest.fixture
def logged(tmp_path: Path) -> Flask:
    app = Flask("logged")
    logs.init(app, settings_for(tmp_path / "instance", "sqlite:///:memory:"))

    @app.get("/feeds/<token>.ics")
    def feed(token: str) -> str:
        return request_id.get()

    @app.post("/write")
    def write() -> str:
        raise ValueError(request.form["text"])

    @app.before_request
    def refuse() -> None:
        if "refused" in request.path:
            abort(403)

    @app.errorhandler(ValueError)
    def fault(error: ValueError) -> tuple[str, int]:
        structlog.get_logger("supervision.test").error("fault", exc_info=True)
        return "fault", 500

    return app


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_request_leaves_one_line_with_its_route(logged, capsys) -> None:
    logged.test_client().get("/feeds/s3cret.ics?key=s3cret")
    (line,) = lines(capsys)
    assert line["route"] == "/feeds/<token>.ics"
    assert (line["method"], line["endpoint"], line["status"]) == ("GET", "feed", 200)
    assert line["person"] is None
    assert line["ms"] >= 0
    assert "s3cret" not in json.dumps(line)


def test_answer_echoes_the_id_that_the_line_bears(logged, capsys) -> None:
    answer = logged.test_client().get("/feeds/s3cret.ics")
    (line,) = lines(capsys)
    assert answer.headers["X-Request-Id"] == answer.text == line["request"]
    assert len(line["request"]) == 32


def test_two_requests_bear_two_ids(logged) -> None:
    client = logged.test_client()
    ids = {client.get("/feeds/x.ics").headers["X-Request-Id"] for _ in range(2)}
    assert len(ids) == 2
    assert request_id.get() == ""


def test_unknown_path_and_method_are_not_repeated(logged, capsys) -> None:
    logged.test_client().open("/invitation/s3cret", method="S3CRET")
    (line,) = lines(capsys)
    assert (line["route"], line["endpoint"], line["method"]) == (None, None, "other")
    assert "s3cret" not in json.dumps(line).lower()


def test_request_refused_before_its_view_has_a_line(logged, capsys) -> None:
    answer = logged.test_client().get("/refused")
    (line,) = lines(capsys)
    assert line["status"] == answer.status_code == 403


def test_exception_is_named_by_class_and_place_alone(logged, capsys) -> None:
    logged.test_client().post("/write", data={"text": SECRET})
    fault, line = lines(capsys)
    assert fault["error"] == "ValueError"
    assert line["status"] == 500
    assert SECRET not in json.dumps([fault, line])


def test_place_is_a_line_of_our_own_code() -> None:
    with pytest.raises(KeyError) as caught:
        logs.configure("NONSENSE")
    (place,) = logs.where(caught.value)
    assert place.startswith("web/logs.py:")
    assert place.endswith(" configure")


def test_library_that_quotes_an_exception_is_not_repeated(logged, capsys) -> None:
    try:
        raise NotFound(SECRET)
    except NotFound as error:
        logging.getLogger("library").exception("failed on %s", error)
    (line,) = lines(capsys)
    assert (line["logger"], line["level"]) == ("library", "error")
    assert (line["event"], line["error"]) == ("failed on %s", "NotFound")
    assert SECRET not in json.dumps(line)


def test_level_hides_what_is_below_it(tmp_path, capsys) -> None:
    logs.configure("WARNING")
    log = structlog.get_logger("supervision.test")
    log.info("quiet")
    log.warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]
