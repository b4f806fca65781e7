"""The demo community: alive relative to today, made through the services that people use.

Everything here is told by one fixed story; only ids, keys and the days differ between two runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from supervision.config import Settings
from supervision.db import db, writing
from supervision.domain import reminders, vault
from supervision.domain.agents import family
from supervision.domain.passages import ShareKind, own_words, paragraphs
from supervision.domain.recurrence import Repeat
from supervision.domain.reflections import Value, Words
from supervision.domain.replies import Answer
from supervision.errors import N_, Conflict
from supervision.models.attendance import Came
from supervision.models.audit import Installation
from supervision.models.feeds import Client, Privacy, Scope
from supervision.models.mail import Announcement, Outbox
from supervision.models.people import Person, PersonState, Role, SessionsBy
from supervision.models.rosters import Kind, MemberRole
from supervision.permissions import Actor
from supervision.services import (
    attendance,
    availability,
    feeds,
    mail,
    meetings,
    notes,
    people,
    polls,
    replies,
    rosters,
    series,
    sessions,
    sharing,
    sign_ins,
    signup,
)
from supervision.services import vault as vaults
from supervision.services.attendance import Marking, Said
from supervision.services.availability import Away, DateHours, Offer, OwnTerms, WeekHours, Whole
from supervision.services.leave import LeaveWish
from supervision.services.mail import OPTIONAL, Choices
from supervision.services.polls import Proposal
from supervision.services.rosters import RosterForm
from supervision.services.sessions import OwnPlace, SessionRow, Setting, Wish
from supervision.services.sharing import Gift

PASSPHRASE = "compassion-demo"  # noqa: S105 - told to everybody who starts the demo
PAST = timedelta(weeks=10)
UNMARKED = timedelta(days=7)
HOUR = timedelta(hours=1)
ONLINE = "https://meet.example.org/"
PEOPLE = (
    ("dana", "Dana Dale", Role.ORGANISER, "Europe/London", "24"),
    ("alice", "Alice Ashworth", Role.SUPERVISOR, "Europe/London", "24"),
    ("bob", "Bob Brandt", Role.MEMBER, "America/Toronto", "12"),
    ("carol", "Carol Conti", Role.MEMBER, "Europe/Berlin", "24"),
    ("erin", "Erin Egan", Role.MEMBER, "America/New_York", "12"),
    ("frank", "Frank Fisher", Role.MEMBER, "Australia/Sydney", "12"),
    ("grace", "Grace Ghosh", Role.MEMBER, "Asia/Kolkata", "12"),
    ("heidi", "Heidi Holm", Role.MEMBER, "Europe/Lisbon", "24"),
    ("charlie", "Charlie Cole", Role.MEMBER, "Europe/London", "24"),
)
SLOWING = "Slowing down with M."
REFLECTIONS = (
    (
        SLOWING,
        (
            "I noticed how fast I spoke when M. went quiet. My threat system read the silence as "
            "failure, and I filled it.\n\n**Next time:** three slow breaths, then ask what the "
            "silence is like from inside.\n\n-> bring the recording of minute 20\n-> ask Alice how "
            "she holds a silence"
        ),
    ),
    (
        "After the group",
        (
            "Warm, and a little envious of how settled Erin sounded. What would my compassionate "
            "self say? *Envy is a sign of something you long for, not a fault.*"
        ),
    ),
)
COMMENT = "That took courage to write. What would it be like to let the silence be, just once?"


THREAT: dict[str, Value] = {
    "settled": 4,
    "client_code": "K7",
    "reflection": "K7 looked at the clock, and I heard myself explain.",
    "threat_client": 6,
    "threat_me": 7,
    "threat_room": 5,
    "drive_client": 2,
    "drive_me": 8,
    "drive_room": 5,
    "soothing_client": 3,
    "soothing_me": 2,
    "soothing_room": 4,
    "systems": "Two of us afraid of the same silence.",
    "wisdom": "Explaining is how I soothe myself, not K7.",
    "action": "Say that I saw the look at the clock",
    "tags": "silence, pace",
}
LATER: dict[str, Value] = {
    "reflection": "K7 looked at the clock, and I heard myself explain. Nobody had asked.",
    "soothing_me": 4,
    "supervision": True,
}
# Earlier reflections, by days ago: the one that names a practice has a name for it; then how strong
# threat, drive and soothing were in Bob.
WEEKS = (
    (75, "The first weeks", "Everything was too fast, and so was I.", "", (8, 7, 1)),
    (66, "A hard ending", "L9 left early. I took it for a verdict.", "", (9, 4, 2)),
    (
        52,
        "Colours",
        "We named the three systems. L9 laughed at last.",
        "soothing breath",
        (6, 6, 3),
    ),
    (45, "A letter", "I wrote to the part of me that hurries.", "compassionate letter", (5, 6, 4)),
    (37, "Waiting", "I let a minute pass. Nothing broke.", "soothing breath", (4, 5, 5)),
    (24, "Two chairs", "My critic has a dry throat. So had I.", "", (6, 7, 4)),
    (16, "Less", "One question less than I had planned.", "soothing breath", (4, 5, 6)),
)


@dataclass
class Cast:
    """The people of the story and their open vaults."""

    actors: dict[str, Actor]
    keys: dict[str, vault.Keys]

    def __getitem__(self, name: str) -> Actor:
        return self.actors[name]


def fill(at: datetime, settings: Settings) -> list[str]:
    """Fill an empty database; returns lines that say who can sign in.

    Raises Conflict when somebody has joined already.
    """
    if not people.is_empty():
        raise Conflict(N_("The database is not empty."))
    with writing():
        db.session.add(Installation(id=1, demo=True, created_at=at))
        cast = _people(at - PAST, settings)
        _rosters(cast, at)
        _just_ended(cast, at)
        _attendance(cast, at)
        _notes(cast, at)
        _shares(cast, at, settings.pepper.encode())
        _availability(cast, at)
        _mails(cast, at)
        _answers(cast, at)
        _poll(cast, at)
        _phone(cast["bob"], at)
        # Ten weeks of mails would leave at once; the demo starts with a quiet outbox.
        db.session.execute(delete(Outbox))
        db.session.execute(delete(Announcement))
    return [
        f"Everybody in the demo signs in with the passphrase {PASSPHRASE}",
        "  alice@example.org    supervisor in London",
        "  bob@example.org      supervisee of Alice in Toronto",
        "  dana@example.org     organiser",
        "  carol@, erin@, frank@, grace@, heidi@, charlie@example.org",
    ]


def _phone(bob: Actor, at: datetime) -> None:
    """Bob's phone, which has looked an hour ago."""
    long_ago, looked = at - timedelta(days=20), at - timedelta(hours=1)
    made, _token = feeds.make_subscription(
        bob, long_ago, Scope.PERSON, None, "My phone", Privacy.PLAIN, Client.APPLE
    )
    made.given_version = db.session.scalar(select(Person.feed_version).where(Person.id == bob.id))
    made.given_at = made.fetched_at = looked
    made.agent = "iOS/26.1 (23B85) dataaccessd/1.0"
    made.families, made.watched_from = family(made.agent), long_ago


