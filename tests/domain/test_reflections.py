"""Reflections as data: templates, what is written in them, and the bytes that are sealed."""

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import reflections
from supervision.domain.reflections import (
    CFT,
    FREE,
    OURS,
    TEMPLATES,
    Kind,
    Reflection,
    Words,
    asks_of,
    both,
    check_loosely,
    count_words,
    from_bytes,
    is_blank,
    tags_of,
    template_of,
    templates_in,
    to_bytes,
    to_markdown,
    with_arrows,
    with_kept,
    without_ask,
)
from supervision.domain.reflections.parts import TAKEN
from supervision.errors import BadSettings, Invalid

AT = datetime(2026, 11, 23, 22, 41, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
BY_KEY = {template.key: template for template in OURS}


@pytest.mark.parametrize("template", OURS, ids=BY_KEY)
def test_keys_of_a_template_are_its_own(template):
    keys = [prompt.key for prompt in template.prompts]
    assert (len(keys), [key for key in keys if key in TAKEN]) == (len(set(keys)), [])


@pytest.mark.parametrize("template", OURS, ids=BY_KEY)
def test_main_text_of_every_template_has_the_same_key(template):
    assert next(p.kind for p in template.prompts if p.key == "reflection") is Kind.TEXT


@pytest.mark.parametrize("template", OURS, ids=BY_KEY)
def test_every_template_asks_for_a_next_step_supervision_and_tags(template):
    keys = {prompt.key for prompt in template.prompts}
    assert {"client_code", "elsewhere", "action", "action_on", "supervision", "tags"} <= keys


def test_templates_are_those_of_practice():
    assert list(BY_KEY) == [
        "free",
        "cft",
        "formulation",
        "thoughts",
        "spsr",
        "gibbs",
        "kolb",
        "driscoll",
        "schoen",
    ]


def test_cft_asks_each_system_of_client_self_and_room():
    scales = {prompt.key for prompt in CFT.prompts if prompt.kind is Kind.SCALE}
    assert scales == {"settled"} | {
        f"{system}_{whose}"
        for system in ("threat", "drive", "soothing")
        for whose in ("client", "me", "room")
    }


def test_cft_has_the_parts_of_its_formulation():
    assert [section.key for section in CFT.sections] == [
        "arrive",
        "moment",
        "systems",
        "responsibility",
        "fears",
        "compassionate_self",
        "act",
    ]


def test_self_practice_begins_with_a_stop():
    section = BY_KEY["spsr"].sections[0]
    assert (section.look, [p.key for p in section.prompts]) == ("stop", ["contact"])
    for word in ("pause", "lighter task", "speak with"):
        assert word in section.about


# -- a community's own ---------------------------------------------------------------------

BLOB = """
key = "blob"
version = 3
name = "Blob tree"
about = "Where am I on the tree?"

[[sections]]
key = "tree"
title = "The tree"

[[sections.prompts]]
key = "reflection"
kind = "text"
label = "Where am I?"
rows = 5

[[sections.prompts]]
key = "height"
kind = "scale"
label = "How high?"
"""


def read(tmp_path: Path, text: str) -> list[reflections.Template]:
    (tmp_path / "blob.toml").write_text(text)
    return templates_in(tmp_path)


def test_file_becomes_a_template(tmp_path):
    (blob,) = read(tmp_path, BLOB)
    assert (blob.key, blob.version, blob.name) == ("blob", 3, "Blob tree")
    assert [(p.key, p.kind, p.rows) for p in blob.prompts] == [
        ("reflection", "text", 5),
        ("height", "scale", 3),
    ]


def test_no_folder_is_no_template(tmp_path):
    assert templates_in(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('key = "blob"', "", "key is missing, or is no text"),
        ('key = "blob"', 'key = "Blob!"', "'Blob!' is no key"),
        ('key = "blob"', 'key = "free"', "there is a template free already"),
        ("version = 3", 'version = "3"', "version is no whole number"),
        ("version = 3", "version = 0", "a template needs a version from 1 on"),
        ('kind = "scale"', 'kind = "slider"', "'slider' is not a valid Kind"),
        ('key = "height"', 'key = "reflection"', "prompt reflection is there twice"),
        ('key = "height"', 'key = "csrf_token"', "'csrf_token' cannot be a prompt's key"),
        ('key = "height"', 'key = "validate_me"', "'validate_me' cannot be a prompt's key"),
        ('key = "height"', 'key = "action"', "prompt action is of kind line in another"),
        ('key = "reflection"', 'key = "other"', "no prompt of kind text has the key reflection"),
        ('label = "How high?"', 'label = " "', "prompt height needs a label"),
        ("rows = 5", "rows = 500", "prompt reflection needs a label, and 1 to 40 rows"),
        ("rows = 5", "colour = 5", "colour is not known here"),
        ('title = "The tree"', 'look = "systems"', "section tree needs a title"),
        ('title = "The tree"', 'title = "x"\nlook = "systems"', "section tree needs each system"),
        ("[[sections]]", "[[parts]]", "sections are missing"),
        ('name = "Blob tree"', "name =", "Invalid value"),
    ],
)
def test_bad_file_stops_the_start_with_one_line(tmp_path, old, new, why):
    with pytest.raises(BadSettings) as refusal:
        read(tmp_path, BLOB.replace(old, new, 1))
    said = str(refusal.value)
    assert said.startswith(f"{tmp_path.name}/blob.toml: ")
    assert (why in said, "\n" in said) == (True, False)


def test_own_templates_stand_beside_ours_until_others_are_used(tmp_path):
    try:
        reflections.use(read(tmp_path, BLOB))
        assert [*TEMPLATES] == [*BY_KEY, "blob"]
        check_loosely(Words("blob", "", {"height": 3}))
    finally:
        reflections.use(())
    assert [*TEMPLATES] == [*BY_KEY]


