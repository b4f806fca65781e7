"""Normalising: as the standard library does, in time that grows with the text and no faster."""

import re
import time
import unicodedata
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.folding import MOST_MARKS, Form, can_be_normalised, normalised
from supervision.domain.reflections.searching import fold
from supervision.domain.vault import KdfParams, kdf
from supervision.errors import Invalid
from tests.domain.vault_cast import ALICE

SOURCE = Path(__file__).parents[2] / "supervision"
FORMS = st.sampled_from(get_args(Form))
LATE = "\u0316"  # sorts before those above
# Each hangs on the letter before it, comes apart into such, or grows in other ways.
HEAVY = [
    "\u0300" + LATE,
    "\u0344" + LATE,
    "\u0f81" + LATE,
    "\uff9e" + LATE,
    "\u0345" + LATE,
    "a" + "\u0300" + LATE,
    "\u0390",
    "\ufdfa",
    "\uac01",
    "\u1100\u1161\u11a8",
]


@given(FORMS, st.text(max_size=300))
def test_texts_without_long_runs_are_normalised_as_ever(form, text):
    assert normalised(form, text) == unicodedata.normalize(form, text)


@given(FORMS, st.lists(st.sampled_from([*"ab ", *HEAVY]), max_size=MOST_MARKS // 2).map("".join))
def test_marks_of_every_kind_within_the_bound_are_normalised_as_ever(form, text):
    assert normalised(form, text) == unicodedata.normalize(form, text)


def test_marks_beyond_the_bound_are_left_out():
    run = "\u0300" * MOST_MARKS
    assert can_be_normalised("a" + run)
    assert not can_be_normalised("a" + run + LATE)
    assert normalised("NFD", "a" + run + LATE * 9 + "b" + LATE) == "a" + run + "b" + LATE


def _seconds(act, text):
    """CPU of this thread: the least of three."""
    took = []
    for _round in range(3):
        begun = time.thread_time()
        act(text)
        took.append(time.thread_time() - begun)
    return min(took)


@pytest.mark.parametrize("sign", HEAVY)
@pytest.mark.parametrize("act", [fold, lambda text: normalised("NFKC", text)])
def test_twice_the_text_takes_twice_the_time(act, sign):
    text = sign * (4_000 // len(sign)) + LATE * 4_000
    assert _seconds(act, text * 2) < 3 * _seconds(act, text) + 0.01


PASSPHRASE_OF_MARKS = "a" + "\u0300" * 50 + LATE * 50


@pytest.mark.parametrize(
    ("passphrase", "words"),
    [
        ("x" * 201, "Keep this to %(max)s characters."),
        ("a" + "\u0300" * 40_000 + LATE * 40_000, "Keep this to %(max)s characters."),
        (PASSPHRASE_OF_MARKS, "There are too many accents on one letter."),
    ],
)
def test_a_passphrase_that_nobody_types_is_refused_before_it_is_stretched(passphrase, words):
    costs = KdfParams(19 * 1024, 2, 1)
    begun = time.thread_time()
    with pytest.raises(Invalid, match=words.replace("(", r"\(").replace(")", r"\)")):
        vault.stretch(passphrase, ALICE, bytes(16), costs)
    with pytest.raises(Invalid):
        kdf.stretch_alone(passphrase, bytes(16), costs)
    with pytest.raises(Invalid):
        vault.stretch_nobody(passphrase, costs)
    assert time.thread_time() - begun < 2


def test_a_recovery_code_that_nobody_types_is_refused_before_it_is_read():
    begun = time.thread_time()
    with pytest.raises(vault.BadCode, match="length"):
        vault.open_recovery_slot(b"", "0" + "\u0300" * 40_000 + LATE * 40_000, ALICE)
    assert time.thread_time() - begun < 2


def test_nothing_else_normalises():
    """One place, since a run of marks is bounded there."""
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(r"\bnormalize\b", path.read_text())
    }
    assert found == {"domain/folding.py"}
