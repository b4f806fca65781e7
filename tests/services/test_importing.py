"""Imports: all of a file or nothing, what is known left out, nobody told of the past."""

import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from supervision.db import db, writing
from supervision.domain.importing.events import Found
from supervision.domain.importing.tables import Table, read_table
from supervision.domain.outside import Unreadable
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.people import Person, Role
from supervision.models.rosters import Kind, Membership, Roster
from supervision.models.sessions import Claim, Session
from supervision.services import claims, importing, integrity, meetings, people, rosters, sessions
from supervision.services.importing import child
from supervision.services.importing import sessions as session_imports
from supervision.services.people import allowance
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House
from tests.support.calendar_bombs import CALENDARS
from tests.support.mails import mails_to
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
URL = "https://supervision.example.org"


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def table(text: str) -> Table:
    return read_table(text.encode())


TWO = table(
    "title,kind,members\n"
    "New group,group,ana@example.org;bob@example.org\n"
    "Peers,peer,eve@example.org\n"
)


def titles() -> list[str]:
    return list(db.session.scalars(select(Roster.title).order_by(Roster.title)))


def test_make_rosters_makes_all_and_invites_everybody(house: House) -> None:
    made = importing.make_rosters(house.alice, AT, TWO, (), URL)
    assert (made.rosters, made.people) == (2, 3)
    assert titles() == ["Bob with Alice", "New group", "Peers", "Tuesday group"]
    invited = db.session.execute(
        select(Person.email, Membership.role, Membership.state)
        .join(Membership, Membership.person_id == Person.id)
        .join(Roster)
        .where(Roster.title == "New group")
        .order_by(Person.email)
    )
    assert [tuple(row) for row in invited] == [
        ("alice@example.org", "supervisor", "active"),
        ("ana@example.org", "supervisee", "invited"),
        ("bob@example.org", "supervisee", "invited"),
    ]
    assert len(mails_to("ana@example.org")) == len(mails_to("bob@example.org")) == 1
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.act == "importing.rosters")
    ).one()
    assert entry.detail == {"rosters": "2", "people": "3"}


def test_plan_tells_nothing_of_who_has_an_account(house: House) -> None:
    with counted() as seen:
        plan = importing.plan_rosters(house.alice, TWO)
    assert [one.draft.problems for one in plan.rosters] == [(), ()]
    assert (len(seen), any("FROM person" in one for one in seen)) == (1, False)


def test_roster_of_a_title_that_exists_is_made_only_on_demand(house: House) -> None:
    again = table("title,kind\nTUESDAY  group,group\nPeers,peer\n")
    plan = importing.plan_rosters(house.alice, again)
    assert ([one.number for one in plan.new], [one.number for one in plan.present]) == ([3], [2])
    assert importing.make_rosters(house.alice, AT, again, (), URL).rosters == 1
    assert importing.make_rosters(house.alice, AT, again, {2, 3}, URL).rosters == 2


def test_second_import_of_a_file_has_nothing_to_make(house: House) -> None:
    importing.make_rosters(house.alice, AT, TWO, (), URL)
    with pytest.raises(Conflict):
        importing.make_rosters(house.alice, AT, TWO, (), URL)


def test_roster_with_a_fault_is_left_out_and_the_others_are_made(house: House) -> None:
    text = "title,kind,capacity\nA,peer,101\nB,peer,5\n"
    assert importing.make_rosters(house.alice, AT, table(text), {2}, URL).rosters == 1
    assert titles() == ["B", "Bob with Alice", "Tuesday group"]


