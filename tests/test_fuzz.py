"""Odd requests to every route: none is answered with a fault, none takes long.

A small run is part of the suite. `FUZZ=20000 FUZZ_SEED=7` makes a long one, of another seed.
"""

import os
from collections import Counter
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.support import fuzzing

WANTED = int(os.environ.get("FUZZ", "1500"))
SEED = int(os.environ.get("FUZZ_SEED", "13"))
LONGEST = 1.0


def test_odd_requests_to_every_route_are_no_faults(
    app: Flask, new_client: Any, clock: time_machine.Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    place = fuzzing.world(app, new_client)
    answers = list(fuzzing.ask(place, SEED, WANTED))
    slowest = sorted(answers, key=lambda one: -one.cpu)[:5]
    with capsys.disabled():
        print(f"\nseed {SEED}: {len(answers)} requests to {len({a.endpoint for a in answers})}")
        print(sorted(Counter(one.status for one in answers).items()))
        for one in slowest:
            print(f"{one.cpu:.2f} s  {one.status}  {one.said}")
    faults = [f"{one.faults}\n  {one.said}" for one in answers if one.status >= 500]
    assert "\n".join(faults) == ""
    assert [one.said for one in slowest if one.cpu > LONGEST] == []
