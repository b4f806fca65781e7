"""How strong a passphrase is, said in bounded time whatever is typed."""

import random
import time

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zxcvbn import matching

from supervision.web import passphrases
from supervision.web.passphrases import strength

LEET = "4@8({[<3691!|70$5+%2"
HEIDI = ["heidi.holm@example.org", "Heidi Holm"]
GOOD = "seven quiet herons wading"


def ways(text: str) -> int:
    """In how many ways zxcvbn reads a text."""
    table = matching.relevant_l33t_subtable(text, matching.L33T_TABLE)
    return len(matching.enumerate_l33t_subs(table))


@given(st.text(LEET, max_size=40))
def test_signs_are_read_in_few_ways(text: str) -> None:
    assert ways(passphrases._readable(text)) <= 12


def test_signs_as_they_come_are_read_in_hundreds_of_ways() -> None:
    """The broken twin."""
    assert ways(LEET) > 500


@given(st.text(st.sampled_from("0123456789abcXYZ!?-_ ") | st.characters(), max_size=40))
def test_text_of_few_signs_is_judged_as_it_is(text: str) -> None:
    if passphrases._readings(text) <= passphrases.MOST_READINGS:
        assert passphrases._readable(text) == text


def hostile(number: int) -> str:
    """Signs, words, halves that repeat, dates, keys that lie together, in any case."""
    pick = random.Random(number)
    words = list(matching.RANKED_DICTIONARIES["passwords"])[:2_000]
    pieces = [
        "".join(pick.choice(LEET) for _ in range(pick.choice([1, 2, 10, 19, 20]))),
        "".join(pick.choice(words) for _ in range(8)),
        "".join(pick.choice("0123456789/.- ") for _ in range(40)),
        "".join(pick.choice("qwertyuiop!@#$%^&*()") for _ in range(40)),
        LEET[number % 20 :] + LEET,
    ]
    text = pick.choice(pieces)
    text = "".join(sign.upper() if pick.random() < 0.3 else sign for sign in text)
    return (text * 40)[:200]


@pytest.fixture
def judge(app: Flask):
    """CPU seconds that a judgement takes, once the lists are there."""

    def took(text: str, known: list[str]) -> float:
        begun = time.thread_time()
        strength(text, known)
        return time.thread_time() - begun

    with app.test_request_context():
        strength(GOOD, [])
        yield took


def test_judge_takes_no_longer_for_what_is_made_to_be_slow(judge) -> None:
    usual = min(judge(GOOD * 2, HEIDI) for _time in range(5))
    slow = [hostile(number) for number in range(60)]
    assert max(min(judge(text, HEIDI) for _time in range(2)) for text in slow) < 12 * usual + 0.05


def test_judge_takes_no_longer_for_endless_names(judge) -> None:
    endless = ["a.b.c@example.org " * 20_000, "An Li " * 50_000]
    assert judge(GOOD, endless) < 12 * judge(GOOD, HEIDI) + 0.05


@pytest.mark.parametrize(
    ("passphrase", "known", "good"),
    [
        (GOOD, HEIDI, True),
        ("Heidi saw seven purple cats dance", HEIDI, True),
        ("violet lantern parade seven", ["bo@x.org", "Li An"], True),
        ("x7$Kq!2m@9Vp#4z", HEIDI, True),
        ("Heidi Holm Heidi", HEIDI, False),
        ("Heidi Holm Heidi", [], True),
        ("heidiholmheidiholm", HEIDI, False),
        ("H31di-H0lm-He!di 1987", HEIDI, False),
        ("heidi.holm@example.org", HEIDI, False),
        ("Jürgen Müller Jürgen", ["j@x.org", "Jürgen Müller"], False),
        ("Jurgen Muller Jurgen", ["j@x.org", "Jürgen Müller"], False),
        ("Li An Li An Li An", ["li@x.org", "An Li"], False),
        ("12345678901234567890", [], False),
        ("p@ssw0rdp@ssw0rd", [], False),
        ("aaaaaaaaaaaaaaaaaaaa", [], False),
    ],
)
def test_passphrase_is_judged_without_its_owner_s_words(
    app: Flask, passphrase: str, known: list[str], good: bool
) -> None:
    with app.test_request_context():
        assert strength(passphrase, known).good is good


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(min_size=12, max_size=210), st.lists(st.text(max_size=60), max_size=2))
def test_any_text_is_judged(app: Flask, text: str, known: list[str]) -> None:
    with app.test_request_context():
        assert strength(text, known).score in range(5)
