"""`bin/bench [NAME…] [--seconds N]`: measure, print a table, write JSON to bench/results/."""

import argparse
import json
import os
import platform
import sqlite3
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from bench.goals import GOALS, GROUPS, LONG, RESULTS
from bench.measure import Row
from bench.stage import Stage
from supervision import clock

LIBRARIES = ("Flask", "SQLAlchemy", "granian", "cryptography", "icalendar")


def main() -> int:
    """0 when every goal that was measured is met, else 1."""
    parser = argparse.ArgumentParser(prog="bin/bench", description="What Supervision costs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*GROUPS, *GOALS]))
    parser.add_argument(
        "--seconds",
        type=float,
        default=60,
        help="how long `poll` and `storm` last, which are run by their names alone (60)",
    )
    given = parser.parse_args()
    wanted = given.names or [name for name in GOALS if name not in LONG]
    names = [name for one in wanted for name in GROUPS.get(one, [one])]
    unknown = [name for name in names if name not in GOALS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join([*GROUPS, *GOALS])}")
    stage = Stage(given.seconds)
    try:
        return _run(stage, names)
    finally:
        stage.close()


def _run(stage: Stage, names: list[str]) -> int:
    print("Filling the databases that are needed: 200 rosters, 2,000 people, 50,000 sessions")
    print(f"{'goal':<11} {'case':<24} {'ours':>10} {'beside':>10}  unit        ratio  limit")
    met = True
    for name in names:
        rows = []
        for row in GOALS[name](stage):
            print(_line(row), flush=True)
            rows.append(row)
        met = met and all(row.met is not False for row in rows)
        _write(name, rows, stage)
    print(f"{_machine()}; {', '.join(f'{k} {v}' for k, v in _versions(stage).items())}")
    return 0 if met else 1


def _line(row: Row) -> str:
    sign = "≥" if row.sense == "at least" else "≤"
    limit = f"{sign} {row.limit:g}" if row.limit is not None else ""
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    return (
        f"{row.name:<11} {row.case:<24} {row.ours:>10.3f} {row.beside:>10.3f}  {row.unit:<10}"
        f" {row.ratio:>6.2f}  {limit:<7} {verdict}"
    )


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, {_model()}"


def _model() -> str:
    try:
        with Path("/proc/cpuinfo").open() as file:
            lines = [line for line in file if line.startswith("model name")]
    except OSError:
        return platform.processor()
    return lines[0].partition(":")[2].strip() if lines else platform.machine()


def _versions(stage: Stage) -> dict[str, str]:
    python = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    return python | {name: version(name) for name in LIBRARIES} | stage.versions


def _write(name: str, rows: list[Row], stage: Stage) -> None:
    RESULTS.mkdir(exist_ok=True)
    told = {
        "at": clock.now().isoformat(timespec="seconds"),
        "machine": _machine(),
        "versions": _versions(stage),
        "rows": [asdict(row) | {"met": row.met} for row in rows],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
