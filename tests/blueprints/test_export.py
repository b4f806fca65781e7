"""Downloading everything: the passphrase is asked, nothing is kept, and the file is whole."""

import io
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select

from supervision.db import db
from supervision.models.audit import AuditEntry, Replay
from supervision.models.mail import Outbox
from supervision.services import people, sign_ins
from tests import factories
from tests.conftest import NOW
from tests.domain.test_vault_archives import opened
from tests.support.vaults import PASSPHRASE, WRONG, enter, furnish, settings, write

ARCHIVE = "seven slow herons wading"


@pytest.fixture
def bob(app, clock):
    made = factories.person("bob")
    furnish(made)
    return made


@pytest.fixture
def bobs(bob, client):
    browser = enter(client, bob)
    write(browser, "A long day", "It was long, and I was kind.")
    return browser


BUTTONS = {"/export": "Download, encrypted", "/export/plain": "Download, readable by anybody"}
SEALED = {"present": PASSPHRASE, "passphrase": ARCHIVE, "again": ARCHIVE}


def exports() -> tuple[int | None, int | None]:
    """How many lines in the audit log and how many mails tell of an export."""
    lines = select(func.count()).select_from(AuditEntry).where(AuditEntry.act == "export.make")
    mails = select(func.count()).select_from(Outbox).where(Outbox.event.like("export:%"))
    return db.session.scalar(lines), db.session.scalar(mails)


def test_plain_export_is_a_zip_with_the_reflection(bobs):
    form = {"present": PASSPHRASE, "sure": "y"}
    response = bobs.submit("/export/plain", form, "Download, readable by anybody", buffered=True)
    whole = ZipFile(io.BytesIO(response.data))
    [page] = [name for name in whole.namelist() if name.endswith(".md")]
    assert (response.status_code, response.mimetype) == (200, "application/zip")
    assert b"It was long, and I was kind." in whole.read(page)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename=supervision-2026-11-23.zip"
    )
    assert exports() == (1, 1)


def test_sealed_export_opens_with_the_program_of_the_page(bobs, tmp_path):
    response = bobs.submit("/export", SEALED, "Download, encrypted", buffered=True)
    assert (response.status_code, b"It was long" in response.data) == (200, False)
    plain = opened(tmp_path, response.data, ARCHIVE)
    assert plain is not None
    assert ZipFile(io.BytesIO(plain)).testzip() is None
    assert opened(tmp_path, response.data, PASSPHRASE) is None


@pytest.mark.parametrize(
    ("page", "form", "said"),
    [
        ("/export", SEALED | {"present": WRONG}, "This is not your present passphrase."),
        ("/export", SEALED | {"again": "another"}, "The two are not the same."),
        ("/export", SEALED | {"passphrase": "short", "again": "short"}, "Too short"),
        ("/export/plain", {"present": WRONG, "sure": "y"}, "This is not your present passphrase."),
        ("/export/plain", {"present": PASSPHRASE}, "Tick this if you are sure."),
    ],
)
def test_refused_export_gives_nothing_and_says_why(bobs, page, form, said):
    response = bobs.submit(page, form, BUTTONS[page])
    assert (response.status_code, said in response.text, exports()) == (422, True, (0, 0))


def test_export_after_a_reset_asks_for_the_code_first(bobs, bob, app):
    credential, _opened = sign_ins.replace(bob.id, PASSPHRASE, settings())
    credential.changed_at = NOW
    people.set_credential(bob.id, credential)
    response = bobs.submit("/export", SEALED, "Download, encrypted")
    assert (response.status_code, "recovery code first" in response.text) == (422, True)


def test_export_may_be_made_while_notes_are_locked(bobs):
    bobs.send("/lock")
    response = bobs.submit("/export", SEALED, "Download, encrypted", buffered=True)
    assert (response.status_code, exports()) == (200, (1, 1))


def test_export_leaves_no_trace_for_a_replay(bobs):
    bobs.submit("/export", SEALED, "Download, encrypted", buffered=True)
    assert db.session.scalar(select(func.count()).select_from(Replay)) == 0


def test_wrong_passphrases_are_throttled(bobs):
    wrong = SEALED | {"present": WRONG}
    answers = [bobs.submit("/export", wrong, BUTTONS["/export"]).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_export_cut_off_by_its_reader_frees_the_database(bobs):
    response = bobs.submit("/export", SEALED, "Download, encrypted")
    next(response.iter_encoded())
    response.close()
    assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
