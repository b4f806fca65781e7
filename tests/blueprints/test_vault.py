"""The vault between two requests: each attack, and what it does where its defence is gone."""

import hashlib
import re
import sqlite3
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from flask import current_app
from sqlalchemy import select, update

from supervision.clock import now
from supervision.db import db
from supervision.domain import vault
from supervision.domain.vault import kdf
from supervision.models import unlocks
from supervision.models.audit import AuditEntry
from supervision.models.notes import SlotKind, VaultSlot
from supervision.models.people import Credential
from supervision.services import sign_ins
from supervision.services import vault as vaults
from supervision.web import headers, limits, unlocking
from tests import factories
from tests.support.client import Forms
from tests.support.vaults import PASSPHRASE, WRONG, all_the_same, enter, furnish, settings, state

MINUTE = timedelta(minutes=1)
OPEN, LOCKED = 204, 423


@pytest.fixture
def bob(app, clock):
    return factories.person("bob")


@pytest.fixture
def keys(bob):
    return furnish(bob)


@pytest.fixture
def bobs(bob, keys, client):
    """Bob's browser, signed in, his vault open."""
    return enter(client, bob)


def cookie_of(client) -> str:
    found = client.get_cookie("vault")
    return found.value if found else ""


def rows() -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(settings().runtime / "unlocks.sqlite")) as file:
        return file.execute("SELECT * FROM unlocked").fetchall()


# -- signing in, unlocking, locking --------------------------------------------------------


def test_signing_in_opens_the_vault(bobs):
    assert state(bobs) == OPEN


def test_cookie_is_for_this_site_and_no_script(bobs, bob):
    bobs.send("/lock")
    response = bobs.submit("/unlock", {"passphrase": PASSPHRASE}, button="Unlock")
    header = next(h for h in response.headers.getlist("Set-Cookie") if h.startswith("vault="))
    parts = [part for part in header.split("; ") if not part.startswith("vault=")]
    assert sorted(parts) == ["HttpOnly", "Path=/", "SameSite=Strict"]


def test_cookie_is_secure_and_of_this_host_alone_where_there_is_https(app, bob, keys):
    public = settings().model_copy(update={"base_url": "https://supervision.example.org"})
    app.extensions["settings"], kept = public, app.extensions["settings"]
    try:
        with app.test_request_context():
            response = app.response_class()
            unlocking.unlock(response, bob.id, bob.sign_in_id, keys)
    finally:
        app.extensions["settings"] = kept
    header = response.headers["Set-Cookie"]
    assert header.startswith("__Host-vault=")
    assert header.split("; ")[1:] == ["Secure", "HttpOnly", "Path=/", "SameSite=Strict"]


def test_lock_forgets_the_row_the_cookie_and_the_cache(bobs):
    response = bobs.send("/lock")
    assert (response.status_code, response.location) == (303, "/unlock?locked=yes")
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert (cookie_of(bobs), rows(), state(bobs)) == ("", [], LOCKED)


