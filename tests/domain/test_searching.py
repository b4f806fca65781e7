"""Words without case and accents, and where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.reflections.catalogue import text_ends, texts_from_bytes, texts_to_bytes
from supervision.domain.reflections.searching import (
    Piece,
    fold,
    marked,
    scan,
    snippet,
    spans,
    terms_of,
)

WORDS = st.lists(st.text("abc éß", max_size=12), max_size=12)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Ålesund", "alesund"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("cafe\u0301", "cafe"),
        ("Ἀθῆναι", "αθηναι"),
        ("  two \n\t lines ", "two lines"),
        ("ﬁne", "fine"),
        ("İzmir", "izmir"),
        ("", ""),
    ],
)
def test_folded_text_has_no_case_accent_or_wide_space(written, folded):
    assert fold(written) == folded


@given(st.text(max_size=60))
def test_folding_once_is_enough(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", []),
        ("   ", []),
        ("Quiet  quiet", ["quiet"]),
        ('"in the room" Silence', ["in the room", "silence"]),
        ('"" a', ["a"]),
        ('say "half', ["say", '"half']),
    ],
)
def test_query_is_words_and_phrases(query, terms):
    assert terms_of(query) == terms


def found(texts: list[str], query: str) -> list[int]:
    body = texts_to_bytes([fold(text).encode() for text in texts])
    return scan(body, text_ends, [term.encode() for term in terms_of(query)])


def test_every_word_must_be_there_in_any_order():
    texts = ["a quiet room", "a room", "room for the quiet", "Quietly, in the ROOM"]
    assert found(texts, "quiet room") == [0, 2, 3]


def test_word_does_not_reach_from_one_text_into_the_next():
    assert found(["half a sen", "tence"], "sentence") == []


def test_phrase_must_stand_as_it_is():
    assert found(["the quiet room", "the room, quiet"], '"quiet room"') == [0]


@given(WORDS, st.text("abc é", min_size=1, max_size=3))
def test_scan_finds_what_looking_at_each_text_finds(texts, query):
    terms = terms_of(query)
    if not terms:
        return
    slow = [n for n, text in enumerate(texts) if all(term in fold(text) for term in terms)]
    assert found(texts, query) == slow


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_texts_come_back_from_their_bytes(texts):
    assert texts_from_bytes(texts_to_bytes(texts)) == texts


def test_hit_is_marked_as_it_was_written():
    assert marked("Im CAFÉ, café.", ["cafe"]) == [
        Piece("Im ", False),
        Piece("CAFÉ", True),
        Piece(", ", False),
        Piece("café", True),
        Piece(".", False),
    ]


def test_hits_that_overlap_are_one():
    assert spans("silences", ["silence", "lences"]) == [(0, 8)]


def test_phrase_is_found_over_a_line_s_end():
    assert spans("the quiet\n  room", ["quiet room"]) == [(4, 16)]


@given(st.text(max_size=80), st.text("abé", min_size=1, max_size=2))
def test_pieces_are_the_whole_text(text, query):
    pieces = marked(text, terms_of(query))
    assert "".join(piece.text for piece in pieces) == text


def test_snippet_shows_the_surroundings_of_the_first_hit():
    text = "word " * 40 + "the heron " + "more " * 60
    pieces = snippet(text, ["heron"])
    assert [piece.text for piece in pieces if piece.hit] == ["heron"]
    assert (pieces[0].text, pieces[-1].text) == ("…", "…")
    assert 100 < sum(len(piece.text) for piece in pieces) < 250


def test_snippet_of_a_text_without_a_hit_is_nothing():
    assert snippet("the heron", ["stork"]) == []
