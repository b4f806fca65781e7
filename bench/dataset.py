"""The community that is measured: 200 rosters, 2,000 people, 50,000 sessions in 24 years.

Alice supervises all of it: 40 sessions of 50 minutes in every week, each with ten members. Two
people with feeds of exactly 200 and 2,000 sessions stand beside her.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, insert, select, text

from supervision import clock
from supervision.db import db, writing
from supervision.domain import vault
from supervision.models.feeds import FeedSubscription, Privacy, Scope
from supervision.models.people import Person, PersonState, Role
from supervision.models.rosters import Kind, MemberRole, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session
from supervision.services import sign_ins
from supervision.services import vault as vaults
from supervision.services.feeds.subscriptions import token_hash

ROSTERS, MEMBERS, SESSIONS = 200, 10, 50_000
A_DAY, A_WEEK = 8, 40
LENGTH = timedelta(minutes=50)
PASSPHRASE = "a calm and steady bench"
ALICE = "alice@bench.example"
BATCH = 5_000


@dataclass(frozen=True)
class Cast:
    """Whom and what the benchmarks ask for.

    `alone` has one roster and one session. Feed tokens are by the number of their sessions.
    """

    alice: UUID
    rosters: tuple[UUID, ...]
    alone: UUID
    her_roster: UUID
    feeds: dict[int, str]


def build(app: Flask) -> Cast:
    """Migrate an empty database and fill it. Takes a minute or so."""
    with app.app_context():
        upgrade()
        with writing():
            if db.engine.dialect.name == "sqlite":
                db.session.execute(text("PRAGMA cache_size = -500000"))
            alice = _people_and_rosters(app)
            rosters = tuple(db.session.scalars(select(Roster.id).order_by(Roster.title)))
            _sessions(alice, rosters)
            feeds = {many: _with_feed(alice, many) for many in (200, 2000)}
            alone, her_roster = _alone()
        _analyse()
        db.session.remove()
        db.engine.dispose()
    return Cast(alice, rosters, alone, her_roster, feeds)


def _insert(model: Any, rows: Iterable[dict[str, Any]]) -> None:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        db.session.execute(insert(model.__table__), batch)


def _person(name: str, role: str = Role.MEMBER) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "email": f"{name}@bench.example",
        "name": name.replace(".", " ").title(),
        "role": role,
        "state": PersonState.ACTIVE,
        "zone": "Europe/London",
        "zone_confirmed": True,
        "language": "en",
        "clock": "24",
        "week_starts": 0,
        "created_at": clock.now(),
        "epoch": 0,
        "feed_version": 0,
    }


def _membership(roster_id: UUID, person_id: UUID, role: str) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "roster_id": roster_id,
        "person_id": person_id,
        "role": role,
        "state": MemberState.ACTIVE,
        "contracted": True,
        "created_at": clock.now(),
        "joined_at": clock.now(),
    }


def _roster(title: str, made_by_id: UUID) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "title": title,
        "kind": Kind.GROUP,
        "zone": "Europe/London",
        "capacity": MEMBERS,
        "taken": MEMBERS,
        "minutes": 50,
        "address": "",
        "meeting_link": "https://meet.example/room",
        "state": "active",
        "made_by_id": made_by_id,
        "created_at": clock.now(),
    }


def _people_and_rosters(app: Flask) -> UUID:
    alice = _person("alice", Role.SUPERVISOR)
    _insert(Person, [alice])
    made = sign_ins.prepare(alice["id"], PASSPHRASE, app.extensions["settings"])
    sign_ins.keep(made, clock.now())
    slot = vault.recovery_slot(made.new_vault.keys, vault.new_recovery_code(), alice["id"])
    vaults.keep_recovery_slot(alice["id"], made.new_vault.keys, slot, clock.now(), confirmed=True)
    rosters = [_roster(f"Group {number:03}", alice["id"]) for number in range(ROSTERS)]
    members = [_person(f"person.{number:04}") for number in range(ROSTERS * MEMBERS)]
    _insert(Person, members)
    _insert(Roster, rosters)
    _insert(
        Membership,
        (_membership(r["id"], alice["id"], MemberRole.SUPERVISOR) for r in rosters),
    )
    _insert(
        Membership,
        (
            _membership(rosters[n // MEMBERS]["id"], member["id"], MemberRole.SUPERVISEE)
            for n, member in enumerate(members)
        ),
    )
    person_id: UUID = alice["id"]
    return person_id


def _session(roster_id: UUID, starts_at: datetime, made_by_id: UUID) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "roster_id": roster_id,
        "original_local": f"{starts_at:%Y-%m-%dT%H:%M}",
        "zone": "Europe/London",
        "starts_at": starts_at,
        "ends_at": starts_at + LENGTH,
        "shifted": False,
        "edited": False,
        "state": "planned",
        "message": "",
        "sequence": 0,
        "made_by_id": made_by_id,
        "created_at": clock.now(),
        "published_at": clock.now().replace(microsecond=0),
    }


def _claim(session: dict[str, Any], person_id: UUID, hard: bool) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "person_id": person_id,
        "session_id": session["id"],
        "starts_at": session["starts_at"],
        "ends_at": session["ends_at"],
        "hard": hard,
        "state": "confirmed",
    }


def this_monday() -> datetime:
    """The Monday of this week, 00:00 UTC."""
    today = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday())


def _sessions(alice: UUID, rosters: tuple[UUID, ...]) -> None:
    """Eight a day from 08:00 UTC, Monday to Friday, as many weeks back as forth."""
    first = this_monday() - timedelta(weeks=SESSIONS // A_WEEK // 2)
    members: dict[UUID, list[UUID]] = {roster: [] for roster in rosters}
    for roster_id, person_id in db.session.execute(
        select(Membership.roster_id, Membership.person_id).where(
            Membership.role == MemberRole.SUPERVISEE
        )
    ):
        members[roster_id].append(person_id)
    made = []
    for number in range(SESSIONS):
        week, place = divmod(number, A_WEEK)
        day, hour = divmod(place, A_DAY)
        starts_at = first + timedelta(weeks=week, days=day, hours=8 + hour)
        # Five rosters a step: each meets once in five weeks, every week another order.
        made.append(_session(rosters[number % ROSTERS], starts_at, alice))
    _insert(Session, made)
    _insert(Claim, (_claim(session, alice, True) for session in made))
    _insert(
        Claim,
        (_claim(one, person, False) for one in made for person in members[one["roster_id"]]),
    )


def _with_feed(alice: UUID, many: int) -> str:
    """Somebody with one roster of `many` sessions, all within a feed's window; their token."""
    reader, roster = _person(f"reader.{many}"), _roster(f"Readers {many}", alice)
    _insert(Person, [reader])
    _insert(Roster, [roster])
    _insert(Membership, [_membership(roster["id"], reader["id"], MemberRole.SUPERVISEE)])
    first, step = clock.now().replace(second=0, microsecond=0), timedelta(days=390) / many
    made = [_session(roster["id"], first + step * n, alice) for n in range(1, many + 1)]
    _insert(Session, made)
    _insert(Claim, (_claim(session, reader["id"], False) for session in made))
    token = "r" * 39 + f"{many:04}"
    _insert(
        FeedSubscription,
        [
            {
                "id": uuid4(),
                "person_id": reader["id"],
                "scope": Scope.PERSON,
                "label": "bench",
                "privacy": Privacy.PLAIN,
                "token_hash": token_hash(token),
                "created_at": clock.now(),
                "agent": "",
            }
        ],
    )
    return token


def _alone() -> tuple[UUID, UUID]:
    """Somebody with one roster, which has one session, this week."""
    person = _person("alone", Role.SUPERVISOR)
    roster = _roster("One", person["id"])
    session = _session(roster["id"], this_monday() + timedelta(days=4, hours=20), person["id"])
    _insert(Person, [person])
    _insert(Roster, [roster])
    _insert(Membership, [_membership(roster["id"], person["id"], MemberRole.SUPERVISOR)])
    _insert(Session, [session])
    _insert(Claim, [_claim(session, person["id"], True)])
    return person["id"], roster["id"]


def _analyse() -> None:
    """Both databases plan by statistics, which a bulk import leaves behind."""
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    counted = db.session.scalar(select(func.count()).select_from(Session))
    assert counted == SESSIONS + 2201, counted
