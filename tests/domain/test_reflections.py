"""Reflection templates as data, and what is sealed of a reflection."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.reflections import (
    CFT,
    FREE,
    TEMPLATES,
    Kind,
    Reflection,
    Words,
    from_bytes,
    is_blank,
    to_bytes,
)

AT = datetime(2026, 11, 23, 22, 41, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_keys_of_a_template_are_its_own(template):
    keys = [prompt.key for prompt in template.prompts]
    taken = {"title", "session", "template", "editing", "csrf_token"}
    assert (len(keys), taken & set(keys)) == (len(set(keys)), set())


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_main_text_of_every_template_is_labelled_reflection(template):
    labels = [p.label for p in template.prompts if "reflection" in p.label.lower()]
    assert labels == ["Reflection"]
    assert next(p.kind for p in template.prompts if p.key == "reflection") is Kind.TEXT


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


@given(
    title=TEXTS,
    fields=st.dictionaries(TEXTS, TEXTS | st.integers(0, 10) | st.just(True), max_size=4),
    session=st.none() | st.uuids(),
    auto=st.booleans(),
)
def test_reflection_comes_back_from_its_bytes(title, fields, session, auto):
    words = Words("cft", title, fields, session)
    one = Reflection(words, AT, AT + timedelta(hours=1), UUID(int=7), auto, 1)
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