def test_lock_under_htmx_leaves_the_page(bobs):
    response = bobs.send("/lock", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (200, "/unlock?locked=yes")


def test_lock_button_of_an_old_page_locks_again(bobs):
    """The same form, key for replays and all, sent a second time after an unlock."""
    form = bobs.form("/profile", button="Lock")
    bobs.post(form.action, data=form.values)
    bobs.submit("/unlock", {"passphrase": PASSPHRASE}, button="Unlock")
    bobs.post(form.action, data=form.values | {"csrf_token": bobs.csrf_token()})
    assert state(bobs) == LOCKED


def test_unlock_goes_on_to_where_it_was_asked(bobs):
    bobs.send("/lock")
    response = bobs.submit("/unlock?next=/calendar", {"passphrase": PASSPHRASE}, "Unlock")
    assert (response.location, state(bobs)) == ("/calendar", OPEN)


def test_unlock_never_goes_on_to_another_site(bobs):
    bobs.send("/lock")
    response = bobs.submit(
        "/unlock?next=https://evil.example.org/", {"passphrase": PASSPHRASE}, "Unlock"
    )
    assert response.location == "/"


def test_unlock_and_refusal_are_audited(bobs, bob):
    bobs.send("/lock")
    for passphrase in (WRONG, PASSPHRASE):
        bobs.submit("/unlock", {"passphrase": passphrase}, "Unlock")
    acts = db.session.scalars(
        select(AuditEntry.act).where(AuditEntry.act.like("vault.%")).order_by(AuditEntry.id)
    ).all()
    assert acts == ["vault.make", "vault.lock", "vault.unlock_refused", "vault.unlock"]


def test_signing_out_locks(bobs):
    kept = cookie_of(bobs)
    bobs.send("/sign-out")
    assert (rows(), bool(kept), cookie_of(bobs)) == ([], True, "")


def test_signing_out_everywhere_locks_the_other_browser(bobs, bob, new_client):
    other = enter(new_client(), bob)
    bobs.send("/sign-out-everywhere")
    assert (rows(), state(other)) == ([], 302)


def test_unlock_at_cheaper_costs_than_today_stretches_anew(bobs, bob, app, monkeypatch):
    bobs.send("/lock")
    dearer = settings().model_copy(update={"kdf_passes": settings().kdf_passes + 1})
    monkeypatch.setitem(app.extensions, "settings", dearer)
    response = bobs.submit("/unlock", {"passphrase": PASSPHRASE}, "Unlock")
    row = db.session.get_one(Credential, bob.id)
    assert (response.status_code, row.passes) == (303, dearer.kdf_passes)
    bobs.send("/lock")
    assert bobs.submit("/unlock", {"passphrase": PASSPHRASE}, "Unlock").status_code == 303


# -- 12: the cookie alone, the row alone ---------------------------------------------------


def split(cookie: str) -> tuple[bytes, bytes]:
    both = urlsafe_b64decode(cookie)
    return both[:16], both[16:]


def test_cookie_without_its_row_opens_nothing(bobs):
    with closing(sqlite3.connect(settings().runtime / "unlocks.sqlite")) as file:
        file.execute("DELETE FROM unlocked")
        file.commit()
    assert state(bobs) == LOCKED


def test_row_without_its_secret_opens_nothing(bobs):
    sid, _secret = split(cookie_of(bobs))
    bobs.set_cookie("vault", urlsafe_b64encode(sid + bytes(32)).decode())
    assert state(bobs) == LOCKED


def test_row_opens_where_the_secret_is_not_used(bob, keys, client, monkeypatch):
    _ignore(monkeypatch, "secret")
    bobs = enter(client, bob)
    sid, _secret = split(cookie_of(bobs))
    bobs.set_cookie("vault", urlsafe_b64encode(sid + bytes(32)).decode())
    assert state(bobs) == OPEN


def _ignore(monkeypatch: pytest.MonkeyPatch, *what: str) -> None:
    """Seal and open unlock rows as if some of what binds them were not there."""
    nobody = vault.NO_HASH

    def bent(act):
        def call(first, secret, boot_key, person_id, sign_in_id):
            secret = nobody if "secret" in what else secret
            boot_key = nobody if "boot key" in what else boot_key
            if "place" in what:
                person_id = sign_in_id = UUID_0
            return act(first, secret, boot_key, person_id, sign_in_id)

        return call

    UUID_0 = factories.UUID(int=0)  # noqa: N806 - stands for anybody
    monkeypatch.setattr(vault, "wrap_for_session", bent(vault.wrap_for_session))
    monkeypatch.setattr(vault, "unwrap_from_session", bent(vault.unwrap_from_session))


@pytest.mark.parametrize("value", ["", "x", "%%%", "A" * 63, "A" * 64, "A" * 4000, "é"])
def test_made_up_cookie_is_a_locked_vault(bobs, value):
    bobs.set_cookie("vault", value)
    assert state(bobs) == LOCKED


def test_row_holds_neither_the_cookie_nor_the_key(bobs, keys):
    sid, secret = split(cookie_of(bobs))
    [row] = rows()
    stored = b"".join(part for part in row if isinstance(part, bytes))
    assert row[0] == hashlib.sha256(sid).digest()
    assert [piece in stored for piece in (sid, secret, keys.umk)] == [False, False, False]


# -- 13: replaying the cookie --------------------------------------------------------------


def test_cookie_replayed_after_a_lock_opens_nothing(bobs):
    kept = cookie_of(bobs)
    bobs.send("/lock")
    bobs.set_cookie("vault", kept)
    assert state(bobs) == LOCKED


def test_cookie_replayed_after_a_lock_opens_where_rows_are_kept(bobs, monkeypatch):
    kept = cookie_of(bobs)
    monkeypatch.setattr(unlocks.Unlocks, "delete", lambda *_: None)
    monkeypatch.setattr(unlocks.Unlocks, "delete_sign_in", lambda *_: None)
    bobs.send("/lock")
    bobs.set_cookie("vault", kept)
    assert state(bobs) == OPEN


def test_vault_locks_after_fifteen_idle_minutes(bobs, clock):
    clock.shift(15 * MINUTE - timedelta(seconds=1))
    found = [state(bobs)]
    clock.shift(timedelta(seconds=1))
    assert [*found, state(bobs)] == [OPEN, LOCKED]


def test_vault_stays_open_where_idleness_is_not_counted(bobs, clock, monkeypatch):
    monkeypatch.setattr(unlocks, "IDLE", timedelta(days=1))
    clock.shift(16 * MINUTE)
    assert state(bobs) == OPEN


def test_what_a_person_does_keeps_the_vault_open(bobs, clock):
    for _ in range(4):
        clock.shift(10 * MINUTE)
        assert bobs.get("/profile").status_code == 200
    assert state(bobs) == OPEN


def busy(bobs, clock, hours: int) -> None:
    """Something is done every ten minutes."""
    for _ in range(hours * 6):
        clock.shift(10 * MINUTE)
        bobs.get("/profile")


def test_vault_locks_after_eight_hours_of_work(bobs, clock):
    busy(bobs, clock, 7)
    found = [state(bobs)]
    busy(bobs, clock, 1)
    assert [*found, state(bobs)] == [OPEN, LOCKED]


def test_vault_stays_open_where_hours_are_not_counted(bobs, clock, monkeypatch):
    monkeypatch.setattr(unlocks, "LONGEST", timedelta(days=1))
    busy(bobs, clock, 9)
    assert state(bobs) == OPEN


def test_idle_row_is_deleted_and_not_only_refused(bobs, clock):
    clock.shift(16 * MINUTE)
    state(bobs)
    assert rows() == []


# -- 14: under another sign-in or person ---------------------------------------------------


def test_cookie_under_another_sign_in_opens_nothing(bobs, bob, new_client):
    other = new_client()
    other.sign_in(bob.id)
    other.set_cookie("vault", cookie_of(bobs))
    assert (state(other), state(bobs)) == (LOCKED, OPEN)


def test_cookie_under_another_person_opens_nothing(bobs, new_client):
    other = new_client()
    other.sign_in(factories.person("charlie").id)
    other.set_cookie("vault", cookie_of(bobs))
    assert state(other) == LOCKED


def test_cookie_under_another_person_opens_where_rows_are_bound_to_nobody(
    bob, keys, client, new_client, monkeypatch
):
    _ignore(monkeypatch, "place")
    bobs, other = enter(client, bob), new_client()
    other.sign_in(factories.person("charlie").id)
    other.set_cookie("vault", cookie_of(bobs))
    assert state(other) == OPEN


# -- 15: a restored row after a restart ----------------------------------------------------


def restart(app, monkeypatch) -> None:
    """The server starts anew: its boot key is another; the rows stand where they stood."""
    anew = settings().model_copy(update={"boot_key": b"another start of the same server"})
    assert len(anew.boot_key) == 32
    monkeypatch.setitem(app.extensions, "settings", anew)


def test_restored_row_after_a_restart_opens_nothing(bobs, app, monkeypatch):
    restart(app, monkeypatch)
    assert (len(rows()), state(bobs)) == (1, LOCKED)


def test_restored_row_opens_where_no_boot_key_is_used(bob, keys, client, app, monkeypatch):
    _ignore(monkeypatch, "boot key")
    bobs = enter(client, bob)
    restart(app, monkeypatch)
    assert state(bobs) == OPEN


# -- 16: polling ---------------------------------------------------------------------------


def poll(bobs, clock, minutes: int) -> list[int]:
    answers = []
    for _ in range(minutes):
        clock.shift(MINUTE)
        answers.append(state(bobs))
    return answers


def test_polling_for_sixteen_minutes_keeps_nothing_open(bobs, clock):
    assert poll(bobs, clock, 16) == [OPEN] * 14 + [LOCKED] * 2


def test_polling_keeps_the_vault_open_where_it_counts_as_work(app, bobs, clock, monkeypatch):
    monkeypatch.delattr(app.view_functions["vault.state"], "passive")
    assert poll(bobs, clock, 16) == [OPEN] * 16


# -- 25: many wrong passphrases at once ----------------------------------------------------


class Busy:
    """Argon2id that notes how many of it run at a time."""

    def __init__(self, real):
        self._real, self._lock, self.now, self.most, self.runs = real, threading.Lock(), 0, 0, 0

    def __call__(self, **options):
        outer, inner = self, self._real(**options)

        class Derive:
            def derive(self, passphrase):
                with outer._lock:
                    outer.now += 1
                    outer.runs += 1
                    outer.most = max(outer.most, outer.now)
                try:
                    return inner.derive(passphrase)
                finally:
                    with outer._lock:
                        outer.now -= 1

        return Derive()


@pytest.fixture
def argon2(monkeypatch) -> Busy:
    seen = Busy(Argon2id)
    monkeypatch.setattr(kdf, "Argon2id", seen)
    return seen


def guess_at_once(bobs, app, number: int) -> list[int]:
    """One browser's session in many at once, each with a wrong passphrase."""
    session = bobs.get_cookie("session")
    token = bobs.csrf_token()
    db.session.commit()

    def guess(_n: int) -> int:
        client = app.test_client()
        client.set_cookie("session", session.value)
        form = {"csrf_token": token, "passphrase": WRONG}
        return int(client.post("/unlock", data=form).status_code)

    with ThreadPoolExecutor(6) as pool:
        return sorted(pool.map(guess, range(number)))


def test_wrong_passphrases_at_once_are_throttled_in_bounded_memory(bobs, app, argon2):
    bobs.send("/lock")
    bobs.get("/unlock")
    found = guess_at_once(bobs, app, 64)
    assert found == [422] * argon2.runs + [429] * (64 - argon2.runs)
    assert (argon2.most, 1 <= argon2.runs <= 10) == (1, True)


def test_third_try_at_once_is_refused_and_does_not_count(bobs):
    """Two are being heard somewhere: the third is told to come again in a second."""
    bobs.send("/lock")
    form = bobs.form("/unlock", "Unlock")
    with bobs.application.test_request_context():
        account = str(db.session.scalar(select(Credential.person_id)))
        with limits.trying(limits.UNLOCK, account), limits.trying(limits.UNLOCK, account):
            response = bobs.post(form.action, data=form.values | {"passphrase": PASSPHRASE})
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    assert bobs.submit("/unlock", {"passphrase": PASSPHRASE}, "Unlock").status_code == 303


def test_wrong_passphrases_one_after_the_other_are_throttled(bobs, argon2):
    bobs.send("/lock")
    bobs.get("/unlock")
    wrong = {"passphrase": WRONG}
    found = [bobs.submit("/unlock", wrong, "Unlock").status_code for _ in range(12)]
    assert (found, argon2.runs) == ([422] * 10 + [429] * 2, 10)


def test_wrong_passphrases_all_run_where_nothing_is_counted(bobs, app, argon2, monkeypatch):
    bobs.send("/lock")
    bobs.get("/unlock")
    monkeypatch.setattr(limits, "spend", lambda *_: None)
    monkeypatch.setattr(limits, "AT_ONCE", 99)
    monkeypatch.setattr(limits, "AT_ONCE_FROM_ADDRESS", 99)
    monkeypatch.setattr(limits, "AT_ONCE_HERE", 99)
    assert guess_at_once(bobs, app, 12) == [422] * 12
    assert argon2.runs == 12


def test_memory_is_not_bounded_where_nothing_waits(bobs, app, argon2, monkeypatch):
    bobs.send("/lock")
    bobs.get("/unlock")
    monkeypatch.setattr(kdf, "_one_at_a_time", threading.Semaphore(99))
    guess_at_once(bobs, app, 10)
    assert argon2.most > 1


def test_throttled_account_opens_again_after_a_while(bobs, clock):
    bobs.send("/lock")
    for _ in range(10):
        bobs.submit("/unlock", {"passphrase": WRONG}, "Unlock")
    answers = [bobs.submit("/unlock", {"passphrase": PASSPHRASE}, "Unlock").status_code]
    clock.shift(15 * MINUTE)
    answers.append(bobs.submit("/unlock", {"passphrase": PASSPHRASE}, "Unlock").status_code)
    assert answers == [429, 303]


# -- 26: what cannot be told apart ---------------------------------------------------------


def spoil_verifier(actor) -> None:
    row = db.session.get_one(Credential, actor.id)
    row.verifier = row.verifier[:-1] + bytes([row.verifier[-1] ^ 1])
    db.session.commit()


def spoil_slot(actor) -> None:
    row = db.session.get_one(VaultSlot, (actor.id, SlotKind.PASSPHRASE))
    row.envelope = row.envelope[:-1] + bytes([row.envelope[-1] ^ 1])
    db.session.commit()


def sign_in_answers(bob, new_client, argon2) -> dict[str, tuple[int, str]]:
    """Unknown person, wrong passphrase, damaged row, lowered costs; and the work each took."""
    charlie = factories.person("charlie")
    furnish(charlie)
    spoil_verifier(charlie)
    erin = factories.person("erin")
    furnish(erin)
    db.session.get_one(Credential, erin.id).memory_kib = 8
    db.session.commit()
    tried = {
        "unknown": ("nobody@example.org", PASSPHRASE),
        "wrong": (bob.email, WRONG),
        "damaged": (charlie.email, PASSPHRASE),
        "made cheap": (erin.email, PASSPHRASE),
    }
    answers = {}
    for name, (email, passphrase) in tried.items():
        before = argon2.runs
        response = new_client().submit("/sign-in", {"email": email, "passphrase": passphrase})
        work = f"argon2 {argon2.runs - before}"
        answers[name] = (response.status_code, response.text.replace(email, "") + work)
    return answers


def test_sign_in_refusals_cannot_be_told_apart(bob, keys, new_client, argon2):
    answers = sign_in_answers(bob, new_client, argon2)
    assert all_the_same(answers)
    assert answers["unknown"][0] == 422


def test_unknown_person_shows_where_nothing_is_stretched_for_nobody(
    bob, keys, new_client, argon2, monkeypatch
):
    monkeypatch.setattr(vault, "stretch_nobody", lambda *_: None)
    assert not all_the_same(sign_in_answers(bob, new_client, argon2))


def unlock_answers(bob, bobs, argon2) -> dict[str, tuple[int, str]]:
    answers = {}
    for name in ("wrong", "damaged"):
        if name == "damaged":
            spoil_slot(bob)
        before = argon2.runs
        passphrase = WRONG if name == "wrong" else PASSPHRASE
        response = bobs.submit("/unlock", {"passphrase": passphrase}, "Unlock")
        answers[name] = (response.status_code, response.text + f"{argon2.runs - before}")
    return answers


def test_unlock_refusals_cannot_be_told_apart(bob, bobs, argon2):
    bobs.send("/lock")
    answers = unlock_answers(bob, bobs, argon2)
    assert all_the_same(answers)
    assert answers["wrong"][0] == 422


def test_damaged_slot_shows_where_a_fault_is_raised(bob, bobs, argon2, monkeypatch):
    bobs.send("/lock")
    monkeypatch.setattr(vault, "Damaged", ZeroDivisionError)
    assert not all_the_same(unlock_answers(bob, bobs, argon2))


# -- the recovery code ---------------------------------------------------------------------


def make_code(bobs, **fields: str) -> str:
    """Make a code over the pages; returns it as it is shown."""
    button = "Show me a new code" if fields else "Show me the code"
    response = bobs.submit("/vault/recovery-code", fields, button=button)
    shown = re.search(r'id="recovery-code"[^>]*>(.*?)</p>', response.text, re.DOTALL)
    assert (response.status_code, shown is not None) == (200, True)
    return re.sub(r"<[^>]*>|\s", "", shown[1] if shown else "")


@pytest.fixture
def newcomer(bob, client):
    furnish(bob, code=None)
    return enter(client, bob)


def test_notes_begin_with_a_recovery_code(newcomer):
    answers = {page: newcomer.get(page).location for page in ("/notes", "/notes/new")}
    assert answers == dict.fromkeys(answers, "/vault/recovery-code")


def test_code_is_shown_once_and_typed_back(newcomer, bob):
    code = make_code(newcomer)
    assert re.fullmatch(r"([0-9A-Z]{4}-){8}[0-9A-Z]{4}", code)
    assert code not in newcomer.get("/vault/recovery-code").text
    response = newcomer.submit("/vault/recovery-code/check", {"code": code.lower()}, "Check it")
    assert (response.location, newcomer.get("/notes").status_code) == ("/notes", 200)


def test_code_typed_back_wrongly_is_refused_beside_its_field(newcomer):
    code = make_code(newcomer)
    slip = code[:-1] + ("0" if code[-1] != "0" else "1")
    response = newcomer.submit("/vault/recovery-code/check", {"code": slip}, "Check it")
    assert (response.status_code, "There is a slip in it somewhere" in response.text) == (422, True)
    assert newcomer.get("/notes").location == "/vault/recovery-code"


def test_new_code_needs_the_passphrase_again(bobs):
    refused = bobs.submit("/vault/recovery-code", {"passphrase": WRONG}, "Show me a new code")
    assert (refused.status_code, "recovery-code" in refused.text) == (422, True)
    assert 'id="recovery-code"' not in refused.text
    assert len(make_code(bobs, passphrase=PASSPHRASE)) == 44


def recover(bobs, code: str):
    fields = {"code": code, "passphrase": PASSPHRASE}
    return bobs.submit("/vault/recover", fields, "Open my notes")


def test_used_code_is_refused(bob, client):
    """Attack 27, over the pages."""
    code = vault.new_recovery_code()
    furnish(bob, code=code)
    bobs = enter(client, bob)
    bobs.send("/lock")
    first = recover(bobs, code)
    assert (first.location, state(bobs)) == ("/vault/recovery-code", OPEN)
    bobs.send("/lock")
    form = {"code": code, "passphrase": PASSPHRASE}
    again = bobs.send("/vault/recover", form)
    assert (again.status_code, state(bobs)) == (422, LOCKED)


def test_used_code_opens_where_none_is_spent(bob, client, monkeypatch):
    code = vault.new_recovery_code()
    furnish(bob, code=code)
    bobs = enter(client, bob)
    monkeypatch.setattr(vaults, "_spend", lambda *_: True)
    monkeypatch.setattr(vaults, "_check_way", lambda *_: None)
    for _ in range(2):
        bobs.send("/lock")
        recover(bobs, code)
    assert state(bobs) == OPEN


def test_recovery_locks_every_other_browser(bob, client, new_client):
    code = vault.new_recovery_code()
    furnish(bob, code=code)
    bobs, other = enter(client, bob), enter(new_client(), bob)
    recover(bobs, code)
    assert (state(bobs), state(other)) == (OPEN, LOCKED)


def test_guessing_codes_is_throttled(bobs):
    code = vault.new_recovery_code()
    answers = [recover(bobs, code).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


def test_after_a_reset_by_mail_the_page_says_why_and_asks_for_the_code(bobs, bob):
    bobs.send("/lock")
    credential, _ = sign_ins.replace(bob.id, "other words after a mail", settings())
    credential.changed_at = factories.LONG_AGO
    db.session.merge(credential)
    db.session.commit()
    page = bobs.get("/unlock").text
    assert ("Your passphrase was reset by mail" in page, "Enter my recovery code" in page) == (
        True,
        True,
    )
    assert 'name="passphrase"' not in page


def test_beginning_again_asks_twice(bobs):
    fields = {"passphrase": PASSPHRASE}
    unsure = bobs.submit("/vault/begin-again", fields, "Delete and begin again")
    sure = bobs.submit("/vault/begin-again", fields | {"sure": "y"}, "Delete and begin again")
    assert (unsure.status_code, sure.location) == (422, "/vault/recovery-code")
    assert bobs.get("/notes").location == "/vault/recovery-code"


# -- 35: from somewhere else ---------------------------------------------------------------

WRITES = ("/unlock", "/lock", "/vault/recovery-code", "/vault/recover", "/vault/begin-again")


@pytest.mark.parametrize("path", WRITES)
def test_write_without_a_token_is_refused(bobs, path):
    assert bobs.post(path, data={"passphrase": PASSPHRASE}).status_code == 400
    assert state(bobs) == OPEN


@pytest.mark.parametrize(
    "said", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.org"}]
)
@pytest.mark.parametrize("path", WRITES)
def test_write_from_another_site_is_refused(bobs, path, said):
    answer = bobs.send(path, {"passphrase": PASSPHRASE}, headers=said)
    assert (answer.status_code, state(bobs)) == (403, OPEN)


def test_lock_without_a_token_works_where_none_is_asked(bobs, app, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    bobs.post("/lock")
    assert state(bobs) == LOCKED


def test_lock_from_another_site_works_where_nobody_looks(bobs, monkeypatch):
    monkeypatch.setattr(headers, "_from_elsewhere", lambda: False)
    bobs.send("/lock", headers={"Sec-Fetch-Site": "cross-site"})
    assert state(bobs) == LOCKED


def test_forms_of_the_vault_carry_no_key_for_replays(bobs):
    bobs.send("/lock")
    pages = ("/unlock", "/vault/recover", "/vault/begin-again", "/vault/recovery-code")
    forms = [
        form
        for page in pages
        for form in Forms(bobs.get(page).text).found
        if form.action.startswith(("/unlock", "/vault"))
    ]
    assert len(forms) == 3
    assert [form.action for form in forms if "once" in form.values] == []


def test_nothing_of_the_vault_is_kept_in_the_session_cookie(bobs, keys):
    with bobs.session_transaction() as cookie:
        assert set(cookie) == {"_user_id", "_id", "_fresh", "_permanent"}


def test_purge_takes_what_has_run_out(bobs, clock):
    storage = current_app.extensions["unlocks"]
    found = [storage.purge(now())]
    clock.shift(16 * MINUTE)
    assert [*found, storage.purge(now()), rows()] == [0, 1, []]


def test_unlock_file_is_its_owners_alone(bobs):
    assert oct((settings().runtime / "unlocks.sqlite").stat().st_mode & 0o777) == "0o600"


def test_lost_unlock_file_locks_and_is_made_anew(bob, bobs, new_client):
    (settings().runtime / "unlocks.sqlite").unlink()
    assert state(bobs) == 423
    client = new_client()
    form = {"email": bob.email, "passphrase": PASSPHRASE}
    assert client.submit("/sign-in", form).status_code == 303
    assert state(client) == 204


def test_credential_moved_in_from_somebody_else_opens_nothing(bob, keys, new_client):
    """Attack 10, at the door: a stranger's credential in bob's row, signed in with their words."""
    charlie = factories.person("charlie")
    furnish(charlie, "nine wet stones in a row")
    theirs = db.session.get_one(Credential, charlie.id)
    db.session.execute(
        update(Credential)
        .where(Credential.person_id == bob.id)
        .values(salt=theirs.salt, verifier=theirs.verifier)
    )
    db.session.commit()
    form = {"email": bob.email, "passphrase": "nine wet stones in a row"}
    assert new_client().submit("/sign-in", form).status_code == 422
