"""No table that leaves computes anything, and what comes back reads as it was."""

import csv
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import supervision
from supervision.domain.csv_files import csv_file, guarded, unguarded
from supervision.domain.importing.tables import COLUMNS, Row, read_table, written

FORMULAS = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\tx", "\nx"),
    *("\uff1d1", "\uff0b1", "\uff0d1", "\uff20x", "\ufe63 1", "\ufe661"),
    *(" =1", "\u00a0=1", "'=1", '"=1', "'' \" =1", "\ufeff=1", "\u200b=1", "\v=1"),
)
WORDS = ("", "a=b", "1-2", "'tis", "ana@example.org", "\u2212 a minus", "\u2013 a dash", "5", '"')
signs = st.sampled_from("=+-@'\"; ,\uff1d\uff0dab\n\t\r")


def rows_of(body: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(body.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_is_defused_and_comes_back(text: str) -> None:
    assert guarded(text) == "'" + text
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", WORDS)
def test_words_are_left_alone(text: str) -> None:
    assert (guarded(text), unguarded(text)) == (text, text)


@given(st.text(signs) | st.text())
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_numbers_of_ours_stay_numbers_and_what_is_said_stays_text() -> None:
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    made = csv_file(["=head", "b"], [(-5, "-5"), (-0.5, None), (at, at.date()), (Decimal(-1), "a")])
    assert made.startswith(b"\xef\xbb\xbf'=head,b\r\n")
    assert rows_of(made)[1:] == [
        ["-5", "'-5"],
        ["-0.5", ""],
        ["2026-11-23T09:00:00+00:00", date(2026, 11, 23).isoformat()],
        ["'-1", "a"],
    ]


cells = st.text(signs, min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.lists(st.fixed_dictionaries({"title": cells, "kind": cells, "members": cells}), min_size=1)
)
def test_file_to_be_corrected_reads_back_to_the_same_words(said: list[dict[str, str]]) -> None:
    rows = tuple(Row(number, one) for number, one in enumerate(said, 2))
    body = written([name for name in COLUMNS if name in said[0]], rows)
    assert [row.cells for row in read_table(body).rows] == said
    begins = {cell[:1] for row in rows_of(body) for cell in row}
    assert begins & set("=+-@\t\uff1d\uff0d") == set()


def test_no_other_module_writes_tables() -> None:
    package = Path(supervision.__file__).parent
    writes = re.compile(r"csv\.(writer|DictWriter)|from csv import")
    found = [one for one in package.rglob("*.py") if writes.search(one.read_text(encoding="utf-8"))]
    assert [one.relative_to(package).as_posix() for one in found] == ["domain/csv_files.py"]
