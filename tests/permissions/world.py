"""One real row for whatever an address can name, and everybody who may ask for it.

It is built once, by services and rows, and written to a file in memory; each request finds it as
it was, whatever the one before it wrote.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from supervision.db import db, writing
from supervision.domain.methods import USUAL
from supervision.domain.passages import ShareKind, own_words
from supervision.domain.recurrence import Repeat
from supervision.domain.reflections import Words
from supervision.models.attendance import Attendance, Came
from supervision.models.feeds import FeedSubscription, Privacy, Scope
from supervision.models.leave import Leave, LeaveKind
from supervision.models.mail import (
    MailAgenda,
    MailKind,
    MailReminder,
    MailState,
    MailStop,
    Outbox,
)
from supervision.models.meetings import Meeting, MeetingSwap
from supervision.models.outside import OutsideBusy, OutsideCalendar
from supervision.models.people import Link, LinkPurpose, Person, PersonState, Role
from supervision.models.polls import Poll, PollOption
from supervision.models.rosters import Kind, MemberRole, Membership, MemberState, Roster
from supervision.models.sessions import Claim, ClaimState, Session, SessionState
from supervision.models.signup import SignupWait
from supervision.permissions import Actor
from supervision.services import feeds, mail, notes, outside, polls, series, sharing
from supervision.services.notes import Edit
from supervision.services.polls import Proposal
from supervision.services.sessions import Setting, Wish
from tests import factories
from tests.support.sharing import Open, compare
from tests.support.vaults import PASSPHRASE, furnish, pepper, settings

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
"""Who asks, each by what they are to the group, and what they have besides.

lead       leads the group, the individual roster and the one with seats; reads what is shared
member     in all of these and in the peer roster; owns a note, a share and whatever is one person's
fellow     in the group, the peer roster and the one with seats; not in what is for some members
former     was in them and has left
invited    is asked into them
waiting    waits for a seat in them
stranger   is in no roster
other      leads a roster of their own, with things of the same kinds
organiser  looks after the installation, and is in no roster
nobody     has not signed in
"""
PEOPLE = {
    "lead": ("Lena Lead", Role.SUPERVISOR),
    "member": ("Mona Member", Role.MEMBER),
    "fellow": ("Felix Fellow", Role.MEMBER),
    "former": ("Fritz Former", Role.MEMBER),
    "invited": ("Ines Invited", Role.MEMBER),
    "waiting": ("Willi Waiting", Role.MEMBER),
    "stranger": ("Stella Stranger", Role.MEMBER),
    "other": ("Olga Other", Role.SUPERVISOR),
    "organiser": ("Otto Organiser", Role.ORGANISER),
}
WHO = (*PEOPLE, "nobody")
TEXT = "I hurried the hour again."


@dataclass
class World:
    """What is there: people, and things by name, each with the arguments that lead to it.

    `marks` are the words by which a page tells that it shows something.
    """

    at: datetime
    people: dict[str, Actor] = field(default_factory=dict)
    things: dict[str, dict[str, str]] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, **arguments: Any) -> None:
        """Something that addresses can name; pages that show it hold its own id."""
        self.things[name] = {key: str(value) for key, value in arguments.items()}
        first = next(iter(self.things[name].values()))
        self.marks.setdefault(first, name)

    def mark(self, name: str, word: str) -> str:
        self.marks[word] = name
        return word


def build(at: datetime) -> World:
    """All of it, committed, inside an application's context."""
    world = World(at)
    for name, (full, role) in PEOPLE.items():
        world.people[name] = factories.person(name, name=world.mark(name, full), role=role)
        world.mark(name, str(world.people[name].id))
        world.things[name] = {"person_id": str(world.people[name].id)}
    who = SimpleNamespace(**world.people)
    who.hers = factories.person("hers", name=world.mark("hers", "Hanna Hers"))
    world.things["hers"] = {"person_id": str(who.hers.id)}
    rosters = _rosters(world, who)
    _sessions(world, who, rosters)
    _series(world, who, rosters)
    _polls(world, who, rosters)
    db.session.commit()
    _own(world, who)
    _closed(world, who)
    _links(world, who, rosters)
    db.session.commit()
    return world