def _people(at: datetime, settings: Settings) -> Cast:
    cast = Cast({}, {})
    for name, full, role, zone, clock in PEOPLE:
        person = Person(
            email=f"{name}@example.org",
            name=full,
            role=role,
            state=PersonState.ACTIVE,
            zone=zone,
            zone_confirmed=True,
            clock=clock,
            created_at=at,
        )
        db.session.add(person)
        db.session.flush()
        made = sign_ins.prepare(person.id, PASSPHRASE, settings)
        sign_ins.keep(made, at)
        actor = people.actor_of(person)
        # The code is told to nobody: who wants to try it makes a new one.
        vaults.confirm_code(actor, at, vaults.new_code(actor, at, made.new_vault.keys))
        cast.actors[name], cast.keys[name] = actor, made.new_vault.keys
    return cast


def _monday(at: datetime) -> date:
    """The Monday of the week in which the story begins."""
    day = (at - PAST + timedelta(days=7)).date()
    return day - timedelta(days=day.weekday())


def _on(at: datetime, weekday: int, hour: int, minute: int = 0) -> datetime:
    """A local time in the story's first week."""
    return datetime.combine(_monday(at) + timedelta(days=weekday), time(hour, minute))


def _nth(local: datetime, nth: int) -> datetime:
    """The first such weekday, from here on, that is the nth (1 to 4) of its month."""
    while (local.day - 1) // 7 + 1 != nth:
        local += timedelta(weeks=1)
    return local


def _roster(
    cast: Cast,
    at: datetime,
    lead: str,
    members: Iterable[str],
    form: RosterForm,
    role: MemberRole | None = None,
) -> UUID:
    """A roster whose members accept at once; who finds no place waits."""
    usual = role or rosters.roles_of(form.kind)[0]
    made = rosters.make_roster(cast[lead], at, form)
    for name in members:
        rosters.invite_member(cast[lead], at, made, cast[name].email, usual, "")
        rosters.accept(cast[name], at, made)
    return made