# -- what is kept --------------------------------------------------------------------------


def test_what_another_template_asked_is_kept_below():
    whole = with_kept(FREE, {"reflection": "", "threat_me": 3, "so_what": "b", "own": "c"})
    assert whole.sections[:-1] == FREE.sections
    assert [(p.key, p.kind, p.label) for p in whole.sections[-1].prompts] == [
        ("threat_me", Kind.SCALE, "Threat"),
        ("so_what", Kind.TEXT, "So what?"),
        ("own", Kind.TEXT, "own"),
    ]


def test_template_that_is_gone_reads_as_a_free_page():
    gone = template_of("blob")
    assert (gone.name, gone.sections) == ("blob", FREE.sections)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"settled": "5"}, "settled"),
        ({"own": 5}, "own"),
        ({"Own!": "text"}, "Own!"),
        ({"action_on": "soon"}, "action_on"),
        ({"action": "x" * 301}, "action"),
        ({"elsewhere": False}, "elsewhere"),
    ],
)
def test_what_is_kept_must_be_of_its_kind(fields, field):
    with pytest.raises(Invalid) as refusal:
        check_loosely(Words("free", "", fields))
    assert refusal.value.field == field


# -- what is read out ----------------------------------------------------------------------


def test_lines_with_an_arrow_and_a_tick_are_taken_along():
    text = "First.\n-> ask Alice\n  - → the silence  \nnot -> this\n->"
    words = Words("cft", "Title", {"reflection": text, "wisdom": "-> ask Alice"})
    assert asks_of(words) == ["ask Alice", "the silence"]
    ticked = Words("cft", "Title", {"supervision": True})
    assert asks_of(ticked) == ["Title"]


def test_what_was_taken_up_gets_a_tick():
    words = Words("free", "T", {"reflection": "-> a\n- -> b", "supervision": True})
    assert without_ask(words, "b").fields["reflection"] == "-> a\n- ✓ b"
    assert "supervision" not in without_ask(words, "T").fields
    assert asks_of(without_ask(without_ask(without_ask(words, "a"), "b"), "T")) == []


def test_tags_are_each_there_once():
    words = Words("free", "T", {"tags": " Shame, #silence ,shame,, two  words"})
    assert tags_of(words) == ["Shame", "silence", "two words"]


def test_words_are_counted_without_the_title():
    assert count_words(Words("cft", "One two", {"reflection": "a b\nc", "settled": 3})) == 3


def test_both_states_are_put_one_below_the_other():
    first = Words("free", "Old", {"reflection": "there", "action": "old", "supervision": True})
    second = Words("free", "New", {"reflection": "waits", "action": "new", "tags": "x"})
    assert both(first, second) == Words(
        "free",
        "New",
        {
            "reflection": "there\n\n---\n\nwaits",
            "action": "new",
            "supervision": True,
            "tags": "x",
        },
    )


def test_markdown_of_a_structured_note_reads_well():
    words = Words(
        "cft",
        "M. and the clock",
        {
            "settled": 4,
            "reflection": "It was **late**.",
            "threat_me": 7,
            "drive_client": 0,
            "action": "Breathe first",
            "supervision": True,
            "so_what": "kept",
        },
    )
    assert to_markdown(words, "Compassion focused", str) == (
        "# M. and the clock\n\n*Compassion focused*\n\n"
        "## Arrive\n\n- How settled am I? 4/10\n\n"
        "## The moment\n\nIt was **late**.\n\n"
        "## The three systems\n\n"
        "|  | Threat | Drive | Soothing |\n| --- | ---: | ---: | ---: |\n"
        "| the client | – | 0 | – |\n| me | 7 | – | – |\n| the room | – | – | – |\n\n"
        "## Engage, then act\n\n"
        "- One helpful, not harmful step: Breathe first\n- Take this to supervision\n\n"
        "## Kept from another way of writing\n\n### So what?\n\nkept\n"
    )


# -- bytes ---------------------------------------------------------------------------------


@given(
    title=TEXTS,
    fields=st.dictionaries(TEXTS, TEXTS | st.integers(0, 10) | st.just(True), max_size=4),
    session=st.none() | st.uuids(),
    auto=st.booleans(),
)
def test_reflection_comes_back_from_its_bytes(title, fields, session, auto):
    words = Words("cft", title, fields, session)
    one = Reflection(words, AT, AT + timedelta(hours=1), uuid4(), auto, 1)
    assert from_bytes(to_bytes(one)) == one


def test_times_keep_their_instant():
    toronto = timezone(timedelta(hours=-5))
    one = Reflection(Words("free", "", {}), AT.astimezone(toronto), AT, uuid4())
    assert from_bytes(to_bytes(one)).begun_at == AT


@pytest.mark.parametrize(
    ("fields", "blank"),
    [({}, True), ({"reflection": " \n"}, True), ({"reflection": "a"}, False), ({"x": 0}, False)],
)
def test_blank_is_what_holds_no_word_and_no_number(fields, blank):
    assert is_blank(Words(FREE.key, "A title that was offered", fields)) == blank


def test_asks_are_found_in_time_that_grows_with_the_text_alone():
    def seconds(blanks: int) -> float:
        begun = time.thread_time()
        words = Words("free", "T", {"reflection": "-> a" + " " * blanks + "b"})
        assert asks_of(words) == [("a" + " " * blanks + "b")[:300]]
        assert without_ask(words, "a").fields == words.fields
        assert with_arrows("-> a" + " " * blanks + "b") == "→ a" + " " * blanks + "b"
        return time.thread_time() - begun

    assert seconds(40_000) < 3 * seconds(20_000) + 0.05
