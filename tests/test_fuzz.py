"""Odd requests to every route: none is answered with a fault, none takes long.

A small run is part of the suite, in four of one seed each, so that processes can share it.
`FUZZ=20000 FUZZ_SEED=7` makes a long one, of seeds from another on.
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
RUNS = 4
LONGEST = 1.0


@pytest.mark.parametrize("seed", range(SEED, SEED + RUNS))
def test_odd_requests_to_every_route_are_no_faults(
    app: Flask,
    new_client: Any,
    clock: time_machine.Traveller,
    capsys: pytest.CaptureFixture[str],
    seed: int,
) -> None:
    with fuzzing.world(app, new_client) as place:
        answers = list(fuzzing.ask(place, seed, WANTED // RUNS))
    slowest = sorted(answers, key=lambda one: -one.cpu)[:5]
    with capsys.disabled():
        sys.stdout.writelines(f"{line}\n" for line in told(seed, answers, slowest))
    faults = [f"{one.faults}\n  {one.said}" for one in answers if one.status >= 500]
    assert "\n".join(faults) == ""
    assert [one.said for one in slowest if one.cpu > LONGEST] == []


def told(seed: int, answers: list[Answered], slowest: list[Answered]) -> Iterator[str]:
    """The seed, the answers by status, the slowest requests and the slowest refusal."""
    routes = len({one.endpoint for one in answers})
    yield f"\nseed {seed}: {len(answers)} requests to {routes} routes"
    yield str(sorted(Counter(one.status for one in answers).items()))
    refusals = (one for one in answers if one.status in {422, 429})
    for one in [*slowest, *sorted(refusals, key=lambda one: -one.cpu)[:3]]:
        yield f"{one.cpu:.2f} s of CPU, {one.status}: {one.said[:400]}"