@pytest.mark.parametrize(
    ("row", "column", "msgid"),
    [
        ("A,group,101,,,,", "capacity", "Choose between 1 and 100 places."),
        ("A,group,,4,,,", "minutes", "Choose between 5 and 480 minutes."),
        ("A,group,,,http://x.org,,", "meeting_link", "Give a whole link that begins with https://"),
        ("A,group,,,https://[,,", "meeting_link", "Give a whole link that begins with https://"),
        (",group,,,,,", "title", "Give a title of 1 to 120 characters."),
        (
            f"A,group,,,https://x.org/{'x' * 500},,",
            "meeting_link",
            "Keep this to %(most)s characters.",
        ),
        (
            "A,group,,,,nobody,",
            "members",
            "“%(email)s” is no whole email address, such as ana@example.org.",
        ),
        ("A,peer,,,,b@x.org,chair", "role", "In this kind of roster one is: %(roles)s."),
    ],
)
def test_plan_tells_what_a_roster_cannot_have(
    house: House, row: str, column: str, msgid: str
) -> None:
    head = "title,kind,capacity,minutes,meeting link,members,role\n"
    (one,) = importing.plan_rosters(house.alice, table(head + row + "\n")).bad
    assert [(p.row, p.column, p.msgid) for p in one.draft.problems] == [(2, column, msgid)]


def test_rows_to_correct_say_what_is_wrong_and_come_whole(house: House) -> None:
    text = "title,kind,members\nA,peer,x@y.org\nB,peer,\nA,peer,nobody\n"
    whole = table(text)
    plan = importing.plan_rosters(house.alice, whole)
    rows = importing.to_correct(whole, plan, lambda problem: problem.msgid)
    assert [(row.number, row["problem"]) for row in rows] == [
        (2, ""),
        (4, "members: “%(email)s” is no whole email address, such as ana@example.org."),
    ]


def test_more_people_than_places_are_told(house: House) -> None:
    text = "title,kind,capacity,members\nA,peer,2,a@x.org b@x.org\nB,group,2,a@x.org b@x.org\n"
    plan = importing.plan_rosters(house.alice, table(text))
    assert [one.waits for one in plan.rosters] == [1, 0]


def test_longest_values_that_are_taken_fit_into_their_columns(house: House) -> None:
    link, email = "https://x.org/" + "x" * 486, f"{'e' * 64}@{'d' * 60}.{'d' * 60}.{'d' * 60}.org"
    cells = f"{'T' * 120},group,{'a' * 300},{link},{email}"
    longest = table(f"title,kind,address,meeting link,members\n{cells}\n")
    assert importing.make_rosters(house.alice, AT, longest, (), URL) == importing.Made(1, 1)


def test_too_many_rosters_or_people_are_refused(house: House) -> None:
    many = "".join(f"R{number},peer,\n" for number in range(501))
    with pytest.raises(Invalid, match="rosters at most"):
        importing.plan_rosters(house.alice, table(f"title,kind,members\n{many}"))
    people = ";".join(f"p{number}@x.org" for number in range(501))
    with pytest.raises(Invalid, match="people at most"):
        importing.plan_rosters(house.alice, table(f"title,kind,members\nA,peer,{people}\n"))


