"""The table of attacks in docs/attacks.md names tests that there are, and leaves none out."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRIED = {*range(1, 51)}
# What only a real browser can try; its control is the text that is there before the lock.
WITHOUT_TWIN = {17, 32, 37}


def rows() -> dict[int, tuple[list[str], list[str]]]:
    """For each number: the tests in which the attack fails, and those in which it succeeds."""
    found = {}
    for line in (ROOT / "docs" / "attacks.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].isdigit():
            fails, succeeds = (re.findall(r"`(\w+)`", cell) for cell in cells[2:4])
            found[int(cells[0])] = (fails, succeeds)
    return found


def test_every_attack_has_a_test_and_a_control() -> None:
    table = rows()
    assert set(table) == TRIED
    assert [number for number, (fails, _) in table.items() if not fails] == []
    bare = {number for number, (_, succeeds) in table.items() if not succeeds}
    assert bare == WITHOUT_TWIN


def test_every_named_test_is_there() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)", source, re.MULTILINE))
    named = {name for both in rows().values() for names in both for name in names}
    assert named - there == set()