def _rosters(world: World, who: Any) -> Any:
    group = _roster(world, "group", who.lead, who.member, who.fellow)
    seats = _roster(world, "seats", who.lead, who.member, who.fellow, session_capacity=2)
    peers = _roster(world, "peers", who.member, who.fellow, kind=Kind.PEER)
    pair = _roster(world, "pair", who.lead, who.member, kind=Kind.INDIVIDUAL)
    past = _roster(world, "past pair", who.lead, kind=Kind.INDIVIDUAL)
    factories.join(past, who.former, state=MemberState.ENDED).left_at = world.at - HOUR
    theirs = _roster(world, "theirs", who.other, who.hers)
    over = _roster(world, "over", who.lead, who.member, state="ended", ended_at=world.at)
    for one in (group, seats, peers):
        factories.join(one, who.former, state=MemberState.ENDED).left_at = world.at - HOUR
        factories.join(one, who.invited, state=MemberState.INVITED).invited_by_id = who.lead.id
        factories.join(one, who.waiting, state=MemberState.WAITING).waits_since = world.at
    db.session.flush()
    for roster in (group, seats, peers, theirs, pair):
        for place in db.session.query(Membership).filter_by(roster_id=roster.id):
            name = next((k for k, v in world.people.items() if v.id == place.person_id), "hers")
            thing = world.things[_name_of(world, roster.id)]
            world.things[f"{_name_of(world, roster.id)}/{name}"] = thing | {
                "membership_id": str(place.id),
                "person_id": str(place.person_id),
            }
    mixed = world.things["theirs/hers"] | {"roster_id": str(group.id)}
    world.things["group/hers"] = mixed
    world.sent["passphrase"] = PASSPHRASE
    world.sent["kind"] = str(factories.bookable(who.lead))
    world.sent["their kind"] = str(factories.bookable(who.other))
    world.sent["asked kind"] = str(factories.bookable(who.lead, 17, 18, name="Asked", asks=True))
    return SimpleNamespace(
        group=group, seats=seats, peers=peers, pair=pair, theirs=theirs, over=over
    )


def _name_of(world: World, roster_id: UUID) -> str:
    return next(k for k, v in world.things.items() if v.get("roster_id") == str(roster_id))


def _roster(world: World, name: str, lead: Actor, *members: Actor, **values: Any) -> Roster:
    made = factories.roster(
        lead,
        *members,
        title=world.mark(f"{name} title", f"Roster {name}"),
        meeting_link=world.mark(f"{name} link", f"https://meet.example/{name}"),
        zone="Europe/London",
        **values,
    )
    world.add(name, roster_id=made.id)
    return made


def _sessions(world: World, who: Any, rosters: Any) -> None:
    at, everybody = world.at, (who.lead, who.member, who.fellow)
    two = (who.lead, who.member)

    def add(name: str, roster: Roster, start: datetime, *people: Actor, **values: Any) -> Session:
        row = factories.session(roster, start, *people, **values)
        world.add(name, session_id=row.id, roster_id=roster.id)
        for one, person in world.people.items():
            world.things[f"{name}/{one}"] = world.things[name] | {"person_id": str(person.id)}
        return row

    meeting = add("meeting", rosters.group, at + 2 * DAY, *everybody)
    add("now", rosters.theirs, at - HOUR / 6, who.other, who.hers)
    add("some", rosters.group, at + 3 * DAY, *two, for_all=False)
    add("held", rosters.group, at - 2 * DAY, *everybody, who.former)
    add("held some", rosters.group, at - 3 * DAY, *two, for_all=False)
    marked = add("marked", rosters.peers, at - DAY, who.member, who.fellow)
    add("peer meeting", rosters.peers, at + DAY, who.member, who.fellow)
    add("peer some", rosters.peers, at + 6 * DAY, who.fellow, for_all=False)
    add("seated", rosters.seats, at + 5 * DAY, who.lead, who.fellow, capacity=2, taken=1)
    add("taken", rosters.seats, at + 6 * DAY, who.lead, who.member, capacity=2, taken=1)
    add("full", rosters.seats, at + 7 * DAY, who.lead, who.fellow, capacity=1, taken=1)
    line = add("line", rosters.seats, at + 8 * DAY, who.lead, who.fellow, capacity=1, taken=1)
    offered = add("offered", rosters.seats, at + 9 * DAY, who.lead, capacity=1, taken=1)
    add("left", rosters.seats, at + 13 * DAY, who.lead, who.former, capacity=2, taken=1)
    running = add("running", rosters.seats, at - HOUR / 3, *everybody)
    db.session.add(Meeting(session_id=running.id, method=USUAL.key, started_at=at, step_at=at))
    add("seats for some", rosters.seats, at + 12 * DAY, *two, for_all=False)
    add("their meeting", rosters.theirs, at + 2 * DAY, who.other, who.hers)
    add("coming", rosters.pair, at + 4 * DAY, *two)
    asked = add("asked", rosters.pair, at + 8 * DAY + 2 * HOUR, *two, state=SessionState.REQUESTED)
    for claim in db.session.query(Claim).filter_by(session_id=asked.id):
        claim.state = ClaimState.PENDING
    for session, until in ((line, None), (offered, at + DAY)):
        db.session.add(
            SignupWait(
                session_id=session.id,
                person_id=who.member.id,
                since=at,
                auto=False,
                offered_until=until,
            )
        )
    for one in (who.member, who.fellow):
        db.session.add(
            Attendance(
                session_id=marked.id,
                person_id=one.id,
                state=Came.ATTENDED,
                minutes=45,
                role=MemberRole.PEER,
                contracted=True,
                guest=False,
                version=1,
                marked_by_id=who.member.id,
                marked_at=at - HOUR,
                reason="",
            )
        )
    _swaps(world, who, meeting)
    for hours, holder in ((26, who.member), (28, who.stranger)):
        db.session.add(
            Claim(
                person_id=who.lead.id,
                starts_at=at + hours * HOUR,
                ends_at=at + (hours + 1) * HOUR,
                hard=True,
                state=ClaimState.HOLD,
                hold_expires_at=at + HOUR,
                held_by_id=holder.id,
            )
        )


