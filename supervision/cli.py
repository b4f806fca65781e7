"""The command line: `flask --app supervision COMMAND`."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from structlog import get_logger

from supervision import clock
from supervision.config import Settings
from supervision.db import db, writing
from supervision.errors import SupervisionError
from supervision.models.feeds import Privacy
from supervision.models.people import Role
from supervision.services import feeds, integrity, jobs, people

log = get_logger()
person = AppGroup("person", help="People who have an account, or will have.")
feed = AppGroup("feed", help="Calendar feeds.")
EVERY = 1.0
DAILY = timedelta(hours=6)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _or_one_line(act: Callable[[], Any]) -> Any:
    """A refusal is one line for a person at a terminal, not a traceback."""
    try:
        return act()
    except SupervisionError as error:
        raise click.ClickException(error.msgid % error.params or type(error).__name__) from None


@person.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.MEMBER)
def add_person(email: str, name: str, role: str) -> None:
    """Invite EMAIL and print the one-time link with which they join."""
    with writing():
        token = _or_one_line(lambda: people.add_person(email, name, role, clock.now()))
    click.echo(f"{_settings().base_url.rstrip('/')}/invitation/{token}")


@feed.command("add")
@click.argument("email")
@click.option("--roster", type=click.UUID, default=None, help="One roster's sessions only.")
@click.option("--label", default="Calendar")
@click.option(
    "--privacy", type=click.Choice([level.value for level in Privacy]), default=Privacy.PLAIN
)
def add_feed(email: str, roster: UUID | None, label: str, privacy: str) -> None:
    """Make a subscription for EMAIL and print its address, the only time that it is shown."""
    with writing():
        token = _or_one_line(
            lambda: feeds.add_for(email, clock.now(), roster, label, Privacy(privacy))
        )
    click.echo(f"{_settings().base_url.rstrip('/')}/feeds/{token}.ics")


@click.command("demo")
def demo_command() -> None:
    """Fill an empty database with the demo community."""
    from supervision import demo  # noqa: PLC0415 - cli and demo are siblings

    for line in _or_one_line(lambda: demo.fill(clock.now(), _settings())):
        click.echo(line)


@click.command()
def worker() -> None:
    """Send mail and do what is due, until told to stop."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    daily_at = clock.now()
    while not stop.is_set():
        at = clock.now()
        try:
            jobs.run_due(at, _settings())
            if at >= daily_at:
                jobs.run_daily(at)
                daily_at = at + DAILY
        except Exception as error:  # noqa: BLE001 - the next round tries again
            log.error("worker", error=type(error).__name__)
        finally:
            db.session.remove()
        stop.wait(EVERY)


@click.command()
def check() -> None:
    """Look for faults in claims, counters, envelopes and migrations; exit 1 if there are any."""
    from supervision.services.health import Schema, schema  # noqa: PLC0415 - rarely wanted

    found = list(integrity.faults()) if schema() == Schema.CURRENT else ["migrations are behind"]
    for line in found:
        click.echo(line)
    if not found:
        click.echo("No fault found.")
    sys.exit(1 if found else 0)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the database to FILE. Keep secret_key and pepper elsewhere: without them nobody
    signs in after a restore, with them beside it the backup is worth more to a thief."""
    if file.exists():
        raise click.ClickException(f"{file} exists; nothing was written.")
    if db.engine.dialect.name == "sqlite":
        file.touch(mode=0o600)
        path = str(db.engine.url.database)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)
    else:
        _postgresql("pg_dump", "--format=custom", f"--file={file}")
    click.echo(f"Written to {file}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.confirmation_option(prompt="This replaces everything in the database. Go on?")
def restore(file: Path) -> None:
    """Put FILE in the place of the database. Stop the server first."""
    if db.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(file)) as source:
            if source.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise click.ClickException(f"{file} is damaged; nothing was changed.")
            with closing(sqlite3.connect(str(db.engine.url.database))) as target:
                source.backup(target)
    else:
        _postgresql("pg_restore", "--clean", "--if-exists", "--single-transaction", str(file))
    click.echo(f"Restored from {file}.")


def _postgresql(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs against our database."""
    found = shutil.which(program)
    if found is None:
        raise click.ClickException(f"{program} is not here; install PostgreSQL's client.")
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run([found, f"--dbname={url}", *arguments], check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise click.ClickException(f"{program} failed with {done.returncode}.")


def init(app: Flask) -> None:
    for command in (person, feed, demo_command, worker, check, backup, restore):
        app.cli.add_command(command)
