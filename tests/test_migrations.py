"""The migrated schema is the models' schema, and each step goes up and down with data in it."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from supervision.db import db
from supervision.models import guards
from supervision.services import health
from tests import factories

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
