"""The command line: `flask --app supervision COMMAND`."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from supervision import clock
from supervision.config import Settings
from supervision.db import db, writing
from supervision.domain.links import link_token
from supervision.errors import BadSettings, SupervisionError
from supervision.models.feeds import Privacy
from supervision.models.people import LinkPurpose, Role
from supervision.services import feeds, health, integrity, people
from supervision.services.health import Schema

person = AppGroup("person", help="People who have an account, or will have.")
feed = AppGroup("feed", help="Calendar feeds.")
UNFIT = {
    Schema.EMPTY: "The database has no tables yet: flask --app supervision db upgrade",
    Schema.BEHIND: "The database is older than this version: flask --app supervision db upgrade",
    Schema.NEWER: "The database is newer than this version of Supervision.",
}


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _or_one_line(act: Callable[[], Any]) -> Any:
    """A refusal is one line for a person at a terminal, not a traceback."""
    try:
        return act()
    except SupervisionError as error:
        text = error.msgid % error.params or "Nothing of that kind is known for this person."
        raise click.ClickException(text) from None


def _at_the_top(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What stops any command, Flask's own too: a bad setting or no database is one line."""
    if isinstance(error, BadSettings):
        click.echo(f"Supervision cannot start. {error.msgid}", err=True)
    elif isinstance(error, DBAPIError):
        reason = str(error.orig).strip().partition("\n")[0]
        click.echo(f"The database cannot be used: {reason}", err=True)
    else:
        sys.__excepthook__(kind, error, trace)


# Settings are read before there is an application that could be asked to handle this.
sys.excepthook = _at_the_top


def _demand_tables() -> None:
    """Stop with one line unless the database fits this code."""
    found = health.schema()
    db.session.rollback()
    if found is not Schema.CURRENT:
        raise click.ClickException(UNFIT[found])


@person.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default="member")
def add_person(email: str, name: str, role: str) -> None:
    """Invite EMAIL and print the one-time link with which they join."""
    _demand_tables()
    with writing():
        link_id = _or_one_line(lambda: people.add_person(email, name, role, clock.now()))
    token = link_token(_settings().secret_key, LinkPurpose.INVITATION, link_id)
    click.echo(f"{_settings().base_url.rstrip('/')}/invitation/{token}")


@feed.command("add")
@click.argument("email")
@click.option("--roster", type=click.UUID, default=None, help="One roster's sessions only.")
@click.option("--label", default="Calendar")
@click.option("--privacy", type=click.Choice([one.value for one in Privacy]), default="plain")
def add_feed(email: str, roster: UUID | None, label: str, privacy: str) -> None:
    """Make a subscription for EMAIL and print its address, the only time that it is shown."""
    _demand_tables()
    with writing():
        token = _or_one_line(
            lambda: feeds.add_for(email, clock.now(), roster, label, Privacy(privacy))
        )
    click.echo(f"{_settings().base_url.rstrip('/')}/feeds/{token}.ics")


@click.command("demo")
@with_appcontext
def demo_command() -> None:
    """Fill an empty database with the demo community."""
    from supervision import demo  # noqa: PLC0415 - cli and demo are siblings

    _demand_tables()
    for line in _or_one_line(lambda: demo.fill(clock.now(), _settings())):
        click.echo(line)


@click.command()
@with_appcontext
def worker() -> None:
    """Send mail and do what is due, until told to stop."""
    _demand_tables()
    from supervision import worker as it  # noqa: PLC0415 - no other process needs huey

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own
    it.work(app, _settings())


@click.command()
@with_appcontext
def check() -> None:
    """Look for faults in claims, counters, envelopes, migrations and mails; exit 1 if there are
    any."""
    state = health.schema()
    if state is Schema.CURRENT:
        found = [*integrity.faults(), *integrity.delays(clock.now())]
    else:
        found = [UNFIT[state]]
    for line in found:
        click.echo(line)
    if not found:
        click.echo("No fault found.")
    sys.exit(1 if found else 0)


@click.command()
@with_appcontext
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the database to FILE. Keep secret_key and pepper elsewhere: without the pepper nobody
    signs in after a restore; beside the backup it would help a thief."""
    try:
        file.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}; nothing was written.") from None
    if db.engine.dialect.name == "sqlite":
        _copy(Path(str(db.engine.url.database)), file)
    else:
        _postgresql("pg_dump", "--format=custom", f"--file={file}")
    click.echo(f"Written to {file}.")


@click.command()
@with_appcontext
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.confirmation_option(prompt="This replaces everything in the database. Go on?")
def restore(file: Path) -> None:
    """Put FILE in the place of the database. Stop the server first."""
    if db.engine.dialect.name == "sqlite":
        _check_backup(file)
        _copy(file, Path(str(db.engine.url.database)))
    else:
        _postgresql("pg_restore", "--clean", "--if-exists", "--single-transaction", str(file))
    state = health.schema()
    db.session.rollback()
    click.echo(f"Restored from {file}." if state is Schema.CURRENT else UNFIT[state])


def _copy(source: Path, target: Path) -> None:
    """Copy a SQLite database as it is at one instant, while others write to it."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _check_backup(file: Path) -> None:
    """Refuse what is no whole backup of ours, before anything is overwritten."""
    try:
        with closing(sqlite3.connect(file)) as source:
            whole = source.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found = source.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.DatabaseError:
        raise click.ClickException(f"{file} is no backup; nothing was changed.") from None
    if not whole:
        raise click.ClickException(f"{file} is damaged; nothing was changed.")
    if not {revision for (revision,) in found} <= set(health.revisions()):
        raise click.ClickException(f"{UNFIT[Schema.NEWER]} Nothing was changed.")


def _postgresql(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs against our database, its password out of sight."""
    found = shutil.which(program)
    if found is None:
        raise click.ClickException(f"{program} is not here; install PostgreSQL's client.")
    url = db.engine.url.set(drivername="postgresql")
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    address = f"--dbname={url._replace(password=None).render_as_string()}"
    done = subprocess.run([found, address, *arguments], env=os.environ | secret, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise click.ClickException(f"{program} failed with {done.returncode}.")


class Migrations:
    """Flask-Migrate from the moment that it is asked: no web process needs Alembic's 11 MB."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> object:
        from flask_migrate import Migrate  # noqa: PLC0415 - see above

        Migrate(self._app, db, directory=str(health.STEPS.parent))  # puts itself in our place
        return getattr(self._app.extensions["migrate"], name)


class MigrationCommands(click.Group):
    """Stands for Flask-Migrate's own commands until one of them is asked for."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        from flask_migrate.cli import db as group  # noqa: PLC0415 - see Migrations

        context: click.Context = group.make_context(info_name, args, parent, **extra)
        return context


def init(app: Flask) -> None:
    app.extensions["migrate"] = Migrations(app)
    app.cli.add_command(MigrationCommands("db", help="Migrate the database."))
    for command in (person, feed, demo_command, worker, check, backup, restore):
        app.cli.add_command(command)
