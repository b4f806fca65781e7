"""What of a reflection is shared, and what stays behind."""

from uuid import uuid4

from supervision.domain.passages import (
    Block,
    Passage,
    chosen_text,
    from_bytes,
    own_words,
    paragraphs,
    text_of,
    to_bytes,
    whole,
)
from supervision.domain.reflections import Words

FREE = Words(
    "free",
    "After",
    {
        "reflection": "First.\nStill first.\n\n \n\nSecond.",
        "client_code": "M7",
        "supervision": True,
        "action": "Breathe",
        "action_on": "2026-11-30",
    },
    uuid4(),
)


def test_paragraphs_are_told_apart_by_empty_lines():
    assert paragraphs(FREE) == [
        Block(("Reflection",), "First.\nStill first."),
        Block(("Reflection",), "Second."),
        Block(("One action",), "Breathe"),
        Block(("By when",), "2026-11-30"),
    ]


def test_chosen_paragraphs_become_one_text():
    assert chosen_text(FREE, {0, 2, 99}) == "First.\nStill first.\n\nBreathe"


def test_client_code_ticks_and_session_stay_behind():
    assert FREE.session_id is not None
    shared = to_bytes(whole(FREE)).decode()
    assert [word in shared for word in ("M7", "supervision", FREE.session_id.hex)] == [False] * 3


def test_scales_say_of_what_and_whose_they_are():
    words = Words("cft", "T", {"settled": 0, "threat_me": 7})
    assert whole(words) == Passage(
        "T", (Block(("How settled am I?",), "0/10"), Block(("Threat", "me"), "7/10"))
    )


def test_own_words_have_no_title():
    assert own_words("  A line. \n") == Passage("", (Block((), "A line."),))
    assert text_of(own_words("  ")) == ""


def test_text_of_a_passage_is_all_that_is_read():
    assert text_of(Passage("T", (Block(("a",), "b"), Block((), "c")))) == "T\n\nb\n\nc"


def test_passage_opens_to_what_was_sealed():
    passage = whole(FREE)
    assert from_bytes(to_bytes(passage)) == passage