def _with_alice(name: str) -> RosterForm:
    link = f"{ONLINE}{name.lower()}-alice"
    return RosterForm(f"{name} with Alice", Kind.INDIVIDUAL, "Europe/London", 1, 50, "", link)


GROUP = RosterForm(
    "Compassion in practice", Kind.GROUP, "Europe/London", 6, 90, "", f"{ONLINE}practice"
)
PEERS = RosterForm("Atlantic peers", Kind.PEER, "America/New_York", 4, 120, "", f"{ONLINE}atlantic")
SEMINAR = RosterForm(
    "Case seminar",
    Kind.GROUP,
    "Europe/London",
    6,
    90,
    "",
    f"{ONLINE}cases",
    session_capacity=3,
)
LOCAL = RosterForm(
    "London local group", Kind.PEER, "Europe/London", 6, 90, "12 Garden Row, London", ""
)


def _rosters(cast: Cast, at: datetime) -> None:
    """Each roster: who leads, who joins, its first local time, how it repeats."""
    plan = (
        ("alice", ["bob"], _with_alice("Bob"), _on(at, 1, 15), Repeat("week")),
        ("alice", ["carol"], _with_alice("Carol"), _on(at, 2, 9, 30), Repeat("week", every=2)),
        ("alice", ["erin"], _with_alice("Erin"), _on(at, 0, 14), Repeat("week")),
        ("alice", ["frank"], _with_alice("Frank"), _on(at, 1, 9), Repeat("week")),
        ("alice", ["heidi"], _with_alice("Heidi"), _on(at, 4, 11), Repeat("week", 2, count=8)),
        (
            "alice",
            ["bob", "carol", "erin", "frank"],
            GROUP,
            _nth(_on(at, 3, 17), 2),
            Repeat("month", nth=2, day=3),
        ),
        (
            "erin",
            ["carol", "grace", "frank", "heidi"],
            PEERS,
            _on(at, 4, 8),
            Repeat("week", every=2),
        ),
        (
            "charlie",
            ["heidi"],
            LOCAL,
            _nth(_on(at, 0, 18, 30), 4),
            Repeat("month", nth=4, day=0),
        ),
    )
    begun, made = at - PAST, {}
    for lead, members, form, starts_local, repeat in plan:
        made[form.title] = _roster(cast, begun, lead, members, form)
        wish = Wish(starts_local, form.minutes)
        series.book_series(cast[lead], begun, made[form.title], wish, repeat)
    grace, invited_at = cast["grace"].email, at - timedelta(days=2)
    rosters.invite_member(
        cast["alice"], invited_at, made[GROUP.title], grace, MemberRole.SUPERVISEE, ""
    )
    _edited_and_cancelled(cast, at, made["Bob with Alice"])
    _elsewhere_and_for_some(cast, at, made[GROUP.title])
    _seminar(cast, at)


def _edited_and_cancelled(cast: Cast, at: datetime, roster_id: UUID) -> None:
    """Bob's next but one session comes an hour later, the one after it is cancelled."""
    alice = cast["alice"]
    _next, moved, cancelled, *_later = sessions.coming_of_roster(alice, roster_id, at)
    local = moved.starts_at.astimezone(ZoneInfo("Europe/London")).replace(tzinfo=None)
    sessions.move_session(
        alice, at, moved.id, Wish(local + timedelta(hours=1), 50, "A clash at the clinic, sorry.")
    )
    sessions.cancel_session(alice, at, cancelled.id, "I am on leave that week.")


def _seminar(cast: Cast, at: datetime) -> None:
    """Every second Wednesday, for who signs up: the first is full, and Grace waits."""
    alice = cast["alice"]
    made = _roster(cast, at, "alice", ["carol", "erin", "grace", "heidi", "charlie"], SEMINAR)
    wednesday = at.date() + timedelta(days=14 - (at.weekday() - 2) % 7)
    wish = Wish(datetime.combine(wednesday, time(11, 30)), SEMINAR.minutes)
    series.book_series(alice, at, made, wish, Repeat("week", every=2))
    first, second, *_later = sessions.coming_of_roster(alice, made, at)
    for name in ("carol", "erin", "heidi", "grace"):
        signup.sign_up(cast[name], at, first.id)
    for name in ("grace", "heidi"):
        signup.sign_up(cast[name], at, second.id)


