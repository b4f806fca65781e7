"""A sentence is written through every page of notes, then looked for everywhere (attack 31)."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from werkzeug.test import TestResponse

from supervision import create_app
from supervision.db import db
from supervision.domain import vault
from supervision.domain.vault import Sealed, sharing
from tests import factories
from tests.support.canary import SENTENCE, traces, traces_in
from tests.support.client import Client, Form, Forms
from tests.support.databases import settings_for
from tests.support.vaults import PASSPHRASE, enter, furnish


@dataclass
class Place:
    """An installation of its own, and all that may hold a trace of what is written in it."""

    app: Flask
    folders: list[Path]
    cookies: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def client(self) -> Client:
        return Client(self.app, self.app.response_class, use_cookies=True)

    def note(self, response: TestResponse) -> None:
        """Keep what an answer leaves with the browser beside its page."""
        headers = response.headers
        self.statuses.append(response.status_code)
        self.cookies += headers.getlist("Set-Cookie")
        self.addresses += [headers.get("Location", ""), headers.get("HX-Redirect", "")]

    def traces(self, logged: str) -> list[str]:
        said = {
            "log": logged,
            "cookies": "\n".join(self.cookies),
            "addresses": "\n".join(self.addresses),
        }
        found = [trace for name, text in said.items() for trace in traces(name, text.encode())]
        return found + traces_in(self.folders)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("SQLITE_TMPDIR", str(temporary))
    settings = settings_for(
        tmp_path / "instance",
        f"sqlite:///{tmp_path / 'instance' / 'supervision.sqlite'}",
        log_level="DEBUG",
    )
    app = create_app(settings)
    with app.app_context():
        upgrade()
        yield Place(app, [tmp_path, settings.runtime])
        db.session.remove()
        db.engine.dispose()


def write_everywhere(place: Place) -> None:
    """New, autosave, preview, save, read, edit, refuse, lock, draft, unlock, keep, delete."""
    bob = factories.person("bob")
    furnish(bob)
    client = enter(place.client(), bob)
    words = {"title": f"On {SENTENCE}", "reflection": f"Today {SENTENCE}, and I wept."}
    form = client.form("/notes/new", button="Save")
    for path in ("/autosave", ""):
        _post(place, client, form, path, words)
    _post(place, client, Form("/notes/preview", "post", form.values), "", words)
    note = form.action
    edit = client.form(f"{note}/edit", button="Save")
    _post(place, client, edit, "", words | {"session": SENTENCE})
    _post(place, client, edit, "/autosave", words | {"reflection": f"{SENTENCE}!"})
    for page in ("/notes", note, f"{note}/edit", f"{note}?version=1", f"/notes?page={SENTENCE}"):
        place.note(client.get(page))
    _taken_away(place, client)
    _find_and_go_back(place, client, note, words)
    _behind_a_lock(place, client, note, words)
    _post(place, client, client.form(note, button="Delete this reflection"), "", {})
    place.note(client.get("/notes"))


def _taken_away(place: Place, client: Client) -> None:
    """Figures, and exports plain and sealed: what leaves is the owner's, nothing of it stays."""
    place.note(client.get("/figures"))
    plain = {"present": PASSPHRASE, "sure": "y"}
    button = "Download, readable by anybody"
    place.note(client.submit("/export/plain", plain, button, buffered=True))
    sealed = {"present": PASSPHRASE, "passphrase": f"{SENTENCE}!", "again": f"{SENTENCE}!"}
    place.note(client.submit("/export", sealed, "Download, encrypted", buffered=True))


def _find_and_go_back(place: Place, client: Client, note: str, words: dict[str, str]) -> None:
    """Switch, find, see what changed, go back, mark and tick off, take along."""
    edit = client.form(f"{note}/edit", button="Save")
    _post(place, client, edit, "/switch", words | {"to": "gibbs"})
    marked = words | {"reflection": f"-> {SENTENCE}", "tags": SENTENCE}
    _post(place, client, edit, "", marked)
    for page in ("/", f"{note}/history", f"{note}/file", f"/notes/find?query={SENTENCE}"):
        place.note(client.get(page))
    place.note(client.submit("/notes/find", {"query": SENTENCE, "tag": SENTENCE}, button="Find"))
    place.note(client.submit("/", button=f"Taken up {SENTENCE}"))
    place.note(client.submit("/notes", button="Check all of them now"))
    place.note(client.send(f"{note}/restore", {"number": "1"}))
    place.note(client.submit(f"{note}/file", {"passphrase": PASSPHRASE}, button="Save the file"))


def _behind_a_lock(place: Place, client: Client, note: str, words: dict[str, str]) -> None:
    edit = client.form(f"{note}/edit", button="Save")
    place.note(client.send("/lock"))
    for path in ("/autosave", ""):
        _post(place, client, edit, path, words)
    place.note(client.submit("/unlock", {"passphrase": SENTENCE}, button="Unlock"))
    place.note(client.submit("/unlock", {"passphrase": PASSPHRASE}, button="Unlock"))
    place.note(client.submit("/notes", button="Keep it"))


