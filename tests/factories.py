"""The cast and its rosters, made straight as rows: quick, and no service vouches for itself."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from supervision.db import db
from supervision.models.availability import AvailabilityRule, SessionType
from supervision.models.notes import Note
from supervision.models.people import Person, PersonState, Role, SignIn
from supervision.models.replies import SessionReply
from supervision.models.rosters import LEADS, Kind, MemberRole, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session
from supervision.models.sharing import Share, ShareSeal
from supervision.permissions import Actor

LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CAST = {
    "alice": ("Alice Ashworth", Role.SUPERVISOR, "Europe/London"),
    "bob": ("Bob Brandt", Role.MEMBER, "America/Toronto"),
    "carol": ("Carol Conti", Role.MEMBER, "Europe/Berlin"),
    "charlie": ("Charlie Cole", Role.MEMBER, "Europe/London"),
    "dana": ("Dana Dale", Role.ORGANISER, "Europe/London"),
    "erin": ("Erin Egan", Role.MEMBER, "America/New_York"),
}


def person(name: str, /, **values: object) -> Actor:
    """One of the cast, or somebody made up, as the actor of a fresh sign-in."""
    full, role, zone = CAST.get(name, (name.title(), Role.MEMBER, "UTC"))
    row = Person(
        **{
            "email": f"{name}@example.org",
            "name": full,
            "role": role,
            "state": PersonState.ACTIVE,
            "zone": zone,
            "zone_confirmed": True,
            "created_at": LONG_AGO,
            **values,
        }
    )
    db.session.add(row)
    db.session.flush()
    return actor(row)


def actor(row: Person) -> Actor:
    """The person as a service sees them. Their sign-in is real, so that a client can bear it."""
    sign_in = SignIn(person_id=row.id, created_at=datetime.now(UTC))
    db.session.add(sign_in)
    db.session.flush()
    return Actor(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,
        zone=row.zone,
        zone_confirmed=row.zone_confirmed,
        language=row.language,
        clock=row.clock,
        week_starts=row.week_starts,
        sign_in_id=sign_in.id,
    )


def roster(lead: Actor, *members: Actor, kind: str = Kind.GROUP, **values: object) -> Roster:
    """A roster with its lead (a peer in a peer roster) and active members."""
    made = Roster(
        **{
            "title": "Tuesday group",
            "kind": kind,
            "zone": lead.zone,
            "capacity": 1 if kind == Kind.INDIVIDUAL else 6,
            "minutes": 50,
            "made_by_id": lead.id,
            "created_at": LONG_AGO,
            **values,
        }
    )
    db.session.add(made)
    db.session.flush()
    join(made, lead, MemberRole.PEER if kind == Kind.PEER else MemberRole.SUPERVISOR)
    for member in members:
        join(made, member)
    return made


def join(
    made: Roster,
    who: Actor,
    role: str | None = None,
    state: str = MemberState.ACTIVE,
) -> Membership:
    """A person's place in a roster, its seat counted."""
    usual = MemberRole.PEER if made.kind == Kind.PEER else MemberRole.SUPERVISEE
    row = Membership(
        roster_id=made.id,
        person_id=who.id,
        role=role or usual,
        state=state,
        created_at=LONG_AGO,
        joined_at=LONG_AGO if state == MemberState.ACTIVE else None,
    )
    db.session.add(row)
    if state == MemberState.ACTIVE and row.role not in LEADS:
        made.taken += 1
    db.session.flush()
    return row


def invited(session_id: UUID, who: Actor, starts_at: datetime) -> None:
    """Somebody was invited to a session by mail."""
    told = SessionReply(
        session_id=session_id,
        person_id=who.id,
        starts_at=starts_at,
        sequence=0,
        invited_at=LONG_AGO,
    )
    db.session.add(told)
    db.session.flush()


def session(
    made: Roster, starts_at: datetime, *people: Actor, minutes: int = 50, **values: object
) -> Session:
    """A session of a roster with soft claims of these people."""
    row = Session(
        **{
            "roster_id": made.id,
            "original_local": starts_at.strftime("%Y-%m-%dT%H:%M"),
            "zone": made.zone,
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=minutes),
            "made_by_id": made.made_by_id,
            "created_at": LONG_AGO,
            "published_at": LONG_AGO,
            **values,
        }
    )
    db.session.add(row)
    db.session.flush()
    for who in people:
        db.session.add(
            Claim(
                session_id=row.id,
                person_id=who.id,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                hard=False,
            )
        )
    db.session.flush()
    return row


def bookable(lead: Actor, opens: int = 9, closes: int = 17, **kind: object) -> UUID:
    """Somebody who is open each weekday between two full hours; the id of what they offer."""
    for weekday in range(5):
        hours = {"from_minute": opens * 60, "to_minute": closes * 60}
        db.session.add(
            AvailabilityRule(person_id=lead.id, weekday=weekday, zone=lead.zone, **hours)
        )
    offered = SessionType(person_id=lead.id, **{"name": "Individual", "minutes": 50, **kind})
    db.session.add(offered)
    db.session.flush()
    return offered.id


def share(owner: Actor, reader: Actor) -> UUID:
    """Something shared, as its rows alone: nothing in it opens."""
    note = Note(owner_id=owner.id, created_on=LONG_AGO.date())
    db.session.add(note)
    db.session.flush()
    row = Share(
        owner_id=owner.id,
        note_id=note.id,
        kind="passage",
        number=1,
        epoch=1,
        readers=reader.id.bytes,
        signature=b"",
        envelope=b"",
        wrap=b"",
        created_at=LONG_AGO,
        changed_at=LONG_AGO,
    )
    db.session.add(row)
    db.session.flush()
    db.session.add(ShareSeal(share_id=row.id, reader_id=reader.id, sealed_key=b"", signature=b""))
    db.session.flush()
    return row.id


@dataclass(frozen=True)
class House:
    """Alice supervises Bob and Carol in a group, and Bob alone; Charlie knows none of them."""

    alice: Actor
    bob: Actor
    carol: Actor
    charlie: Actor
    dana: Actor
    group: UUID
    individual: UUID


def house() -> House:
    """The cast in their usual rosters, committed, so that clients see it."""
    alice, bob, carol, charlie, dana = (
        person(name) for name in ("alice", "bob", "carol", "charlie", "dana")
    )
    group = roster(alice, bob, carol, meeting_link="https://meet.example.org/tuesday")
    individual = roster(alice, bob, kind=Kind.INDIVIDUAL, title="Bob with Alice")
    db.session.commit()
    return House(alice, bob, carol, charlie, dana, group.id, individual.id)


def unknown() -> UUID:
    """An id that nothing has."""
    return uuid4()