def _elsewhere_and_for_some(cast: Cast, at: datetime, roster_id: UUID) -> None:
    """The group's next session is in a room; Bob and Carol have one of their own besides."""
    alice = cast["alice"]
    soon, *_later = sessions.coming_of_roster(alice, roster_id, at)
    room = Setting(OwnPlace("The Reading Room, 5 Mill Lane, London"))
    sessions.change_session(alice, at, soon.id, room, "Let us meet in person for once.")
    wednesday = at.date() + timedelta(days=16 - at.weekday())
    pair = frozenset(cast[name].id for name in ("bob", "carol"))
    wish = Wish(datetime.combine(wednesday, time(14)), 60, setting=Setting(people=pair))
    sessions.book_session(alice, at, roster_id, wish)


def _just_ended(cast: Cast, at: datetime) -> None:
    """A session of Bob's that ended within the hour, unless Alice was busy then."""
    alice = cast["alice"]
    roster_id = next(
        row.id for row in rosters.rosters_of(cast["bob"], at) if row.kind == Kind.INDIVIDUAL
    )
    start = at - timedelta(minutes=80)
    local = start.astimezone(ZoneInfo("Europe/London")).replace(tzinfo=None)
    rounded = local - timedelta(minutes=local.minute % 5)
    try:
        sessions.book_session(alice, at - timedelta(days=1), roster_id, Wish(rounded, 50))
    except Conflict:
        return


def _attendance(cast: Cast, at: datetime) -> None:
    """Alice marked all that is older than a week, and equals marked and confirmed their meetings.

    The last of Erin's peers waits for two of them. Bob came late once, which was corrected.
    """
    _mark(cast, "alice", MemberRole.SUPERVISOR, at - UNMARKED)
    peers = _mark(cast, "erin", MemberRole.PEER, at)
    local = _mark(cast, "charlie", MemberRole.PEER, at)
    for one in local:
        attendance.agree(cast["heidi"], one.ends_at + 2 * HOUR, one.id, 1)
    for number, one in enumerate(peers):
        for name in ("carol", "grace", "frank") if number else ("carol",):
            attendance.agree(cast[name], one.ends_at + 2 * HOUR, one.id, 1)
    _correct(cast, at - UNMARKED, "bob", Said(Came.ATTENDED, 30), "The train was late.")
    _correct(cast, at - UNMARKED, "frank", Said(Came.MISSED), "")
    away = at.date() + timedelta(days=12)
    meetings.take_leave(cast["frank"], at, LeaveWish(away, away + timedelta(days=13), "holiday"))


def _mark(cast: Cast, name: str, role: str, until: datetime) -> list[SessionRow]:
    """In each of somebody's rosters, everybody was at what ended before then; the latest first."""
    marked = []
    for roster in rosters.rosters_of(cast[name], until):
        past = sessions.past_of_roster(cast[name], roster.id, until) if roster.role == role else []
        for one in past:
            if one.ends_at + HOUR < until and not one.cancelled:
                attendance.mark_everybody(cast[name], one.ends_at + HOUR, one.id, 0)
                marked.append(one)
    return marked


def _correct(cast: Cast, until: datetime, name: str, said: Said, reason: str) -> None:
    """The next to last of somebody's own marked sessions with Alice was another one."""
    own = (row.id for row in rosters.rosters_of(cast[name], until) if row.kind == Kind.INDIVIDUAL)
    past = sessions.past_of_roster(cast["alice"], next(own), until - HOUR)
    one = [row for row in past if row.ends_at + HOUR < until and not row.cancelled][1]
    marking = Marking(1, {cast[name].id: said}, {}, reason)
    attendance.mark(cast["alice"], one.ends_at + timedelta(days=1), one.id, marking)


def _notes(cast: Cast, at: datetime) -> None:
    """Bob wrote for some weeks; twice on a free page, and the latest he bettered a day later."""
    bob, keys = cast["bob"], cast.keys["bob"]
    for days, title, text, practice, systems in WEEKS:
        strengths = zip(("threat_me", "drive_me", "soothing_me"), systems, strict=True)
        told = Words("cft", title, {"reflection": text, "practice": practice, **dict(strengths)})
        notes.save_note(bob, at - timedelta(days=days), keys, notes.Edit(uuid4(), uuid4(), 0), told)
    for days, (title, text) in zip((9, 30), REFLECTIONS, strict=True):
        notes.save_free(bob, keys, at - timedelta(days=days), uuid4(), title, text)
    note_id = uuid4()
    for number, fields in enumerate((THREAT, THREAT | LATER)):
        written = at - timedelta(days=3 - number)
        edit = notes.Edit(note_id, uuid4(), number)
        notes.save_note(bob, written, keys, edit, Words("cft", "The clock on the wall", fields))


