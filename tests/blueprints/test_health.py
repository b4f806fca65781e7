"""Alive, ready, metrics: what the machine's keeper asks."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from supervision import clock as clocks
from supervision import create_app
from supervision.db import db
from supervision.models.mail import Outbox
from supervision.services import mail
from tests.support.client import Client
from tests.support.databases import settings_for


@pytest.fixture
def revision(app: Flask) -> Iterator[str]:
    """The database's revision, which is put back after the test."""
    found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    yield str(found)
    db.session.execute(text("DELETE FROM alembic_version"))
    set_revision(str(found))


def set_revision(revision: str | None) -> None:
    db.session.execute(text("DELETE FROM alembic_version"))
    if revision:
        db.session.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})
    db.session.commit()


@pytest.mark.engines("sqlite", "postgresql")
def test_healthz_and_readyz_of_a_migrated_database(client: Client) -> None:
    answers = [client.get(path) for path in ("/healthz", "/readyz")]
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (200, "alive\n"),
        (200, "ready\n"),
    ]


@pytest.mark.engines("sqlite", "postgresql")
def test_readyz_of_a_database_newer_than_the_code(client: Client, revision: str) -> None:
    set_revision("9999_from_the_future")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database is newer\n")
    assert client.get("/healthz").status_code == 200


def test_readyz_of_an_empty_database(client: Client, revision: str) -> None:
    set_revision(None)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database is empty\n")


def test_readyz_without_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing/supervision.sqlite"
    app = create_app(settings_for(tmp_path / "instance", url))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database does not answer\n")


def test_metrics_count_the_requests_before(client: Client) -> None:
    client.get("/healthz")
    answer = client.get("/metrics")
    line = 'supervision_requests_total{endpoint="health.alive",method="GET",status="200"}'
    assert answer.mimetype == "text/plain"
    assert line in [found.rpartition(" ")[0] for found in answer.text.splitlines()]


def test_metrics_tell_how_mails_stand(client: Client, clock: time_machine.Traveller) -> None:
    ago = clocks.now() - timedelta(minutes=5)
    for number, (state, attempts) in enumerate((("waiting", 0), ("waiting", 2), ("failed", 12))):
        mail.queue(f"x:{number}", "bob@example.org", "Moved", "Now.", ago)
        values = {"state": state, "attempts": attempts}
        this = db.update(Outbox).where(Outbox.event == f"x:{number}")
        db.session.execute(this.values(**values))
    found = client.get("/metrics").text.splitlines()
    assert [line for line in found if line.startswith("supervision_mail")] == [
        'supervision_mails{state="waiting"} 1.0',
        'supervision_mails{state="retried"} 1.0',
        'supervision_mails{state="failed"} 1.0',
        "supervision_mail_waited_seconds 300.0",
    ]


def test_metrics_without_a_database_tell_the_rest(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing/supervision.sqlite"
    client = create_app(settings_for(tmp_path / "instance", url)).test_client()
    client.get("/healthz")
    found = client.get("/metrics")
    assert (found.status_code, "supervision_mails" in found.text) == (200, False)
    assert "health.alive" in found.text


@pytest.mark.parametrize(
    ("address", "headers"),
    [("192.0.2.7", {}), ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}), ("::2", {})],
)
def test_metrics_are_hidden_from_other_machines(client: Client, address, headers) -> None:
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 404
