"""Each address by each method as each of ten people: what they get, see, are offered and change."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.permissions import mutants
from tests.permissions.asking import Asker, Outcome, asking
from tests.permissions.table import CLOSED, ELSEWHERE, ROWS, Row
from tests.permissions.told import TOLD, told
from tests.permissions.world import PEOPLE, WHO
from tests.support.databases import Engines

UNSEEN = Path(__file__).parent / "unseen.txt"
MOST_UNSEEN = 63
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


def test_session_that_is_not_there_for_somebody_is_refused_in_no_other_way(asker: Asker) -> None:
    """Whoever gets no page of a session gets 404 wherever else its id stands in an address."""
    pages = {row.thing: row for row in ROWS if row.endpoint == "sessions.show"}
    told_otherwise = [
        (row.name, who)
        for row in ROWS
        if "session_id" in asker.arguments_of(row)
        for who in PEOPLE
        if pages[row.thing.split("/")[0]].status_for(who) == 404 != row.status_for(who)
    ]
    assert told_otherwise == []


INNER = {"membership_id": "theirs/hers", "person_id": "theirs/hers"}


def test_argument_of_another_roster_is_as_one_of_nothing(asker: Asker) -> None:
    """`/rosters/<mine>/members/<theirs>/…`: the inner thing has to belong to the outer one."""
    wrong, tried = [], set()
    for row in ROWS:
        if len(asker.arguments_of(row)) < 2:
            continue
        (inner,) = asker.arguments_of(row) & set(INNER)
        theirs = asker.world.things[INNER[inner]][inner]
        if asker.world.things[row.thing][inner] == theirs:
            continue
        tried.add((row.method, row.endpoint))
        for who in WHO:
            outcome, page = asker.mixed(row, who, inner, theirs)
            if (outcome, page) != asker.mixed(row, who, inner, str(uuid4())):
                wrong.append((row.name, who, outcome))
    assert (wrong, len(tried)) == ([], 6)


def kept() -> dict[str, list[str]]:
    """What was told of each address when `python -m tests.permissions.told` was last run."""
    found: dict[str, list[str]] = defaultdict(list)
    endpoint = ""
    for line in TOLD.read_text(encoding="utf-8").splitlines():
        endpoint = endpoint if line.startswith(" ") else line.split()[1]
        found[endpoint].append(line)
    return found


# -- the table itself is tested by taking checks away -------------------------------------------
# One of each kind and area; `python -m tests.permissions.mutants` takes out all of them.
TAKEN_OUT = [
    ("permissions.py", "can_see_session", "rule", "GET sessions.show some", "fellow"),
    ("permissions.py", "can_run_roster", "rule", "GET rosters.edit group", "member"),
    ("permissions.py", "can_take_part", "part", "GET polls.show poll", "former"),
    (
        "services/series/rows.py",
        "known_series",
        "guard",
        "GET sessions.extend_form series",
        "other",
    ),
    ("services/places.py", "roster_of", "guard", "GET booking.move_form some", "fellow"),
    ("services/places.py", "_PLACE", "owner", "GET rosters.show group", "stranger"),
    (
        "services/attendance/reading.py",
        "seen_session",
        "guard",
        "GET attendance.sheet held some",
        "fellow",
    ),
    (
        "services/rosters/members.py",
        "remove_member",
        "part",
        "POST rosters.remove group/hers",
        "lead",
    ),
    ("services/notes/rows.py", "find", "guard", "GET notes.edit note", "lead"),
    ("services/notes/waiting.py", "_own", "part", "POST notes.discard draft", "lead"),
    ("services/notes/links.py", "session_refs", "owner", "GET notes.new about some", "fellow"),
    ("services/sharing/rows.py", "owned", "owner", "POST sharing.revoke share", "fellow"),
    ("services/feeds/subscriptions.py", "own", "part", "POST feeds.reset feed", "lead"),
    ("services/devices.py", "_own", "part", "POST devices.sign_out sign-in", "lead"),
    # Values that are made when the file is imported, and one that is remembered, are made anew.
    ("services/feeds/rows.py", "_active", "owner", "GET feeds.read feed", "lead"),
    ("services/feeds/rows.py", "_versions", "owner", "GET feeds.read feed", "lead"),
    ("services/polls/board.py", "seen_poll", "guard", "GET polls.show poll", "stranger"),
    ("services/leave.py", "withdraw_leave", "part", "POST leave.withdraw leave", "lead"),
]


@pytest.mark.parametrize(("path", "function", "kind", "name", "who"), TAKEN_OUT)
def test_check_that_is_taken_out_is_seen(
    asker: Asker, path: str, function: str, kind: str, name: str, who: str
) -> None:
    row = next(row for row in ROWS if row.name == name)
    before = asker.ask(row, who)
    seen = False
    for check in mutants.all_checks(asker.app):
        if (check.path, check.function, check.kind) == (f"supervision/{path}", function, kind):
            with mutants.without(asker.app, check):
                seen = seen or asker.ask(row, who)[0] != before[0]
    assert seen
    assert asker.ask(row, who) == before


def test_view_that_demands_nobody_is_seen(asker: Asker) -> None:
    """Whoever has not signed in is let through to a view that expects somebody."""
    rows = {row.endpoint: row for row in ROWS}
    unseen = []
    for check in mutants.views(asker.app):
        before = asker.ask(rows[check.function], "nobody")[0]
        with mutants.without(asker.app, check):
            if asker.ask(rows[check.function], "nobody")[0] == before:
                unseen.append(check.function)
    assert unseen == []


def test_checks_that_no_row_can_see_are_there_and_become_no_more(asker: Asker) -> None:
    """Each with the reason for which it may stand."""
    lines = UNSEEN.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    known = {str(check) for check in mutants.all_checks(asker.app)}
    assert (set(named) - known, len(named)) == (set(), MOST_UNSEEN)