def _shares(cast: Cast, at: datetime, pepper: bytes) -> None:
    """Bob and Alice have compared their words; she has read a passage of his, and answered."""
    alice, bob = cast["alice"], cast["bob"]
    for one, other in ((alice, bob), (bob, alice)):
        keys = cast.keys[one.email.partition("@")[0]]
        found = sharing.compare(one, keys, pepper, other.id)
        sharing.keep_check(one, at - timedelta(days=12), keys, pepper, other.id, found.name)
    keys, shared_at = cast.keys["bob"], at - timedelta(days=3)
    written = [(line.id, line.reflection) for line in notes.notes_of(bob, keys).lines]
    note_id, told = next((i, text) for i, text in written if text and text.words.title == SLOWING)
    passage = own_words(paragraphs(told.words)[0].text)
    choice = sharing.choice_of(sharing.circles_of(bob, keys), {alice.id}, set())
    gift = Gift(uuid4(), note_id, ShareKind.PASSAGE, passage)
    sharing.share(bob, shared_at, keys, gift, choice, "")
    sharing.open_share(alice, shared_at + HOUR, cast.keys["alice"], pepper, gift.id)
    sharing.add_comment(alice, shared_at + HOUR, cast.keys["alice"], gift.id, uuid4(), COMMENT, "")


def _mails(cast: Cast, at: datetime) -> None:
    """Alice is reminded twice, and gets the day's sessions in the morning; Bob is invited."""
    wanted = Choices(frozenset(OPTIONAL), (reminders.DAY, reminders.HOUR), 7)
    mail.choose(cast["alice"], at, wanted)
    usual = mail.choices_of(cast["bob"])
    mail.choose(cast["bob"], at, replace(usual, sessions_by=SessionsBy.BOTH))


def _answers(cast: Cast, at: datetime) -> None:
    """Two of the group have said whether they come next time."""
    alice = cast["alice"]
    roster_id = next(row.id for row in rosters.rosters_of(alice, at) if row.title == GROUP.title)
    soon, *_later = sessions.coming_of_roster(alice, roster_id, at)
    replies.answer(cast["bob"], at, soon.id, Answer.ACCEPTED)
    replies.answer(cast["carol"], at, soon.id, Answer.DECLINED)


def _poll(cast: Cast, at: datetime) -> None:
    """Alice asks her group for an extra hour next week; two have answered."""
    alice = cast["alice"]
    roster_id = next(row.id for row in rosters.rosters_of(alice, at) if row.title == GROUP.title)
    monday, place = at.date() + timedelta(days=7 - at.weekday()), ZoneInfo(GROUP.zone)
    starts = [
        datetime.combine(monday + timedelta(days=day), time(hour), place)
        for day, hour in ((1, 20), (2, 13), (3, 20))
    ]
    closes_at = datetime.combine(monday, time(23, 59), place)
    wish = Proposal(starts, 60, closes_at, "An extra hour before the holidays?")
    asked = polls.ask(alice, at - timedelta(hours=5), roster_id, wish)
    for name, words, remark in (
        ("carol", ("yes", "maybe", "no"), "I teach on Thursdays."),
        ("erin", ("yes", "yes", "maybe"), ""),
    ):
        options = polls.poll_page(cast[name], at, asked).options
        said = {one.id: word for one, word in zip(options, words, strict=True)}
        polls.answer(cast[name], at - timedelta(hours=3), asked, said, remark)


def _availability(cast: Cast, at: datetime) -> None:
    """Alice can be booked on four days; one is different, and a week is off."""
    today = at.date()
    away = today + timedelta(days=42 - today.weekday())
    said = Whole(
        OwnTerms("Europe/London", after_minutes=10, most_a_day=5, holiday_country="GB"),
        [
            WeekHours((0, 1, 2, 3), (9 * 60, 12 * 60 + 30)),
            WeekHours((0, 1, 3), (13 * 60 + 30, 17 * 60)),
        ],
        [DateHours(today + timedelta(days=9 - today.weekday()), (10 * 60, 14 * 60))],
        [Away(away, away + timedelta(days=6), "Walking in Wales")],
        [Offer("Individual supervision", 50, most_weeks=8), Offer("First talk", 30, asks=True)],
    )
    availability.save_availability(cast["alice"], at, said)
