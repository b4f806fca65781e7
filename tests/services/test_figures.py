"""Figures out of sealed reflections, on both databases."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from supervision.db import db
from supervision.domain.reflections import Words
from supervision.models.notes import NoteRevision
from supervision.services import notes
from supervision.services.figures import figures_of
from supervision.services.notes import Edit
from tests import factories
from tests.support.statements import counted
from tests.support.vaults import furnish

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def bob(app, clock):
    return factories.person("bob")


@pytest.fixture
def keys(bob):
    return furnish(bob)


def write(bob, keys, at, *each):
    """A note with a revision for each set of fields."""
    note_id = uuid4()
    for base, fields in enumerate(each):
        words = Words("cft", "A day", {"reflection": f"{base}", **fields})
        notes.save_note(bob, at, keys, Edit(note_id, uuid4(), base), words)
    return note_id


def test_latest_state_of_each_reflection_counts(bob, keys):
    write(bob, keys, AT, {"threat_me": 9}, {"threat_me": 5}, {"threat_me": 2, "practice": "Breath"})
    found = figures_of(bob, AT, keys)
    assert [(one.threat, one.on) for one in found.systems["me"]] == [(2, AT.date())]
    assert set(found.systems) == {"me"}
    assert (found.weeks[-1].written, found.weeks[-1].practised) == (1, 1)


def test_deleted_old_and_unreadable_ones_do_not_count(bob, keys):
    gone = write(bob, keys, AT, {"threat_me": 1})
    write(bob, keys, AT - 200 * DAY, {"threat_me": 1})
    lost = write(bob, keys, AT, {"threat_me": 1})
    notes.delete_note(bob, AT, keys, gone)
    db.session.execute(
        update(NoteRevision).where(NoteRevision.note_id == lost).values(wrap=bytes(200))
    )
    found = figures_of(bob, AT, keys)
    assert (found.is_empty, found.systems) == (True, {})


def test_figures_take_one_statement_however_much_was_written(bob, keys):
    for days in range(30):
        write(bob, keys, AT - days * DAY, {"threat_me": 5}, {"threat_me": 6})
    with counted() as seen:
        found = figures_of(bob, AT, keys)
    assert (len(seen), len(found.systems["me"])) == (1, 30)