def _swaps(world: World, who: Any, meeting: Session) -> None:
    """The fellow asks the member to take their turn."""
    db.session.add(
        MeetingSwap(
            session_id=meeting.id,
            asker_id=who.fellow.id,
            asked_id=who.member.id,
            created_at=world.at,
        )
    )


def _series(world: World, who: Any, rosters: Any) -> None:
    at = world.at.replace(tzinfo=None)

    def add(name: str, roster: Roster, lead: Actor, hour: int, people: Any = None) -> None:
        wish = Wish(at.replace(hour=hour) + DAY, 50, setting=Setting(None, people))
        booked = series.book_series(lead, world.at, roster.id, wish, Repeat("week", count=4))
        world.add(name, series_id=booked.series_id, roster_id=roster.id)
        world.add(
            f"{name} session",
            session_id=booked.session_ids[0],
            series_id=booked.series_id,
            roster_id=roster.id,
        )

    add("series", rosters.group, who.lead, 14)
    add("some series", rosters.group, who.lead, 15, frozenset({who.member.id}))
    add("peer series", rosters.peers, who.member, 16)
    add("their series", rosters.theirs, who.other, 14)


def _polls(world: World, who: Any, rosters: Any) -> None:
    wish = Proposal([world.at + 3 * DAY, world.at + 4 * DAY], 50, world.at + DAY)
    for name, roster, asker in (
        ("poll", rosters.group, who.lead),
        ("peer poll", rosters.peers, who.fellow),
        ("their poll", rosters.theirs, who.other),
    ):
        found = polls.ask(asker, world.at, roster.id, wish)
        world.add(name, poll_id=found, roster_id=roster.id)
        options = db.session.query(PollOption).filter_by(poll_id=found)
        for number, option in enumerate(options.order_by(PollOption.starts_at), 1):
            world.sent[f"{name} {number}"] = str(option.id)
    quiet = polls.ask(who.lead, world.at, rosters.group.id, replace(wish, shows="never"))
    db.session.get_one(Poll, quiet).made_by_id = who.former.id
    world.add("quiet poll", poll_id=quiet, roster_id=rosters.group.id)


def _own(world: World, who: Any) -> None:
    """What is one person's: leave, feeds, calendars, other browsers, waiting mails."""
    at = world.at
    for one in (who.member, who.stranger):
        db.session.add_all(
            [
                MailStop(person_id=one.id, kind=MailKind.TURNS),
                MailReminder(person_id=one.id, minutes=60),
                MailAgenda(person_id=one.id, hour=7, due_at=at + DAY),
            ]
        )
    leave = Leave(
        person_id=who.member.id,
        first_on=date(2027, 3, 1),
        last_on=date(2027, 3, 5),
        kind=LeaveKind.STUDY,
        created_at=at,
    )
    failed = Outbox(
        event="greeting",
        recipient=world.mark("mail", "late@example.org"),
        person_id=who.stranger.id,
        kind=MailKind.ROSTERS,
        subject="Greeting",
        body="Hello",
        created_at=at,
        due_at=at,
        state=MailState.FAILED,
        failure="550",
    )
    db.session.add_all([leave, failed])
    db.session.flush()
    world.add("leave", leave_id=leave.id)
    world.add("mail", mail_id=failed.id)
    world.things["no mail"] = {"mail_id": str(uuid4())}
    feed, token = feeds.make_subscription(who.member, at, "person", None, "Phone of M", "full")
    world.mark("feed", "Phone of M")
    world.add("feed", subscription_id=feed.id, token=token)
    lost = FeedSubscription(
        person_id=who.former.id,
        scope=Scope.ROSTER,
        roster_id=UUID(world.things["group"]["roster_id"]),
        label="Phone of F",
        privacy=Privacy.FULL,
        token_hash=sha256(("f" * 43).encode()).digest(),
        created_at=at,
    )
    db.session.add(lost)
    db.session.flush()
    world.add("former's feed", subscription_id=lost.id, token="f" * 43)
    world.add("sign-in", sign_in_id=who.member.sign_in_id)
    calendar = outside.add(
        who.lead,
        at,
        world.mark("calendar", "Work of L"),
        "https://calendar.example/x.ics",
        pepper(),
        frozenset(),
    )
    row = db.session.get_one(OutsideCalendar, calendar)
    row.due_at, row.asked_at, row.tried_at, row.read_at = at + HOUR, at - DAY, at - DAY, at - DAY
    db.session.add(
        OutsideBusy(
            calendar_id=calendar,
            person_id=who.lead.id,
            starts_at=at + 20 * DAY,
            ends_at=at + 20 * DAY + HOUR,
        )
    )
    world.add("calendar", calendar_id=calendar)


