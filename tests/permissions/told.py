"""What pages show and offer, and what forms change, by who asks: kept in `told.txt`.

The table says who gets an answer; this says that it is the right one, so that a list which shows
what is another's is seen. `python -m tests.permissions.told` writes it anew: read the difference.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.permissions.asking import Outcome, asking
from tests.permissions.table import ROWS, Row
from tests.permissions.world import WHO
from tests.support.databases import Engines

TOLD = Path(__file__).parent / "told.txt"


def told(row: Row, outcomes: Mapping[tuple[Row, str], tuple[Outcome, str]]) -> Iterator[str]:
    """The lines of one row: its name, then people with what is told to them."""
    people: dict[str, list[str]] = defaultdict(list)
    for who in WHO:
        outcome, _page = outcomes[row, who]
        if not outcome.refuses and str(outcome):
            people[str(outcome)].append(who)
    if people:
        yield row.name
    for text, who_all in people.items():
        yield f"    {' '.join(who_all)}: {text}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engines = Engines(Path(folder), "told", "told")
        with asking(engines) as asker:
            lines = [
                line
                for row in ROWS
                for line in told(row, {(row, who): asker.ask(row, who) for who in WHO})
            ]
        TOLD.write_text("\n".join(lines) + "\n", encoding="utf-8")
        engines.close()


if __name__ == "__main__":
    main()
