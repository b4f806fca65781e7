"""The promises in docs/threat-model.md name tests that there are, and each names one at least."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "threat-model.md"


def promises() -> dict[str, list[str]]:
    """Each promise with the tests that fail when it is broken."""
    row = r"^\| (?!promise|put back|-)(.+?) \| (.+?) \|$"
    rows = re.findall(row, PAGE.read_text(), re.MULTILINE)
    return {promise: re.findall(r"`(test_\w+)`", tests) for promise, tests in rows}


def test_every_promise_names_a_test() -> None:
    found = promises()
    assert len(found) >= 20
    assert [promise for promise, tests in found.items() if not tests] == []


def test_every_named_test_is_there() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE))
    named = {name for tests in promises().values() for name in tests}
    assert named - there == set()


def test_what_is_not_promised_is_said() -> None:
    _, _, rest = PAGE.read_text().partition("\n## What is not promised\n")
    assert len(re.findall(r"^- \*\*", rest, re.MULTILINE)) >= 5
