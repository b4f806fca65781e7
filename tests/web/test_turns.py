"""Turns at reading files: one a person, one a process, two on the machine, never lost."""

import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.exceptions import TooManyRequests

from supervision.web import turns
from tests.support.databases import settings_for

ALICE, BOB, CAROL = (UUID(int=number) for number in (1, 2, 3))


@pytest.fixture
def small(tmp_path: Path) -> Flask:
    app = Flask("small")
    app.extensions["settings"] = settings_for(tmp_path / "instance", "sqlite:///:memory:")
    return app


def granted(app: Flask, who: UUID) -> bool:
    with app.app_context():
        try:
            with turns.turn(who):
                return True
        except TooManyRequests:
            return False


def _hold(app: Flask, who: UUID, tell: Connection) -> None:
    with app.app_context():
        try:
            with turns.turn(who):
                tell.send(True)
                tell.recv()
        except TooManyRequests:
            tell.send(False)


Elsewhere = Callable[[UUID], tuple[bool, Callable[[], None]]]


@pytest.fixture
def elsewhere(small: Flask) -> Iterator[Elsewhere]:
    """Somebody's turn in another process: whether it was had, and how that process is killed."""
    fork, children = get_context("fork"), []

    def begin(who: UUID) -> tuple[bool, Callable[[], None]]:
        here, there = fork.Pipe()
        child = fork.Process(target=_hold, args=(small, who, there))
        child.start()
        children.append(child)

        def kill() -> None:
            os.kill(child.pid or 0, signal.SIGKILL)
            child.join()

        return here.recv(), kill

    yield begin
    for child in children:
        child.kill()
        child.join()


def test_turn_ends_with_its_block_whatever_happens_in_it(small: Flask) -> None:
    with small.app_context(), pytest.raises(ZeroDivisionError), turns.turn(ALICE):
        raise ZeroDivisionError
    assert granted(small, ALICE)


def test_process_reads_one_at_a_time_so_that_its_other_threads_serve_pages(small: Flask) -> None:
    with small.app_context(), turns.turn(ALICE):
        assert (granted(small, BOB), granted(small, ALICE)) == (False, False)
    assert granted(small, BOB)


def test_person_has_one_turn_on_the_machine_and_others_have_theirs(
    small: Flask, elsewhere: Elsewhere
) -> None:
    assert elsewhere(ALICE)[0]
    assert (granted(small, ALICE), granted(small, BOB)) == (False, True)


def test_machine_has_two_turns(small: Flask, elsewhere: Elsewhere) -> None:
    assert (elsewhere(ALICE)[0], elsewhere(BOB)[0]) == (True, True)
    assert (elsewhere(CAROL)[0], granted(small, CAROL)) == (False, False)


def test_turn_of_a_process_that_was_killed_is_free(small: Flask, elsewhere: Elsewhere) -> None:
    had, kill = elsewhere(ALICE)
    assert (had, granted(small, ALICE)) == (True, False)
    kill()
    assert granted(small, ALICE)
