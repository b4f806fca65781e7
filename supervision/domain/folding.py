"""Unicode normalisation in linear time, and the only place that normalises.

CPython orders combining marks by insertion: a run of n marks takes n² steps, without giving way to
other threads (python/cpython issue 149079; mended in 2026, but 3.11 and later are taken here). So
runs of marks are bounded first. No language needs more than a handful on one letter.
"""

from itertools import groupby
from typing import Literal
from unicodedata import combining, normalize

MOST_MARKS = 30
Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def _marks_in(text: str) -> set[str]:
    """The signs of a text that hang on the one before, or come apart into such signs alone."""
    return {sign for sign in set(text) if combining(normalize("NFKD", sign)[0])}


def can_be_normalised(text: str) -> bool:
    """Whether no letter bears more than MOST_MARKS marks."""
    return cut(text) == text


def cut(text: str) -> str:
    """The text with at most MOST_MARKS marks in a row; what goes beyond is left out."""
    if text.isascii():
        return text
    marks = _marks_in(text)
    if not marks:
        return text
    kept: list[str] = []
    for are_marks, run in groupby(text, marks.__contains__):
        signs = "".join(run)
        kept.append(signs[:MOST_MARKS] if are_marks else signs)
    return "".join(kept)


def normalised(form: Form, text: str) -> str:
    """As `unicodedata.normalize`, once runs of marks are cut: equal to it where there are none."""
    return normalize(form, cut(text))


def without_marks(text: str) -> str:
    """Lower case, compatibility forms taken apart, no accents: ä is a, ß is ss."""
    if text.isascii():
        return text.lower()
    plain = normalised("NFKD", normalised("NFKD", text).casefold())
    marks = [sign for sign in set(plain) if combining(sign)]
    return plain.translate(dict.fromkeys(map(ord, marks))) if marks else plain