def _post(place: Place, client: Client, form: Form, path: str, words: dict[str, str]) -> None:
    place.note(client.post(form.action + path, data=form.values | words))


def share_everywhere(place: Place) -> None:
    """Compare words, choose, look over, share, read, refuse, comment, read that, save again."""
    house = factories.house()
    for one in (house.alice, house.bob):
        furnish(one)
    alice, bob = (enter(place.client(), one) for one in (house.alice, house.bob))
    for client, other in ((alice, house.bob), (bob, house.alice)):
        page = f"/sharing/people/{other.id}"
        place.note(client.submit(page, {"passphrase": PASSPHRASE}, "The words are the same"))
    new = bob.form("/notes/new", button="Save")
    words = {"title": f"On {SENTENCE}", "reflection": f"Today {SENTENCE}, and I wept."}
    _post(place, bob, new, "", words)
    choice = {"kind": "follow", "people": str(house.alice.id), "step": "look"}
    looked = bob.submit(f"{new.action}/share", choice | {"text": SENTENCE}, "Look it over")
    place.note(looked)
    form = next(form for form in Forms(looked.text).found if "Back" in form.buttons)
    shared = bob.post(form.action, data=form.values | {"step": "share"})
    place.note(shared)
    share_id = shared.location.rpartition("/")[2]
    place.note(alice.get(f"/shared/{share_id}"))
    for text in (SENTENCE * 200, f"I read {SENTENCE}."):
        place.note(alice.submit(f"/shared/{share_id}", {"text": text}, "Send"))
    place.note(bob.get(f"/sharing/{share_id}"))
    _post(place, bob, bob.form(f"{new.action}/edit", button="Save"), "", {"reflection": SENTENCE})


def database_of(place: Place) -> Path:
    return Path(str(db.engine.url.database))


def test_written_sentence_is_nowhere(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    write_everywhere(place)
    names = {path.name for path in database_of(place).parent.iterdir()}
    assert {"supervision.sqlite", "supervision.sqlite-wal"} <= names
    assert (place.folders[1] / "unlocks.sqlite").exists()
    logged = "".join(capfd.readouterr())
    assert '"endpoint": "notes.save"' in logged
    writes, reads, behind = [200, 303, 200, 422, 200], [200] * 5, [303, 200, 303, 422, 303, 303]
    away = [200] * 3
    more = [200, 303, *[200] * 5, *[303] * 3, 200]
    assert place.statuses == [*writes, *reads, *away, *more, *behind, 303, 200]
    assert place.traces(logged) == []


def test_shared_sentence_is_nowhere(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    share_everywhere(place)
    logged = "".join(capfd.readouterr())
    assert '"endpoint": "sharing.share"' in logged
    assert place.statuses == [303, 303, 303, 200, 303, 200, 422, 303, 200, 303]
    assert place.traces(logged) == []


def test_shared_sentence_is_in_the_database_where_nothing_is_sealed(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "seal", lambda _key, _kind, _place, plain: bytes(128) + plain)
    monkeypatch.setattr(sharing, "unseal", lambda _key, _kind, _place, blob: blob[128:])
    share_everywhere(place)
    found = place.traces("".join(capfd.readouterr()))
    assert any(trace.startswith(str(database_of(place))) for trace in found)


def test_written_sentence_is_in_the_database_where_nothing_is_sealed(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def seal(_keys: object, _owner: object, _note: object, _number: int, _hash: bytes, body: bytes):
        return Sealed(body, b"no key")

    def unseal(*arguments: object):
        sealed = arguments[-1]
        assert isinstance(sealed, Sealed)
        return sealed.envelope

    monkeypatch.setattr(vault, "seal_revision", seal)
    monkeypatch.setattr(vault, "open_revision", unseal)
    write_everywhere(place)
    found = place.traces("".join(capfd.readouterr()))
    assert any(trace.startswith(str(database_of(place))) for trace in found)


def test_sentence_would_be_found_in_every_place(place: Place) -> None:
    """The looking itself: one trace is laid in each place, and each is found."""
    for folder in (*place.folders, Path(os.environ["TMPDIR"])):
        (folder / "trace").write_bytes(b"\x00" + SENTENCE.encode() + b"\x00")
    with closing(sqlite3.connect(database_of(place))) as file:
        file.execute("CREATE TABLE trace (text)")
        file.execute("INSERT INTO trace VALUES (?)", (SENTENCE,))
        file.commit()
        place.cookies.append(f"session={SENTENCE}")
        place.addresses.append(f"/notes?q={SENTENCE}")
        found = {trace.rpartition("/")[2] for trace in place.traces(SENTENCE)}
    (place.folders[1] / "trace").unlink()
    assert found == {
        "trace: utf-8",
        "supervision.sqlite-wal: utf-8",
        "log: utf-8",
        "cookies: utf-8",
        "addresses: utf-8",
    }
