"""Odd requests to every route: none is answered with a fault, none takes long.

A small run is part of the suite. `FUZZ=20000 FUZZ_SEED=7` makes a long one, of another seed.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.support import fuzzing
from tests.support.fuzzing import Answered

WANTED = int(os.environ.get("FUZZ", "1500"))
SEED = int(os.environ.get("FUZZ_SEED", "13"))
LONGEST = 1.0


def test_odd_requests_to_every_route_are_no_faults(
    app: Flask, new_client: Any, clock: time_machine.Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    with fuzzing.world(app, new_client) as place:
        answers = list(fuzzing.ask(place, SEED, WANTED))
    slowest = sorted(answers, key=lambda one: -one.cpu)[:5]
    with capsys.disabled():
        sys.stdout.writelines(f"{line}\n" for line in told(answers, slowest))
    faults = [f"{one.faults}\n  {one.said}" for one in answers if one.status >= 500]
    assert "\n".join(faults) == ""
    assert [one.said for one in slowest if one.cpu > LONGEST] == []


def told(answers: list[Answered], slowest: list[Answered]) -> Iterator[str]:
    """The seed, the answers by status, the slowest requests and the slowest refusal."""
    routes = len({one.endpoint for one in answers})
    yield f"\nseed {SEED}: {len(answers)} requests to {routes} routes"
    yield str(sorted(Counter(one.status for one in answers).items()))
    refusals = (one for one in answers if one.status in {422, 429})
    for one in [*slowest, *sorted(refusals, key=lambda one: -one.cpu)[:3]]:
        yield f"{one.cpu:.2f} s of CPU, {one.status}: {one.said[:400]}"