def _closed(world: World, who: Any) -> None:
    """What is sealed: everybody has a vault; the member writes, and shares with the lead."""
    keys = {one.id: furnish(one) for one in world.people.values()}
    note_id, draft_id, share_id, gone_id = uuid4(), uuid4(), uuid4(), uuid4()
    words = Words("free", world.mark("note", "After the hour"), {"reflection": TEXT})
    with writing():
        notes.save_note(who.member, world.at, keys[who.member.id], Edit(note_id, uuid4(), 0), words)
        notes.save_draft(who.member, world.at, Edit(note_id, draft_id, 1), words, pepper())
        other = Edit(uuid4(), uuid4(), 0)
        notes.save_note(who.lead, world.at, keys[who.lead.id], other, words)
        notes.save_draft(who.lead, world.at, replace(other, base=1), words, pepper())
        gone = replace(words, title=world.mark("deleted note", "Not to be kept"))
        notes.save_note(who.member, world.at, keys[who.member.id], Edit(gone_id, uuid4(), 0), gone)
        notes.delete_note(who.member, world.at, keys[who.member.id], gone_id)
    place = Open(SimpleNamespace(), who.lead, who.member, who.fellow, keys)  # type: ignore[arg-type]
    compare(place, who.member, who.lead)
    compare(place, who.lead, who.member)
    with writing():
        circles = sharing.circles_of(who.member, keys[who.member.id])
        choice = sharing.choice_of(circles, {who.lead.id}, set())
        gift = sharing.Gift(share_id, note_id, ShareKind.PASSAGE, own_words(TEXT))
        sharing.share(who.member, world.at, keys[who.member.id], gift, choice, "https://s.example")
    world.mark("note", TEXT)
    world.add("note", note_id=note_id)
    world.add("deleted note", note_id=gone_id)
    world.add("draft", draft_id=draft_id)
    world.add("share", share_id=share_id)


def _links(world: World, who: Any, rosters: Any) -> None:
    """What stands in an address is the permission."""
    at = world.at
    address = Person(
        email=world.mark("address", "new@example.org"),
        name="new@example.org",
        role=Role.MEMBER,
        state=PersonState.INVITED,
        created_at=at,
    )
    closed = Person(
        email="gone@example.org",
        name=world.mark("closed", "Gerd Gone"),
        role=Role.MEMBER,
        state=PersonState.CLOSED,
        closed_at=at,
        created_at=at,
    )
    db.session.add_all([address, closed])
    db.session.flush()
    factories.join(rosters.group, factories.actor(address), state=MemberState.INVITED)
    world.add("address", person_id=address.id)
    for name, purpose, person_id, maker in (
        ("invitation", LinkPurpose.INVITATION, address.id, who.lead.id),
        ("reset", LinkPurpose.RESET, who.member.id, None),
        ("return", LinkPurpose.RETURN, closed.id, None),
    ):
        token = secrets.token_urlsafe(32)
        db.session.add(
            Link(
                purpose=purpose,
                token_hash=sha256(token.encode()).digest(),
                person_id=person_id,
                made_by_id=maker,
                created_at=at,
                expires_at=at + DAY,
            )
        )
        world.things[name] = {"token": token}
    key, member = settings().secret_key, who.member.id
    session_id = UUID(world.things["meeting"]["session_id"])
    world.things["answer"] = {"token": mail.answer_token(key, mail.Asked(session_id, member, 0))}
    world.things["stop"] = {"token": mail.stop_token(key, member, MailKind.ROSTERS)}
