"""Numbers, days and times out of forms and addresses: bounded, whatever stands there."""

import ast
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from supervision.web import typed
from tests.support import hostile

T = TypeVar("T")
HERE = Path(__file__).parents[2] / "supervision"
FARTHEST = ("Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata")
# Read elsewhere, and why that is safe: what comes from our own rows or is only kept as a text.
ELSEWHERE = {
    "blueprints/notes/forms.py": {"DateField", "fromisoformat"},  # a day in a reflection: a text
    "blueprints/polls/forms.py": {"fromisoformat"},  # its range has a sentence of its own
    "blueprints/rosters.py": {"fromisoformat"},  # a row's
    "blueprints/sessions/series.py": {"fromisoformat"},  # a row's
    "web/editing.py": {"int"},  # our own signed word
    "web/fields.py": {"DateField", "IntegerField"},
    "web/forms.py": {"int"},  # a length that the form declares
    "web/front.py": {"int"},  # the server's own: a length that it has read, a status
    "web/hosts.py": {"int"},  # five digits
    "web/limits.py": {"int"},  # a row's
    "web/metrics.py": {"int"},  # a row's
    "web/passphrases.py": {"int"},  # the judge's
    "web/witnessing.py": {"fromisoformat"},  # what our own session carries
    "web/typed.py": {"int", "fromisoformat"},
}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("+7", 7),
        ("-7", -7),
        ("007", 7),
        ("１２", 12),
        ("2147483647", 2**31 - 1),
        ("-2147483647", 1 - 2**31),
        (7, 7),
    ],
)
def test_number_is_read(text: object, number: int) -> None:
    assert typed.number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "2147483648", "9" * 500, "9" * 5000, "0" * 5000, "1e9", "1.0", "NaN", None),
        *("1_0", "0x1", "--1", "+-", "1 2", "²", "①", "\0"),
    ],
)
def test_what_is_no_number_or_too_large_is_refused(text: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is all that is promised
        typed.number(text)


ODD = st.one_of(
    st.text(alphabet="0123456789-+:TZ.W １²\0e_", max_size=40),
    st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat),
    st.sampled_from([one for kind in hostile.KINDS for one in kind]),
)


@given(ODD)
def test_odd_number_is_bounded_or_refused(text: str) -> None:
    found = read(typed.number, text)
    assert found is None or abs(found) <= typed.LARGEST


@given(ODD)
@example("9999-12-31")
@example("0001-01-01")
def test_odd_day_can_be_reckoned_in_every_zone_or_is_refused(text: str) -> None:
    found = read(typed.day, text)
    assert found is None or reckoned(datetime(found.year, found.month, found.day, tzinfo=UTC))


@given(ODD)
@example("9999-12-31T23:59:59-12:00")
@example("0001-01-01T00:00:00+14:00")
def test_odd_instant_can_be_reckoned_in_every_zone_or_is_refused(text: str) -> None:
    found = read(typed.instant, text)
    assert found is None or (found.tzinfo is UTC and reckoned(found))


@given(ODD)
def test_odd_local_time_has_no_zone_and_can_be_reckoned_or_is_refused(text: str) -> None:
    found = read(typed.local_time, text)
    assert found is None or (found.tzinfo is None and reckoned(found.replace(tzinfo=UTC)))


def test_month_is_its_first_day() -> None:
    assert (typed.month("2026-11"), read(typed.month, "9999-12"), read(typed.month, "2026")) == (
        date(2026, 11, 1),
        None,
        None,
    )


def read(parse: Callable[[str], T], text: str) -> T | None:
    try:
        return parse(text)
    except ValueError:
        return None


def reckoned(instant: datetime) -> bool:
    """Whether calendars can be drawn around it: a year on and back, anywhere."""
    year = timedelta(days=366)
    return all(
        (instant + way).astimezone(ZoneInfo(zone)) for zone in FARTHEST for way in (year, -year)
    )


# -- the house's rule ----------------------------------------------------------------------


def readers(source: str) -> Iterator[str]:
    """What makes numbers and times of texts in a module, by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            if name in {"int", "float", "Decimal", "fromisoformat", "strptime"}:
                yield name
            yield from filter(None, map(kind_of, node.keywords))
        if isinstance(node, ast.ImportFrom) and node.module == "wtforms":
            kinds = {"IntegerField", "DecimalField", "FloatField", "DateField", "DateTimeField"}
            yield from kinds & {one.name for one in node.names}


def kind_of(keyword: ast.keyword) -> str | None:
    """The number that `type=int` or `coerce=float` makes."""
    named = keyword.arg in {"type", "coerce"} and isinstance(keyword.value, ast.Name)
    name: str | None = getattr(keyword.value, "id", None) if named else None
    return name if name in {"int", "float"} else None


def test_forms_and_addresses_are_read_as_numbers_and_times_in_one_place() -> None:
    found = {}
    for folder in ("blueprints", "web"):
        for path in sorted((HERE / folder).rglob("*.py")):
            names = set(readers(path.read_text()))
            if names:
                found[str(path.relative_to(HERE))] = names
    assert found == ELSEWHERE


@pytest.mark.parametrize(
    "line",
    [
        'page = request.args.get("page", 1, type=int)',
        "number = int(form.revision.data)",
        "field = SelectField(coerce=int)",
        "day = date.fromisoformat(text)",
        "from wtforms import IntegerField",
    ],
)
def test_rule_sees_a_number_that_is_read_elsewhere(line: str) -> None:
    assert len(list(readers(line))) == 1
