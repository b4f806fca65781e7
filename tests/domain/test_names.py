"""Likely names and places: what is pointed out, why, and what is left in peace."""

import time

import pytest

from supervision.domain.names import Hit, Why, likely_names


@pytest.mark.parametrize(
    ("text", "piece", "why"),
    [
        ("Then I saw Ludo there.", "Ludo", Why.CAPITAL),
        ("Sarah came late.", "Sarah", Why.GIVEN_NAME),
        ("It was tom's turn, Tom's mother said.", "Tom", Why.GIVEN_NAME),
        ("I rang Mrs Miller again.", "Mrs Miller", Why.HONORIFIC),
        ("Dr. Amara Obi wrote.", "Dr. Amara Obi", Why.HONORIFIC),
        ("born on 3 May 1984, in a small town", "born on 3 May 1984", Why.BIRTH),
        ("(12/04/1986)", "12/04/1986", Why.BIRTH),
        ("since 1986-04-12", "1986-04-12", Why.BIRTH),
        ("on 12 April 1986", "12 April 1986", Why.BIRTH),
        ("he rang 020 7946 0018 at noon", "020 7946 0018", Why.PHONE),
        ("call +44 20 7946 0018", "+44 20 7946 0018", Why.PHONE),
        ("write to m.k@clinic.example, then", "m.k@clinic.example", Why.EMAIL),
        ("near SW1A 1AA they met", "SW1A 1AA", Why.POSTCODE),
        ("in K1A 0B1 they met", "K1A 0B1", Why.POSTCODE),
        ("at 12 Hill Street they met", "12 Hill Street", Why.PLACE),
        ("outside St Mary Hospital", "St Mary Hospital", Why.PLACE),
    ],
)
def test_likely_name_is_found_with_its_reason(text, piece, why):
    assert Hit(piece, why, 1) in likely_names(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "M. looked at the clock. I felt it. Then it passed.",
        "What happened: Nothing much. “Stay,” I thought.",
        "- The first\n- The second\n\n> A quote\n\n1. The third",
        "**The** threat system, in CFT, and the NHS.",
        "On Monday in April I'm tired; I’ve slept 7 hours in 3 nights, 10/10.",
        "Was it 45 minutes? Yes! Fine… It was.",
    ],
)
def test_harmless_text_is_left_in_peace(text):
    assert likely_names(text) == []


def test_each_piece_is_named_once_with_how_often_it_is_there():
    found = likely_names("I met Ludo. Then Ludo left, and Sarah saw Ludo.")
    assert found == [Hit("Ludo", Why.CAPITAL, 3), Hit("Sarah", Why.GIVEN_NAME, 1)]


def test_first_reason_counts_alone():
    assert likely_names("I saw Mrs Sarah Miller.") == [Hit("Mrs Sarah Miller", Why.HONORIFIC, 1)]


TOILSOME = ("a", "A", " 0", "1-", "'A", "Aa ", "a.b@", "Aa Aa", "1a Aa ", "born on 1", "Aastra")


@pytest.mark.parametrize("piece", TOILSOME)
def test_long_text_takes_no_long_time(piece):
    """A hundred thousand letters in about a tenth of a second: no rule toils."""
    text = piece * (100_000 // len(piece))
    before = time.process_time()
    likely_names(text)
    assert time.process_time() - before < 2
