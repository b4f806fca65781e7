"""Notes over HTTP: written, kept, found again, and closed to everybody else."""

from datetime import timedelta
from html.parser import HTMLParser
from uuid import UUID, uuid4

import pytest
from flask import Flask
from markdown_it import MarkdownIt
from sqlalchemy import delete, func, select
from structlog import get_logger

from supervision.blueprints.notes import parts
from supervision.blueprints.notes.forms import NoteForm
from supervision.db import db
from supervision.domain.reflections import TEMPLATES, Kind, is_key
from supervision.domain.reflections import words as reflection_words
from supervision.models.audit import Replay
from supervision.models.notes import Note, NoteDraft, NoteRevision
from supervision.services.notes import rows, saving
from supervision.web import headers
from tests import factories
from tests.conftest import NOW
from tests.support.client import Client, Form, Forms
from tests.support.vaults import PASSPHRASE, bare, enter, furnish, write

CANARY = "the heron forgot its umbrella"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bob(app, clock):
    return factories.person("bob")


@pytest.fixture
def bobs(bob, client):
    """Bob's browser, signed in, his vault open."""
    furnish(bob)
    return enter(client, bob)


def count(model: type[object]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def editor(client: Client, page: str = "/notes/new") -> Form:
    return client.form(page, button="Save")


def post(client: Client, form: Form, path: str = "", **fields: str):
    headers = {"HX-Request": "true"} if path else {}
    return client.post(form.action + path, data=form.values | fields, headers=headers)


def lock(client: Client) -> None:
    client.send("/lock")


def unlock(client: Client) -> None:
    client.submit("/unlock", {"passphrase": PASSPHRASE}, button="Unlock")


# -- writing and reading -------------------------------------------------------------------


def test_reflection_is_written_and_read_without_script(bobs):
    note_id = write(bobs, "After", "I was **quick** again.")
    page = bobs.get(f"/notes/{note_id}").text
    assert "<strong>quick</strong>" in page
    assert f'href="/notes/{note_id}">After</a>' in bobs.get("/notes").text


def test_cft_reflection_keeps_every_answer(bobs):
    fields = {
        "title": "M. and the clock",
        "reflection": "M. looked at the clock.",
        "settled": "4",
        "threat_client": "7",
        "drive_me": "0",
        "soothing_room": "10",
        "action": "Ask about the clock",
        "action_on": "2026-11-30",
        "supervision": "y",
    }
    response = bobs.submit("/notes/new?template=cft", fields, button="Save")
    form = editor(bobs, f"{response.location}/edit")
    kept = {name: values[0] for name, values in form.values.items() if name in fields}
    assert kept == fields


def test_empty_list_says_what_to_do(bobs):
    page = bobs.get("/notes").text
    assert ("Nothing written yet" in page, 'href="/notes/new"' in page) == (True, True)


def test_edit_is_a_version_and_the_former_can_be_read(bobs):
    note_id = write(bobs, "After", "first words")
    write(bobs, "After", "second words", f"/notes/{note_id}/edit")
    texts = [bobs.get(f"/notes/{note_id}{query}").text for query in ("", "?version=1")]
    assert ["second words" in texts[0], "first words" in texts[1]] == [True, True]
    assert bobs.get(f"/notes/{note_id}?version=3").status_code == 404


def test_form_sent_twice_is_one_note(bobs):
    form = editor(bobs)
    answers = [post(bobs, form, title="After", reflection="once").location for _ in range(2)]
    assert (len(set(answers)), count(Note), count(NoteRevision)) == (1, 1, 1)


def test_page_of_a_note_is_kept_by_nobody(bobs):
    note_id = write(bobs, "After", CANARY)
    for path in ("/notes", "/notes/new", f"/notes/{note_id}", f"/notes/{note_id}/edit"):
        response = bobs.get(path)
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"


def test_editor_asks_the_browser_to_remember_and_check_nothing(bobs):
    class Areas(HTMLParser):
        found: list[tuple[str | None, str | None]] = []  # noqa: RUF012 - lives for one test

        def handle_starttag(self, tag, attrs):
            given = dict(attrs)
            if given.get("name") in {"title", "reflection", "client_code", "action"}:
                self.found.append((given.get("autocomplete"), given.get("spellcheck")))

    Areas().feed(bobs.get("/notes/new").text)
    assert Areas.found == [("off", "false")] * 4


def test_title_of_a_note_is_not_the_title_of_its_page(bobs):
    note_id = write(bobs, CANARY, "text")
    for path in (f"/notes/{note_id}", f"/notes/{note_id}/edit", "/notes"):
        head = bobs.get(path).text.partition("</head>")[0]
        assert CANARY not in head


def test_new_reflection_about_a_session_names_it(bobs, bob, clock):
    alice = factories.person("alice")
    group = factories.roster(alice, bob)
    session = factories.session(group, factories.datetime.now(factories.UTC), alice, bob)
    db.session.commit()
    form = editor(bobs, f"/notes/new?session={session.id}")
    assert (form.values["session"], form.values["title"]) == (
        [str(session.id)],
        ["Tuesday group, Mon 23 Nov 2026"],
    )


def test_new_reflection_about_a_session_of_others_is_not_found(bobs):
    alice, carol = factories.person("alice"), factories.person("carol")
    group = factories.roster(alice, carol)
    session = factories.session(group, factories.datetime.now(factories.UTC), alice, carol)
    db.session.commit()
    found = [bobs.get(f"/notes/new?session={one}").status_code for one in (session.id, uuid4())]
    assert found == [404, 404]


# -- other templates -----------------------------------------------------------------------


def switched(client: Client, form: Form, to: str, **fields: str) -> Form:
    """The editor after another template was chosen with this typed."""
    response = client.post(f"{form.action}/switch", data=form.values | fields | {"to": to})
    assert response.status_code == 200, response.status
    return next(f for f in Forms(response.text).found if "Save" in f.buttons)


def test_switching_the_template_loses_no_text_and_stores_nothing(bobs):
    form = editor(bobs, "/notes/new?template=cft")
    typed = {"title": "T", "reflection": "main", "wisdom": "deep", "threat_me": "7"}
    free = switched(bobs, form, "free", **typed, action_on="2026-11-30", supervision="y")
    assert (free.action, free.values["template"], free.values["reflection"]) == (
        form.action,
        ["free"],
        ["main"],
    )
    assert (free.values["wisdom"], free.values["threat_me"], count(Note)) == (["deep"], ["7"], 0)
    back = switched(bobs, free, "cft", wisdom="deeper")
    kept = {name: back.values[name] for name in ("wisdom", "threat_me", "action_on", "kept")}
    assert kept == {
        "wisdom": ["deeper"],
        "threat_me": ["7"],
        "action_on": ["2026-11-30"],
        "kept": [""],
    }


def test_what_another_template_asked_is_saved_and_shown_below(bobs):
    form = editor(bobs, "/notes/new?template=driscoll")
    free = switched(bobs, form, "free", title="T", reflection="what", so_what="**so**")
    saved = post(bobs, free)
    page = bobs.get(saved.location).text
    assert ("Kept from another way of writing" in page, "<strong>so</strong>" in page) == (
        True,
        True,
    )
    again = editor(bobs, f"{saved.location}/edit")
    assert (again.values["so_what"], again.values["kept"]) == (["**so**"], ["so_what"])


@pytest.mark.parametrize("key", ["title", "data", "validate_title", "csrf_token", "No!"])
def test_name_of_something_else_in_the_form_is_not_kept(bobs, key):
    form = editor(bobs)
    response = post(bobs, form, title="T", reflection="text", kept=key)
    assert response.status_code == 303
    assert editor(bobs, f"{response.location}/edit").values["kept"] == [""]


def test_no_prompt_takes_the_name_of_a_part_of_the_form():
    assert [name for name in dir(NoteForm) if name[0] != "_" and is_key(name)] == []


def test_switching_with_a_wrong_number_says_so_and_keeps_all(bobs):
    form = editor(bobs, "/notes/new?template=cft")
    values = form.values | {"settled": "eleven", "wisdom": "deep", "to": "free"}
    response = bobs.post(f"{form.action}/switch", data=values)
    again = next(f for f in Forms(response.text).found if "Save" in f.buttons)
    assert (response.status_code, again.values["wisdom"]) == (422, ["deep"])


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_written_read_and_edited(bobs, template):
    response = bobs.submit(
        f"/notes/new?template={template}", {"title": "T", "reflection": "main"}, button="Save"
    )
    assert "main" in bobs.get(response.location).text
    assert editor(bobs, f"{response.location}/edit").values["template"] == [template]


def test_picture_of_the_three_systems_is_drawn_at_the_server(bobs):
    fields = {"title": "T", "reflection": "r", "threat_me": "10", "soothing_me": "2"}
    response = bobs.submit("/notes/new?template=cft", fields, button="Save")
    page = bobs.get(response.location).text
    assert 'aria-label="Me: Threat 10, Drive –, Soothing 2"' in page
    assert 'r="22.0" data-circle="threat"' in page


# -- finding -------------------------------------------------------------------------------


def test_finding_shows_marked_words_in_escaped_text(bobs):
    write(bobs, "After", "<b>Quiet</b> room")
    write(bobs, "Other", "noise")
    response = bobs.submit("/notes/find", {"query": "QUIET"}, button="Find")
    assert "&lt;b&gt;<mark>Quiet</mark>&lt;/b&gt; room" in response.text
    assert ("1 reflection found" in response.text, ">Other<" in response.text) == (True, False)


def test_what_is_sought_stands_in_no_address_title_or_log(bobs, capsys):
    write(bobs, "After", CANARY)
    response = bobs.submit("/notes/find", {"query": CANARY}, button="Find")
    head = response.text.partition("</head>")[0]
    assert (CANARY in response.text, CANARY in head, response.location) == (True, False, None)
    assert (bobs.get(f"/notes/find?query={CANARY}").text.count(CANARY), CANARY) == (0, CANARY)
    said = capsys.readouterr().err
    assert "notes.find" in said
    assert CANARY not in said.replace("%20", " ")


def test_finding_while_locked_asks_for_the_passphrase(bobs):
    lock(bobs)
    assert bobs.get("/notes/find").location.startswith("/unlock")


def test_wrong_date_is_refused_beside_its_field(bobs):
    response = bobs.submit("/notes/find", {"query": "kept", "since": "soon"}, button="Find")
    form = next(f for f in Forms(response.text).found if "Find" in f.buttons)
    assert (response.status_code, form.values["query"]) == (422, ["kept"])
    assert "Give a date such as 2026-11-30." in response.text


def test_found_pages_are_turned_by_forms(bobs, bob):
    for n in range(21):
        write(bobs, f"Heron {n}", "text")
    first = bobs.submit("/notes/find", {"query": "heron"}, button="Find")
    older = next(f for f in Forms(first.text).found if "Older" in f.buttons)
    second = bobs.post(older.action, data=older.values)
    assert ("21 reflections found" in second.text, second.text.count('id="note-')) == (True, 1)


def test_checking_all_says_what_it_found(bobs):
    note_id = write(bobs, "After", "first")
    bobs.submit("/notes", button="Check all of them now")
    whole = bobs.get("/notes").text
    row = db.session.get_one(NoteRevision, (note_id, 1))
    row.envelope = row.envelope[:-1] + bytes([row.envelope[-1] ^ 1])
    db.session.commit()
    found = bobs.submit("/notes", button="Check all of them now").location
    assert ("is as you left it." in whole, found) == (True, "/notes?altered=yes")
    assert "not as you left them" in bobs.get(found).text


# -- history, files, the agenda --------------------------------------------------------------


def test_history_shows_what_changed_and_goes_back(bobs):
    note_id = write(bobs, "After", "I was quick")
    write(bobs, "After", "I was slow", f"/notes/{note_id}/edit")
    page = bobs.get(f"/notes/{note_id}/history").text
    assert '<del><span class="unseen">taken out: </span> quick<' in page
    assert '<ins><span class="unseen">added: </span> slow<' in page
    bobs.submit(f"/notes/{note_id}/history?version=1", button="Go back to version 1")
    assert "I was quick" in bobs.get(f"/notes/{note_id}").text
    assert bobs.get(f"/notes/{note_id}/history?version=4").status_code == 404


def test_file_is_given_for_the_passphrase_alone(bobs):
    note_id = write(bobs, "After", "text")
    page = f"/notes/{note_id}/file"
    refused = bobs.submit(page, {"passphrase": "wrong"}, button="Save the file")
    given = bobs.submit(page, {"passphrase": PASSPHRASE}, button="Save the file")
    assert (refused.status_code, "# After" in refused.text) == (422, False)
    assert given.text == "# After\n\n*Free page · Mon 23 Nov 2026*\n\ntext\n"
    assert given.headers["Content-Disposition"] == (
        'attachment; filename="reflection-2026-11-23.md"'
    )


@pytest.fixture
def ended(bob, clock):
    """A session of Bob's that ended ten minutes ago."""
    alice = factories.person("alice")
    group = factories.roster(alice, bob)
    made = factories.session(group, NOW - timedelta(hours=1), alice, bob)
    db.session.commit()
    return made


def test_few_lines_after_a_session_are_one_field_and_one_button(bobs, ended):
    saved = bobs.submit("/", {"reflection": "short\n-> ask Alice"}, button="Keep it")
    assert saved.location == "/"
    home = bobs.get("/").text
    assert ("To take to supervision" in home, ">ask Alice</a>" in home) == (True, True)
    (line,) = Links(bobs.get("/notes").text).found
    note = bobs.get(line).text
    assert ("Tuesday group, Mon 23 Nov 2026" in note, f"/sessions/{ended.id}" in note) == (
        True,
        True,
    )


class Links(HTMLParser):
    """The addresses of the notes on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") or ""
        if tag == "a" and len(address) == len(f"/notes/{uuid4()}"):
            self.found.append(address)


def test_same_few_lines_sent_twice_are_one_reflection(bobs, ended):
    form = bobs.form("/", button="Keep it")
    for _ in range(2):
        assert post(bobs, form, reflection="short").status_code == 303
    assert count(Note) == 1


def test_few_lines_behind_a_lock_wait_sealed(bobs, ended):
    form = bobs.form("/", button="Keep it")
    lock(bobs)
    assert post(bobs, form, reflection=CANARY).location == "/"
    assert (count(Note), count(NoteDraft)) == (0, 1)


def test_nothing_written_after_a_session_is_refused(bobs, ended):
    response = bobs.submit("/", {"reflection": " "}, button="Keep it")
    assert (response.status_code, "There is nothing here yet." in response.text) == (422, True)


def test_agenda_is_shown_while_open_alone_and_ticked_off(bobs, bob):
    alice = factories.person("alice")
    group = factories.roster(alice, bob)
    session = factories.session(group, NOW + timedelta(days=1), alice, bob)
    db.session.commit()
    write(bobs, "After", f"-> {CANARY}")
    pages = ["/", f"/sessions/{session.id}"]
    shown = [CANARY in bobs.get(page).text for page in pages]
    lock(bobs)
    locked = [CANARY in bobs.get(page).text for page in pages]
    unlock(bobs)
    taken = bobs.submit(pages[1], button=f"Taken up {CANARY}")
    after = [CANARY in bobs.get(page).text for page in pages]
    assert (shown, locked, taken.location, after) == (
        [True, True],
        [False, False],
        pages[1],
        [False, False],
    )


def test_others_see_no_agenda_of_bob_s(bobs, bob, new_client):
    alice = factories.person("alice")
    group = factories.roster(alice, bob)
    session = factories.session(group, NOW + timedelta(days=1), alice, bob)
    db.session.commit()
    write(bobs, "After", f"-> {CANARY}")
    furnish(alice)
    hers = enter(new_client(), alice)
    assert [CANARY in hers.get(p).text for p in ("/", f"/sessions/{session.id}")] == [False, False]


# -- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": " "}, "Give it a title."),
        ({"title": "x" * 201}, "Keep this to 200 characters."),
        ({"reflection": ""}, "There is nothing here yet."),
        ({"settled": "eleven"}, "Give a whole number from 0 to 10."),
        ({"settled": "11"}, "Give a whole number from 0 to 10."),
        ({"threat_me": "-1"}, "Give a whole number from 0 to 10."),
        ({"action_on": "soon"}, "Give a date such as 2026-11-30."),
        ({"session": str(uuid4())}, "Choose one of your sessions, or none."),
        ({"session": "next one"}, "Choose one of your sessions, or none."),
        ({"practice": "x" * 301}, "Keep this to 300 characters."),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_value_is_refused_and_all_input_kept(bobs, fields, sentence):
    fields = {"title": "After", "reflection": CANARY, "wisdom": "kept too"} | fields
    if not fields["reflection"]:
        fields["wisdom"] = ""
    response = bobs.submit("/notes/new?template=cft", fields, button="Save")
    form = next(f for f in Forms(response.text).found if "Save" in f.buttons)
    kept = {name: form.values[name][0] for name in ("reflection", "wisdom")}
    assert (response.status_code, sentence in response.text, count(Note)) == (422, True, 0)
    assert kept == {"reflection": fields["reflection"], "wisdom": fields["wisdom"]}


def test_editor_without_our_word_writes_nothing(bobs):
    """Else a POST under any id would tell whether that id is somebody's note."""
    form = editor(bobs)
    for word in ("", "made up", editor(bobs).values["editing"][0]):
        assert post(bobs, form, title="a", reflection="b", editing=word).status_code == 404
    assert count(Note) == 0


def test_text_that_met_a_newer_version_is_kept_and_can_be_saved(bobs):
    note_id = write(bobs, "After", "base")
    laptop = editor(bobs, f"/notes/{note_id}/edit")
    write(bobs, "After", "from the phone", f"/notes/{note_id}/edit")
    refused = post(bobs, laptop, reflection="from the laptop")
    again = next(f for f in Forms(refused.text).found if "Save" in f.buttons)
    assert (refused.status_code, again.values["reflection"]) == (409, ["from the laptop"])
    assert post(bobs, again).status_code == 303
    page = bobs.get(f"/notes/{note_id}").text
    assert ("from the laptop" in page, "History: 3 versions" in page) == (True, True)


def test_text_over_a_deleted_note_is_kept_and_can_be_saved_anew(bobs):
    note_id = write(bobs, "After", "base")
    form = editor(bobs, f"/notes/{note_id}/edit")
    bobs.submit(f"/notes/{note_id}", button="Delete this reflection")
    refused = post(bobs, form, reflection="typed meanwhile")
    again = next(f for f in Forms(refused.text).found if "Save" in f.buttons)
    saved = post(bobs, again)
    assert (refused.status_code, saved.status_code) == (409, 303)
    assert "typed meanwhile" in bobs.get(saved.location).text


# -- while typing --------------------------------------------------------------------------


def test_autosave_keeps_and_says_when(bobs):
    form = editor(bobs)
    response = post(bobs, form, "/autosave", reflection="half a sen")
    assert (response.status_code, "Saved 04:00" in response.text) == (200, True)
    assert response.text.count("<") == 2
    post(bobs, form, "/autosave", reflection="half a sentence")
    assert (count(Note), count(NoteRevision)) == (1, 1)


def test_autosave_of_an_untouched_page_makes_no_note(bobs):
    response = post(bobs, editor(bobs), "/autosave")
    assert (response.status_code, count(Note)) == (200, 0)


def test_autosave_of_an_unfinished_number_says_so(bobs):
    form = editor(bobs, "/notes/new?template=cft")
    response = post(bobs, form, "/autosave", reflection="text", settled="1x")
    assert (response.status_code, "Not kept yet" in response.text) == (422, True)


def test_save_after_autosave_is_the_same_revision(bobs):
    form = editor(bobs)
    post(bobs, form, "/autosave", reflection="half")
    post(bobs, form, reflection="whole")
    assert (count(Note), count(NoteRevision)) == (1, 1)


def test_preview_renders_and_stores_nothing(bobs):
    form = editor(bobs)
    values = form.values | {"reflection": "**bold**"}
    fragment = bobs.post("/notes/preview", data=values, headers={"HX-Request": "true"})
    page = bobs.post(f"/notes/preview?note={form.action[7:]}", data=values)
    again = next(f for f in Forms(page.text).found if "Save" in f.buttons)
    assert fragment.text.lstrip().startswith('<section id="note-preview"')
    assert ["<strong>bold</strong>" in r.text for r in (fragment, page)] == [True, True]
    assert (again.action, again.values["reflection"], count(Note)) == (
        form.action,
        ["**bold**"],
        0,
    )


# -- behind a lock -------------------------------------------------------------------------


def test_locked_pages_ask_for_the_passphrase_and_come_back(bobs):
    note_id = write(bobs, "After", CANARY)
    lock(bobs)
    for path in (
        "/notes",
        "/notes/new?template=cft",
        f"/notes/{note_id}",
        f"/notes/{note_id}/edit",
    ):
        response = bobs.get(path)
        assert (response.status_code, CANARY in response.text) == (302, False)
        unlock_page = response.location
        assert unlock_page.startswith("/unlock?next=/notes")


def test_save_behind_a_lock_waits_sealed(bobs):
    """Attack 17: what is sent from an old page after a lock is neither lost nor open."""
    form = editor(bobs)
    lock(bobs)
    response = post(bobs, form, title="After", reflection=CANARY)
    assert response.location.startswith("/unlock?next=/notes/drafts/")
    assert (count(Note), count(NoteDraft)) == (0, 1)
    unlock(bobs)
    page = bobs.get("/notes").text
    assert ("Kept for you while your notes were locked" in page, "After" in page) == (True, True)
    kept = bobs.submit("/notes", button="Keep it")
    assert CANARY in bobs.get(kept.location).text
    assert (count(Note), count(NoteDraft)) == (1, 0)


def test_autosave_behind_a_lock_is_sealed_and_says_so(bobs):
    form = editor(bobs)
    lock(bobs)
    response = post(bobs, form, "/autosave", reflection=CANARY)
    assert ("was sealed at 04:00" in response.text, CANARY in response.text) == (True, False)
    unlock(bobs)
    resumed = editor(bobs, f"/notes/drafts/{_draft_id()}")
    assert resumed.values["reflection"] == [CANARY]
    assert post(bobs, resumed).status_code == 303
    assert (count(Note), count(NoteDraft)) == (1, 0)


def _draft_id() -> UUID:
    return db.session.scalars(select(NoteDraft.id)).one()


def test_draft_beside_a_newer_version_is_shown_and_settled(bobs):
    note_id = write(bobs, "After", "base")
    old = editor(bobs, f"/notes/{note_id}/edit")
    lock(bobs)
    post(bobs, old, "/autosave", reflection="behind the lock")
    unlock(bobs)
    write(bobs, "After", "meanwhile", f"/notes/{note_id}/edit")
    page = f"/notes/drafts/{_draft_id()}"
    text = bobs.get(page).text
    assert ["meanwhile" in text, "behind the lock" in text] == [True, True]
    settled = bobs.submit(page, button="Keep both, one below the other")
    kept = editor(bobs, f"{settled.location}/edit").values["reflection"]
    assert kept == ["meanwhile\n\n---\n\nbehind the lock"]
    assert count(NoteDraft) == 0


def test_draft_can_be_deleted(bobs):
    form = editor(bobs)
    lock(bobs)
    post(bobs, form, "/autosave", reflection=CANARY)
    unlock(bobs)
    bobs.submit("/notes", button="Delete the draft")
    assert count(NoteDraft) == 0


# -- deleting ------------------------------------------------------------------------------


def test_delete_and_undo(bobs, clock):
    note_id = write(bobs, "After", "text")
    bobs.submit(f"/notes/{note_id}", button="Delete this reflection")
    gone = bobs.get(f"/notes/{note_id}").status_code
    clock.shift(9 * MINUTE)
    back = bobs.submit("/notes", button="Undo").location
    assert (gone, back, bobs.get(back).status_code) == (404, f"/notes/{note_id}", 200)


def test_undo_ends_after_ten_minutes(bobs, clock):
    note_id = write(bobs, "After", "text")
    bobs.submit(f"/notes/{note_id}", button="Delete this reflection")
    clock.shift(10 * MINUTE)
    assert "Undo" not in bobs.get("/notes").text
    assert bobs.send(f"/notes/{note_id}/undelete").status_code == 404


# -- altered outside of the program --------------------------------------------------------


def test_missing_revision_is_told_on_every_page_and_can_be_accepted(bobs):
    note_id = write(bobs, "After", "first")
    write(bobs, "After", "second", f"/notes/{note_id}/edit")
    db.session.execute(delete(NoteRevision).where(NoteRevision.number == 2))
    db.session.commit()
    warned = ["not as you left them" in bobs.get(p).text for p in ("/notes", f"/notes/{note_id}")]
    bobs.submit("/notes", button="Count anew")
    assert (warned, "not as you left them" in bobs.get("/notes").text) == ([True, True], False)


def test_altered_note_is_a_page_and_no_fault(bobs):
    note_id = write(bobs, "After", "text")
    row = db.session.get_one(NoteRevision, (note_id, 1))
    row.envelope = row.envelope[:-1] + bytes([row.envelope[-1] ^ 1])
    db.session.commit()
    response = bobs.get(f"/notes/{note_id}")
    assert (response.status_code, "cannot be opened" in response.text) == (200, True)
    assert bobs.get("/notes").status_code == 200
    assert bobs.get(f"/notes/{note_id}/edit").location == f"/notes/{note_id}"


# -- 24: everybody else --------------------------------------------------------------------


def routes_of_a_note(app: Flask) -> list[tuple[str, str]]:
    """(method, rule) of every route about one note or draft."""
    return sorted(
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith("notes.") and rule.arguments
    )


@pytest.fixture
def theirs(bobs):
    """The form of bob's own open editor, whose note and draft others will ask for."""
    note_id = write(bobs, "After", CANARY)
    form = editor(bobs, f"/notes/{note_id}/edit")
    lock(bobs)
    post(bobs, form, "/autosave", reflection=CANARY)
    unlock(bobs)
    return form


def answers(client: Client, app: Flask, form: Form, note_id: object, draft_id: object) -> dict:
    """Every route with these ids; whoever asks even has bob's own form."""
    found = {}
    for method, rule in routes_of_a_note(app):
        path = rule.replace("<uuid:note_id>", f"{note_id}").replace(
            "<uuid:draft_id>", f"{draft_id}"
        )
        data = form.values | {"csrf_token": client.csrf_token()}
        response = client.open(path, method=method, data=data if method == "POST" else None)
        found[f"{method} {rule}"] = (response.status_code, bare(response.text))
    return found


@pytest.mark.parametrize("name", ["alice", "carol", "dana", "charlie"])
def test_note_of_bob_is_like_an_unknown_one(app, bob, theirs, new_client, name):
    """Supervisor, peer, organiser, stranger: each with an open vault of their own."""
    other = _other(bob, new_client, name)
    his = answers(other, app, theirs, theirs.action[7:], _draft_id())
    unknown = answers(other, app, theirs, uuid4(), uuid4())
    assert his == unknown
    assert {status for status, _ in his.values()} == {404}
    assert len(his) == 16


def _other(bob, new_client, name: str) -> Client:
    actors = {who: factories.person(who) for who in ("alice", "carol", "dana", "charlie")}
    factories.roster(actors["alice"], bob, actors["carol"])
    furnish(actors[name])
    return enter(new_client(), actors[name])


def test_note_of_bob_shows_where_nobody_looks_whose_it_is(
    app, bob, theirs, new_client, monkeypatch
):
    other = _other(bob, new_client, "alice")
    monkeypatch.setattr(rows, "present", lambda _actor, note_id: db.session.get(Note, note_id))
    for module in ("reading", "deleting"):
        monkeypatch.setattr(f"supervision.services.notes.{module}.present", rows.present)
    his = answers(other, app, theirs, theirs.action[7:], _draft_id())
    assert his["GET /notes/<uuid:note_id>"][0] == 200


def test_locked_stranger_learns_nothing_either(app, theirs, new_client):
    charlie = factories.person("charlie")
    other = new_client()
    other.sign_in(charlie.id)
    his = answers(other, app, theirs, theirs.action[7:], _draft_id())
    assert his == answers(other, app, theirs, uuid4(), uuid4())


def test_nobody_is_sent_to_sign_in(app, theirs, new_client):
    client = new_client()
    his = answers(client, app, theirs, theirs.action[7:], _draft_id())
    assert {status for status, _ in his.values()} <= {302, 303}


# -- 30: Markdown in its page --------------------------------------------------------------

EVIL = (
    '<script>alert(1)</script>\n\n<img src="https://evil.example.org/x.png">\n\n'
    '<a hx-get="/lock" hx-trigger="load" onclick="x()">a</a>\n\n[b](javascript:alert(1))\n\n'
    "![c](https://evil.example.org/c.png)\n\n<svg onload=alert(1)></svg>"
)


class Written(HTMLParser):
    """What stands inside of the parts that htmx is kept out of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.depth = 0
        self.tags: list[tuple[str, list[str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if self.depth:
            self.tags.append((tag, names))
        if tag == "div" and (self.depth or "hx-ignore" in names):
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self.depth:
            self.depth -= 1


def acting(page: str) -> list[str]:
    """What of a written text could act, fetch or send."""
    found = Written(page).tags
    bad = [tag for tag, _ in found if tag in {"script", "img", "svg", "form", "iframe", "style"}]
    return bad + [
        name for _, names in found for name in names if name.startswith(("hx-", "data-", "on"))
    ]


def test_markdown_of_a_note_is_inert(bobs):
    note_id = write(bobs, "After", EVIL)
    form = editor(bobs)
    preview = bobs.post(
        "/notes/preview", data=form.values | {"reflection": EVIL}, headers={"HX-Request": "true"}
    )
    pages = [bobs.get(f"/notes/{note_id}").text, preview.text]
    assert [acting(page) for page in pages] == [[], []]
    assert ["alert(1)" in page for page in pages] == [True, True]


def test_markdown_of_a_note_acts_where_it_is_rendered_as_it_comes(bobs, monkeypatch):
    reader = MarkdownIt("commonmark", {"html": True})
    monkeypatch.setattr(parts, "to_html", lambda text, _allowance: reader.render(text))
    note_id = write(bobs, "After", EVIL)
    found = acting(bobs.get(f"/notes/{note_id}").text)
    assert {"script", "img", "hx-get", "onclick"} <= set(found)


# -- 33: a fault in a handler --------------------------------------------------------------


def fall(*_args: object, **_kwargs: object) -> None:
    words = CANARY
    raise RuntimeError(f"{words} in the text, and in a local of the frame")


WRITES = [
    "notes.save",
    "notes.autosave",
    "notes.switch",
    "notes.preview",
    "notes.find",
    "notes.check",
    "notes.take",
    "notes.taken",
    "notes.restore",
    "notes.merge",
    "notes.delete",
    "notes.undelete",
    "notes.keep",
    "notes.discard",
    "notes.accept",
    "vault.open_vault",
    "vault.lock",
    "vault.make_code",
    "vault.confirm_code",
    "vault.recover",
    "vault.begin_again",
]
READS = [
    "notes.index",
    "notes.new",
    "notes.show",
    "notes.edit",
    "notes.history",
    "notes.take_form",
    "notes.find_form",
    "notes.resume",
    "vault.unlock",
]


def test_every_handler_is_tried_with_a_fault(app):
    found = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(("notes.", "vault.")) and "POST" in (rule.methods or set())
    }
    assert found == set(WRITES)


@pytest.mark.parametrize("endpoint", WRITES + READS)
def test_fault_in_a_handler_tells_no_text(app, bobs, capsys, monkeypatch, endpoint):
    view = app.view_functions[endpoint]
    fall.__dict__.update(vars(view))
    monkeypatch.setitem(app.view_functions, endpoint, fall)
    rule = next(r for r in app.url_map.iter_rules() if r.endpoint == endpoint)
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<uuid:{name}>", str(uuid4()))
    words = {"reflection": CANARY, "title": CANARY, "passphrase": CANARY, "code": CANARY}
    response = bobs.send(path, words) if endpoint in WRITES else bobs.get(path)
    assert (response.status_code, CANARY in response.text) == (500, False)
    said = capsys.readouterr().err
    assert ("RuntimeError" in said, CANARY in said) == (True, False)


def test_log_would_show_a_text_that_was_logged(app, capsys):
    get_logger("supervision").error("fault", text=CANARY)
    assert CANARY in capsys.readouterr().err


# -- 35: from somewhere else ---------------------------------------------------------------


def test_save_without_a_token_is_refused(bobs):
    form = editor(bobs)
    response = post(bobs, form, csrf_token="", title="After", reflection="text")
    assert (response.status_code, count(Note)) == (400, 0)


def test_save_from_another_site_is_refused(bobs):
    form = editor(bobs)
    said = {"Sec-Fetch-Site": "cross-site"}
    values = form.values | {"title": "After", "reflection": "text"}
    response = bobs.post(form.action, data=values, headers=said)
    assert (response.status_code, count(Note)) == (403, 0)


def test_save_without_a_token_works_where_none_is_asked(app, bobs, monkeypatch):
    form = editor(bobs)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    response = post(bobs, form, csrf_token="", title="After", reflection="text")
    assert (response.status_code, count(Note)) == (303, 1)


def test_save_from_another_site_works_where_nobody_looks(bobs, monkeypatch):
    form = editor(bobs)
    monkeypatch.setattr(headers, "_from_elsewhere", lambda: False)
    values = form.values | {"title": "After", "reflection": "text"}
    response = bobs.post(form.action, data=values, headers={"Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, count(Note)) == (303, 1)


def test_forms_of_notes_leave_no_key_for_replays(bobs):
    note_id = write(bobs, "After", "text")
    pages = ("/notes", "/notes/new", f"/notes/{note_id}", f"/notes/{note_id}/edit")
    keyed = [
        form.action
        for page in pages
        for form in Forms(bobs.get(page).text).found
        if form.action.startswith("/notes") and "once" in form.values
    ]
    assert (keyed, count(Replay)) == ([], 0)


# -- nothing slow while others wait --------------------------------------------------------


def is_writing() -> bool:
    """Whether this request holds what every other writer waits for."""
    session = db.session()
    return session.in_transaction() and "lock" in session.connection().info


@pytest.fixture
def slow_work(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[bool]]:
    """For each kind of work that may be slow, whether a writing transaction was open meanwhile."""
    seen: dict[str, set[bool]] = {}

    def watch(module: object, name: str) -> None:
        real = getattr(module, name)

        def watched(*args: object, **kwargs: object) -> object:
            seen.setdefault(name, set()).add(is_writing())
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, watched)

    watch(parts, "to_html")
    watch(reflection_words, "fold")
    watch(saving, "lock_vault")
    return seen


@pytest.mark.parametrize("way", ["", "/autosave", "/switch"])
def test_nothing_is_folded_while_others_wait_to_write(bobs, slow_work, way):
    write(bobs, "The first", "It makes the catalogue.")
    slow_work.clear()
    form = editor(bobs)
    assert post(bobs, form, way, title="T", reflection="Ä **b**", to="cft").status_code < 400
    assert slow_work.get("fold", {False}) == {False}
    assert slow_work.get("lock_vault", {True}) == {True}, "the watch itself sees a writer"


def test_nothing_is_rendered_while_others_wait_to_write(bobs, slow_work):
    form = editor(bobs)
    wide = "x|" * 100 + "\n" + "-|" * 100 + "\n" + "|\n" * 20_000
    fields = form.values | {"title": "T", "reflection": wide}
    assert bobs.post("/notes/preview", data=fields).status_code == 200
    assert slow_work == {"to_html": {False}}


def test_preview_of_many_hostile_fields_is_bounded(bobs):
    """Work grows with the page's allowance, and not with the number of fields."""
    form = editor(bobs)
    keys = [prompt.key for t in TEMPLATES.values() for prompt in t.prompts][:30]
    wide = "x|" * 20 + "\n" + "-|" * 20 + "\n" + "|\n" * 5_000
    fields = form.values | {"kept": ",".join(keys), "title": "T", "reflection": wide}
    answer = bobs.post("/notes/preview", data=fields | dict.fromkeys(keys, wide))
    assert answer.status_code == 200
    assert answer.text.count("<td") < 4_000


def test_more_than_a_reflection_takes_is_refused_and_kept(bobs):
    form = editor(bobs)
    every = [p.key for t in TEMPLATES.values() for p in t.prompts if p.kind is Kind.TEXT]
    keys = list(dict.fromkeys(every))[:12]
    fields = dict.fromkeys(keys, "w" * 49_000) | {"kept": ",".join(keys)}
    answer = post(bobs, form, **{"title": "T", "reflection": "x"} | fields)
    assert answer.status_code == 422
    assert "This is more than one reflection takes. Go on in another one." in answer.text
    assert answer.text.count("w" * 49_000) == len(keys)
    again = bobs.post("/notes/preview", data=form.values | {"title": "T"} | fields)
    assert (again.status_code, again.text.count("w" * 49_000)) == (422, len(keys))


def test_what_is_too_much_is_refused_before_it_is_folded(bobs, slow_work):
    form = editor(bobs)
    every = [p.key for t in TEMPLATES.values() for p in t.prompts if p.kind is Kind.TEXT]
    keys = list(dict.fromkeys(every))[:12]
    fields = dict.fromkeys(keys, "é" + "w" * 49_000) | {"kept": ",".join(keys), "title": "T"}
    assert post(bobs, form, **fields).status_code == 422
    assert post(bobs, form, "/autosave", **fields).status_code in {409, 422}
    assert "fold" not in slow_work


def test_text_too_long_for_its_field_is_refused_and_kept(bobs):
    answer = post(bobs, editor(bobs), title="T" * 201, reflection="kept " * 12_000)
    assert answer.status_code == 422
    assert "Keep this to 200 characters." in answer.text
    assert "Keep this to 50,000 characters." in answer.text
    assert answer.text.count("kept " * 12_000) == 1
