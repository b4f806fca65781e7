"""A fault is a page that says what happened, also when nobody can be looked up."""

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests import factories
from tests.support.client import Client


@pytest.fixture
def nobody_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database fails whoever asks it who a sign-in belongs to."""

    def fail(*_asked: object) -> None:
        raise OperationalError("a statement", {}, Exception("gone"))

    monkeypatch.setitem(app.extensions, "doorkeeper", fail)


def test_fault_is_a_page_when_the_viewer_cannot_be_looked_up(
    app: Flask, client: Client, nobody_found: None
) -> None:
    client.sign_in(factories.person("bob").id)
    answer = client.get("/rosters")
    assert answer.status_code == 503
    assert "<h1>Something went wrong on our side</h1>" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "a statement" not in answer.text
