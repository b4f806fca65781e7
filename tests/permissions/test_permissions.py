"""Each address by each method as each of ten people: what they get, see, are offered and change."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.permissions.asking import Asker, Outcome, asking
from tests.permissions.table import CLOSED, ELSEWHERE, ROWS, Row
from tests.permissions.told import TOLD, told
from tests.permissions.world import WHO
from tests.support.databases import Engines

UNSEEN = Path(__file__).parent / "unseen.txt"
MOST_UNSEEN = 0
ADDRESSES = sorted({row.endpoint for row in ROWS})


@pytest.fixture(scope="module")
def asker(engines: Engines) -> Iterator[Asker]:
    with asking(engines) as made:
        yield made


def rows_of(endpoint: str) -> list[Row]:
    return [row for row in ROWS if row.endpoint == endpoint]


def test_every_address_and_method_has_a_row(asker: Asker) -> None:
    programs = {"OPTIONS", "HEAD", "PROPFIND", "REPORT"}
    routes = {
        (method, rule.endpoint)
        for rule in asker.rules.values()
        for method in (rule.methods or set()) - programs
        if rule.endpoint not in ELSEWHERE
    }
    assert {(row.method, row.endpoint) for row in ROWS} == routes


def test_every_address_is_open_to_somebody() -> None:
    """Or nobody would notice that it is closed to the others."""
    asked = {(row.method, row.endpoint) for row in ROWS if row.endpoint not in CLOSED}
    opened = {(row.method, row.endpoint) for row in ROWS if row.allowed}
    assert asked - opened == set()


def test_every_row_is_named_once() -> None:
    names = [row.name for row in ROWS]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("endpoint", ADDRESSES)
def test_answers_are_those_of_the_table(asker: Asker, endpoint: str) -> None:
    """And what is not for somebody is, to the byte, as what does not exist."""
    wrong: list[tuple[str, str, int, object]] = []
    outcomes: dict[tuple[Row, str], tuple[Outcome, str]] = {}
    for row in rows_of(endpoint):
        for who in WHO:
            outcomes[row, who] = outcome, page = asker.ask(row, who)
            if outcome.status != row.status_for(who):
                wrong.append((row.name, who, row.status_for(who), outcome.status))
            elif outcome.status == 404 and row.thing and (outcome, page) != asker.nothing(row, who):
                wrong.append((row.name, who, 404, "not as what does not exist"))
    assert wrong == []
    now = [line for row in rows_of(endpoint) for line in told(row, outcomes)]
    assert now == kept()[endpoint]


def kept() -> dict[str, list[str]]:
    """What was told of each address when `python -m tests.permissions.told` was last run."""
    found: dict[str, list[str]] = defaultdict(list)
    endpoint = ""
    for line in TOLD.read_text(encoding="utf-8").splitlines():
        endpoint = endpoint if line.startswith(" ") else line.split()[1]
        found[endpoint].append(line)
    return found


# -- the table itself is tested by taking checks away -------------------------------------------
