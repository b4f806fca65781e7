"""Tables that leave (CSV, RFC 4180), whose words no spreadsheet takes for a formula."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date
from io import StringIO

from supervision.domain.folding import normalised

# What a spreadsheet begins to compute at, also in the wide forms of East Asian keyboards, once it
# has dropped what stands before it.
STARTS = frozenset("=+-@")
_BEFORE = re.compile(r"[\s'\"\ufeff\u200b-\u200d\u2060]*")
_BREAKS = ("\t", "\r", "\n")
GUARD = "'"


def csv_file(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table in UTF-8, with the mark by which spreadsheets know that, and CRLF.

    Numbers stay what they are, and None is nothing; instants and days are ISO 8601; all else is
    text. Titles are other people's words: what could be a formula gets an apostrophe before it.
    """
    out = StringIO(newline="")
    table = csv.writer(out)
    table.writerow(map(_cell, head))
    table.writerows(map(_cell, row) for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    return guarded(value.isoformat() if isinstance(value, date) else str(value))


def guarded(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet could compute."""
    return GUARD + text if _may_compute(text) else text


def unguarded(text: str) -> str:
    """What was guarded; any other text as it is."""
    bare = text.removeprefix(GUARD)
    return bare if bare != text and _may_compute(bare) else text


def _may_compute(text: str) -> bool:
    first = text[_BEFORE.match(text).end() :][:1]  # type: ignore[union-attr] # matches nothing too
    # A guard changes nothing here, or what came back could not be told from what was guarded.
    breaks = text.lstrip(GUARD).startswith(_BREAKS)
    return breaks or bool(STARTS & set(normalised("NFKC", first)))
