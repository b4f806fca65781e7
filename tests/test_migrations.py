"""The migrated schema is the models' schema, and each step goes up and down with data in it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Uuid, bindparam, inspect, select, text, update

from supervision.db import UTCDateTime, db
from supervision.models import guards
from supervision.models.notes import Vault
from supervision.models.people import Link, Person
from supervision.models.sharing import Share, ShareOpening
from supervision.services import health
from supervision.services.people.links import make_invitation
from tests import factories
from tests.support import sharing

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
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


LINK = (
    "INSERT INTO link"
    " (id, purpose, token_hash, person_id, made_by_id, created_at, expires_at{more})"
    " VALUES (:id, 'invitation', :hash, :person, :maker, :at, :at{values})"
)


def link_row(person: UUID, maker: UUID | None, **more: object) -> UUID:
    """A link as the former schema has it."""
    names = "".join(f", {name}" for name in more)
    statement = text(LINK.format(more=names, values=names.replace(", ", ", :"))).bindparams(
        *(bindparam(name, type_=Uuid()) for name in ("id", "person", "maker")),
        *(bindparam(name, type_=UTCDateTime()) for name in ("at", *more)),
    )
    made = uuid4()
    values = {"id": made, "hash": made.bytes, "person": person, "maker": maker, "at": AT}
    db.session.execute(statement, values | more)
    return made


@both
def test_links_get_the_role_that_their_makers_may_give(app: Flask) -> None:
    """Down and up again around 0024, with people who were invited as organisers before it."""
    house = factories.house()
    boss = factories.person("boss", state="invited", role="organiser")
    db.session.commit()
    downgrade(revision="0023")
    makers = {"dana": house.dana.id, "alice": house.alice.id, "bob": house.bob.id, "none": None}
    made = {name: link_row(boss.id, maker) for name, maker in makers.items()}
    made["used"] = link_row(boss.id, house.dana.id, used_at=AT)
    db.session.commit()
    db.session.remove()
    upgrade()
    found = db.session.execute(select(Link.id, Link.role, Link.revoked_at))
    rows = {row.id: (row.role, row.revoked_at is None) for row in found}
    assert {name: rows[key] for name, key in made.items()} == {
        "dana": ("organiser", True),
        "alice": ("member", False),
        "bob": ("member", False),
        "none": ("organiser", True),
        "used": ("member", True),
    }
    row = select(Person.role).where(Person.id == boss.id)
    up = db.session.scalar(row)
    make_invitation(boss.id, "supervisor", AT, None)
    db.session.commit()
    db.session.remove()
    downgrade(revision="0023")
    left = db.session.execute(text("SELECT count(*) FROM link")).scalar()
    down = db.session.execute(text("SELECT role FROM person WHERE state = 'invited'")).scalar()
    db.session.remove()
    upgrade()
    # Its last link ended the others, and does not open in the former version.
    assert (up, left, down) == ("member", 5, "member")


@both
def test_openings_from_before_the_chain_get_their_places(app: Flask) -> None:
    place = sharing.opened()
    sharing.compare_all(place)
    share_id = sharing.give(place, sharing.write(place), place.alice, place.carol)
    for who, minutes in ((place.alice, 5), (place.carol, 3), (place.alice, 69)):
        sharing.read(place, who, share_id, sharing.AT + timedelta(minutes=minutes))
    db.session.remove()
    with pytest.raises(SystemExit):
        downgrade(revision="0024")
    assert health.schema() is health.Schema.CURRENT
    db.session.execute(update(Vault).values(shares=None))  # as if nobody had unlocked since
    db.session.commit()
    db.session.remove()
    downgrade(revision="0024")
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
