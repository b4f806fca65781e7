"""The migrated schema is the models' schema, and each step goes up and down with data in it."""

from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text

from supervision.db import db
from supervision.models import guards
from supervision.models.sharing import Share, ShareOpening
from supervision.services import health
from tests import factories
from tests.support import sharing

both = pytest.mark.engines("sqlite", "postgresql")


@both
def test_migrated_schema_equals_models(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


@both
def test_migrations_go_down_and_up_with_data(app: Flask) -> None:
    factories.house()
    db.session.remove()
    downgrade(revision="base")
    left = set(inspect(db.engine).get_table_names())
    upgrade()
    assert left == {"alembic_version"}
    assert db.session.execute(text("SELECT count(*) FROM person")).scalar() == 0
    factories.house()
    db.session.commit()


@both
def test_openings_from_before_the_chain_get_their_places(app: Flask) -> None:
    place = sharing.opened()
    sharing.compare_all(place)
    share_id = sharing.give(place, sharing.write(place), place.alice, place.carol)
    for who, minutes in ((place.alice, 5), (place.carol, 3), (place.alice, 9)):
        sharing.read(place, who, share_id, sharing.AT + timedelta(minutes=minutes))
    db.session.remove()
    step = ScriptDirectory(str(health.STEPS.parent)).get_revision("0025")
    assert step is not None
    downgrade(revision=str(step.down_revision))
    upgrade()
    rows = db.session.execute(
        select(ShareOpening.place, ShareOpening.reader_id, ShareOpening.mac)
        .order_by(ShareOpening.opened_at)
        .where(ShareOpening.share_id == share_id)
    ).all()
    readers = (place.carol.id, place.alice.id, place.alice.id)
    assert [tuple(row) for row in rows] == [(n, one, b"") for n, one in enumerate(readers, 1)]
    assert db.session.scalars(select(Share.list_number)).all() == [0]


@both
def test_guard_is_in_the_migrated_database(app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
        expected = len(guards.SQLITE_UP)
    else:
        query = "SELECT count(*) FROM pg_constraint WHERE conname = 'ex_claim_overlap'"
        expected = 1
    assert db.session.execute(text(query)).scalar() == expected


def test_revisions_are_those_that_alembic_knows() -> None:
    script = ScriptDirectory(str(health.STEPS.parent))
    steps = [step.revision for step in script.walk_revisions()]
    assert list(health.revisions()) == steps[::-1]
