"""Rounds: what is done once in a while, by one of many."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from supervision.db import db
from supervision.services import rounds

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def take(at: datetime) -> datetime | None:
    found = rounds.take("x", at, HOUR)
    db.session.commit()
    return found


def test_round_is_taken_once_and_goes_on_from_where_it_was(app: Flask) -> None:
    assert rounds.is_due("x", AT)
    assert (take(AT), take(AT)) == (AT, None)
    late = AT + timedelta(hours=3)
    assert [rounds.is_due("x", at) for at in (late - 3 * HOUR, AT + HOUR, late)] == [
        False,
        True,
        True,
    ]
    assert (take(late), take(late + HOUR)) == (AT, late)


def test_round_that_was_undone_is_due_as_before(app: Flask) -> None:
    take(AT)
    rounds.take("x", AT + HOUR, HOUR)
    db.session.rollback()
    assert take(AT + HOUR) == AT


def test_round_can_be_put_off(app: Flask) -> None:
    take(AT)
    rounds.put_off("x", AT + 5 * HOUR)
    db.session.commit()
    assert (take(AT + 5 * HOUR - timedelta(seconds=1)), take(AT + 5 * HOUR)) == (None, AT)


@pytest.mark.engines("postgresql")
def test_round_that_somebody_is_at_is_not_waited_for(app: Flask) -> None:
    take(AT)
    with db.engine.begin() as other:
        other.execute(text("SELECT 1 FROM round WHERE name = 'x' FOR UPDATE"))
        assert rounds.take("x", AT + HOUR, HOUR) is None
        db.session.rollback()
    assert take(AT + HOUR) == AT