def test_people_invited_a_day_are_bounded_by_files_and_by_hand_together(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(allowance.MOST_A_DAY, Role.SUPERVISOR, 4)
    rosters.invite_member(house.alice, AT, house.group, "x@example.org", "supervisee", URL)
    three = "title,kind,members\nA,group,a@x.org;b@x.org\nB,peer,c@x.org\n"
    four = table(f"{three}C,peer,d@x.org\n")
    with pytest.raises(Conflict) as refused:
        importing.make_rosters(house.alice, AT, four, (), URL)
    assert refused.value.params == {"most": 4, "left": 3}
    db.session.rollback()
    rosters.invite_member(house.alice, AT, house.group, "x@example.org", "supervisee", URL)
    assert importing.make_rosters(house.alice, AT, table(three), (), URL).people == 3
    with pytest.raises(Conflict):
        rosters.invite_member(house.alice, AT, house.group, "y@x.org", "supervisee", URL)
    tomorrow = AT + timedelta(days=1)
    rosters.invite_member(house.alice, tomorrow, house.group, "y@x.org", "supervisee", URL)


def test_people_invited_to_the_house_count_among_those_of_a_day(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(allowance.MOST_A_DAY, Role.ORGANISER, 2)
    dana = house.dana
    roster = factories.roster(dana, kind="peer", title="Peers").id
    for email in ("x@example.org", "x@example.org", "y@example.org"):
        people.invite_person(dana, AT, email, Role.MEMBER, URL)
    with pytest.raises(Conflict):
        people.invite_person(dana, AT, "z@example.org", Role.MEMBER, URL)
    with pytest.raises(Conflict):
        rosters.invite_member(dana, AT, roster, "z@example.org", "peer", URL)
    people.invite_person(dana, AT + timedelta(days=1), "z@example.org", Role.MEMBER, URL)


def test_of_two_who_invite_at_once_the_second_counts_the_first(
    house: House, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(allowance.MOST_A_DAY, Role.ORGANISER, 1)
    db.session.commit()

    def invite(email: str) -> None:
        people.invite_person(house.dana, AT, email, Role.MEMBER, URL)

    def second() -> None:
        with app.app_context(), writing():
            invite("y@example.org")

    with ThreadPoolExecutor(1) as pool:
        with writing():
            invite("x@example.org")
            later = pool.submit(second)
            wait([later], timeout=1)
        assert isinstance(later.exception(), Conflict)


def test_second_full_file_of_a_day_writes_nothing(house: House) -> None:
    people = ";".join(f"p{number}@x.org" for number in range(500))
    rosters.invite_member(house.alice, AT, house.group, "x@example.org", "supervisee", URL)
    before = titles()
    full = table(f"title,kind,members\nFull,peer,{people}\n")
    with pytest.raises(Conflict):
        importing.make_rosters(house.alice, AT, full, (), URL)
    assert (titles(), mails_to("p0@x.org")) == (before, [])


def test_member_may_not_import_rosters(house: House) -> None:
    with pytest.raises(NotAllowed):
        importing.make_rosters(house.bob, AT, TWO, (), URL)


def test_last_roster_failing_leaves_nothing_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rosters.make_roster

    def failing(actor, at, form):
        if form.title == "Peers":
            raise Conflict("Something came between.")
        return real(actor, at, form)

    monkeypatch.setattr(rosters, "make_roster", failing)
    with pytest.raises(Conflict):
        importing.make_rosters(house.alice, AT, TWO, (), URL)
    db.session.rollback()
    assert titles() == ["Bob with Alice", "Tuesday group"]
    assert mails_to("ana@example.org") == []


# -- sessions -------------------------------------------------------------------------------


def found(key: str, days: float, minutes: int = 50, **more) -> Found:
    start = AT + timedelta(days=days)
    return Found(key, "Title", start, start + timedelta(minutes=minutes), **more)


PAST, COMING, LATER = found("p", -30), found("c", 2), found("l", 9, 90)
ALL = (PAST, COMING, LATER)


def key_of(roster_id, key: str):
    return session_imports.session_id(roster_id, key)


def add(house: House, events=ALL, *keys: str, who=None, roster=None):
    roster_id = roster or house.group
    chosen = {key_of(roster_id, key) for key in keys or [one.key for one in events]}
    return importing.add_sessions(who or house.alice, AT, roster_id, events, chosen, URL)


def lines(house: House, events=ALL, who=None) -> list[tuple[str, str]]:
    shown = importing.lines_of(who or house.alice, AT, house.group, events)
    return [(line.found.key, line.left_out) for line in shown]


def rows(roster_id) -> list[Session]:
    return list(
        db.session.scalars(
            select(Session).where(Session.roster_id == roster_id).order_by(Session.starts_at)
        )
    )


def test_add_sessions_keeps_instants_and_claims_everybody(house: House) -> None:
    added = add(house)
    assert (added.sessions, added.past) == (3, 1)
    assert [(one.starts_at, one.ends_at, one.original_local) for one in rows(house.group)] == [
        (PAST.starts_at, PAST.ends_at, "2026-10-24T10:00"),
        (COMING.starts_at, COMING.ends_at, "2026-11-25T09:00"),
        (LATER.starts_at, LATER.ends_at, "2026-12-02T09:00"),
    ]
    assert db.session.scalar(select(func.count()).select_from(Claim)) == 9
    assert list(integrity.faults()) == []


def test_only_what_is_to_come_is_told_and_by_one_mail(house: House) -> None:
    add(house)
    (mail,) = mails_to("bob@example.org")
    assert mail.subject == "Booked: Tuesday group, from Wed 25 Nov 2026, 04:00"
    assert "2 sessions" in mail.body
    assert "Oct" not in mail.body
    assert mails_to("alice@example.org") == []


def test_import_of_the_past_alone_tells_nobody(house: House) -> None:
    add(house, [PAST])
    assert mails_to("bob@example.org") == []


def test_second_import_of_a_longer_file_adds_only_what_is_new(house: House) -> None:
    add(house, [PAST, COMING])
    assert lines(house) == [
        ("p", session_imports.BEFORE),
        ("c", session_imports.BEFORE),
        ("l", ""),
    ]
    assert add(house, ALL, "l").sessions == 1
    with pytest.raises(Conflict):
        add(house, ALL, "c")


def test_imported_session_that_was_moved_or_cancelled_here_is_still_known(house: House) -> None:
    add(house, [COMING])
    sessions.cancel_session(house.alice, AT, key_of(house.group, "c"))
    moved_there = found("c", 3)
    assert lines(house, [moved_there]) == [("c", session_imports.BEFORE)]


def test_event_at_the_start_of_a_session_of_the_roster_is_left_out(house: House) -> None:
    roster = db.session.get_one(Roster, house.group)
    factories.session(roster, COMING.starts_at, house.alice, house.bob)
    assert lines(house, [COMING]) == [("c", session_imports.SAME_START)]


def test_event_twice_in_a_file_counts_once(house: House) -> None:
    assert lines(house, [COMING, COMING, found("other", 2)]) == [
        ("c", ""),
        ("c", session_imports.TWICE),
        ("other", session_imports.TWICE),
    ]


def test_overlapping_events_of_a_file_keep_the_first(house: House) -> None:
    assert lines(house, [COMING, found("x", 2.01)]) == [("c", ""), ("x", session_imports.IN_FILE)]


def test_peers_may_overlap_in_a_file(house: House) -> None:
    peers = factories.roster(house.alice, house.bob, kind=Kind.PEER)
    shown = importing.lines_of(house.alice, AT, peers.id, [COMING, found("x", 2.01)])
    assert [line.left_out for line in shown] == ["", ""]


def test_who_leads_and_is_busy_leaves_an_event_out(house: House) -> None:
    sessions.book_session(
        house.alice, AT, house.individual, Wish(datetime.fromisoformat("2026-11-25T09:30"), 50)
    )
    line, other = importing.lines_of(house.alice, AT, house.group, [COMING, LATER])
    assert (line.left_out, dict(line.params)) == (
        session_imports.BUSY_THEN,
        {"name": "Alice Ashworth"},
    )
    assert (other.left_out, other.busy) == ("", [])
    with pytest.raises(Conflict):
        add(house, [COMING, LATER])
    db.session.rollback()
    assert rows(house.group) == []


def test_soft_clash_warns_and_is_told_to_whom_it_concerns(house: House) -> None:
    other = factories.roster(house.dana, house.bob)
    factories.session(other, COMING.starts_at, house.bob)
    (line,) = importing.lines_of(house.alice, AT, house.group, [COMING])
    assert (line.left_out, line.busy) == ("", ["Bob Brandt"])
    add(house, [COMING])
    assert "something else at these times" in mails_to("bob@example.org")[0].body
    assert "something else" not in mails_to("carol@example.org")[0].body


def test_what_a_page_sends_back_is_bounded_in_time(house: House) -> None:
    assert lines(house, [found("old", -733), found("far", 401)]) == []


def test_add_sessions_is_for_those_who_run_the_roster(house: House) -> None:
    with pytest.raises(NotAllowed):
        add(house, who=house.bob)
    with pytest.raises(NotFound):
        add(house, who=house.charlie)
    with pytest.raises(NotFound):
        importing.read_calendar(house.charlie, AT, house.group, b"")


def test_failing_claim_leaves_no_session_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "clashes", lambda *_args: [])
    sessions.book_session(
        house.alice, AT, house.individual, Wish(datetime.fromisoformat("2026-11-25T09:30"), 50)
    )
    db.session.commit()
    with pytest.raises(Conflict):
        add(house, [COMING, LATER])
    db.session.rollback()
    assert rows(house.group) == []


def test_statements_are_as_many_for_one_event_as_for_thirty(house: House) -> None:
    with counted() as one:
        add(house, [COMING])
    with counted() as many:
        add(house, [found(f"m{number}", 20 + number) for number in range(30)])
    assert len(many) == len(one)


def test_imported_sessions_stay_when_clocks_are_followed(house: House) -> None:
    add(house)
    db.session.commit()
    assert sessions.follow_clocks(AT) == 0


def test_feeds_are_out_of_date_with_an_import(house: House) -> None:
    version = select(Person.feed_version).where(Person.id == house.bob.id)
    before = db.session.scalar(version)
    add(house)
    assert (before, db.session.scalar(version)) == (0, 1)


def test_imported_past_gives_nobody_a_turn(house: House) -> None:
    peers = factories.roster(house.alice, house.bob, kind=Kind.PEER)
    add(house, [found(f"p{number}", -9 + 2 * number) for number in range(3)], roster=peers.id)
    rota = meetings.rota_of(house.alice, AT, peers.id)
    assert ([one.turns for one in rota.tally], rota.meetings) == ([0, 0], 0)


# -- the child ------------------------------------------------------------------------------

WEEKLY = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:w\r\nSUMMARY:Group\r\n"
    b"DTSTART;TZID=Europe/London:20261124T100000\r\nDURATION:PT50M\r\n"
    b"RRULE:FREQ=WEEKLY;COUNT=2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.engines("sqlite")
def test_child_reads_a_calendar(house: House) -> None:
    read = importing.read_calendar(house.alice, AT, house.group, WEEKLY)
    assert [(one.key, one.starts_at) for one in read] == [
        ("w 20261124T100000Z", datetime(2026, 11, 24, 10, 0, tzinfo=UTC)),
        ("w 20261201T100000Z", datetime(2026, 12, 1, 10, 0, tzinfo=UTC)),
    ]
    assert [Found.of(one.plain()) for one in read] == read


@pytest.mark.engines("sqlite")
def test_child_says_why_a_file_is_none(house: House) -> None:
    with pytest.raises(Unreadable, match="not a calendar file"):
        importing.read_calendar(house.alice, AT, house.group, b"\x89PNG")


@pytest.mark.engines("sqlite")
def test_child_that_toils_is_stopped(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = CALENDARS["each second of each day of a week"]
    monkeypatch.setattr(child, "SECONDS", 3)
    with pytest.raises(Unreadable) as caught:
        child.ask(bomb, "Europe/London", AT)
    assert caught.value.msgid == child.TOO_SLOW


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("name", CALENDARS)
def test_bomb_is_read_or_refused_within_three_seconds_of_work(app: Flask, name: str) -> None:
    """The child's own program holds it to that."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with suppress(Unreadable):
        child.ask(CALENDARS[name], "Europe/London", AT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3.5


NO_QUESTION = """
import io, runpy, sys
sys.stdin = io.StringIO()
try:
    runpy.run_path({alone!r}, run_name=sys.argv[1])
except ValueError:
    pass
bytearray(700_000_000)
"""


@pytest.mark.parametrize(("name", "ended"), [("__main__", 1), ("not its own program", 0)])
def test_memory_of_the_child_has_an_end_that_the_system_keeps(name: str, ended: int) -> None:
    code = NO_QUESTION.format(alone=str(child.ALONE))
    done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, check=False)
    assert (done.returncode, b"MemoryError" in done.stderr) == (ended, bool(ended))
