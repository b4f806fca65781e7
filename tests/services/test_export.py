"""Everything of one's own as files, on both databases."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from supervision.db import db
from supervision.domain.reflections import Words
from supervision.models.attendance import Attendance
from supervision.models.audit import AuditEntry
from supervision.models.mail import Outbox
from supervision.models.notes import NoteRevision
from supervision.services import availability, export, feeds, meetings, notes, sharing
from supervision.services.availability import Away, Offer, OwnTerms, WeekHours, Whole
from supervision.services.export import reflections
from supervision.services.leave import LeaveWish
from supervision.services.notes import Edit
from tests import factories
from tests.support.sharing import BASE, TEXT, compare_all, give, opened
from tests.support.sharing import write as write_page
from tests.support.statements import counted
from tests.support.vaults import furnish, pepper

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def house(app, clock):
    return factories.house()


@pytest.fixture
def keys(house):
    return furnish(house.bob)


def files_of(actor, keys):
    return {file.path: file.body for file in export.files(actor, keys, pepper())}


def write(actor, keys, *texts, title="A long day"):
    """A note with a revision for each text."""
    note_id = uuid4()
    for base, text in enumerate(texts):
        words = Words("cft", title, {"reflection": text, "threat_me": 7, "supervision": True})
        notes.save_note(actor, AT + base * DAY, keys, Edit(note_id, uuid4(), base), words)
    return note_id


def test_reflection_is_there_as_it_stands_and_with_its_history(house, keys):
    note_id = write(house.bob, keys, "First.", "Second, *kinder*.")
    found = files_of(house.bob, keys)
    name = f"reflections/2026-11-23-a-long-day-{note_id.hex[:8]}"
    page = found[f"{name}.md"].decode()
    assert page.startswith("# A long day\n\n- Begun: 2026-11-23\n")
    assert ("- Threat, me: 7\n" in page, "Second, *kinder*." in page, "First." in page) == (
        True,
        True,
        False,
    )
    told = json.loads(found[f"{name}.json"])["revisions"]
    assert [(one["number"], one["fields"]["reflection"]) for one in told] == [
        (1, "First."),
        (2, "Second, *kinder*."),
    ]
    assert told[1]["written_at"] == "2026-11-24T09:00:00+00:00"


def test_revision_that_does_not_open_is_told_as_such(house, keys):
    note_id = write(house.bob, keys, "First.", "Second.")
    db.session.execute(
        update(NoteRevision)
        .where(NoteRevision.note_id == note_id, NoteRevision.number == 1)
        .values(wrap=bytes(200))
    )
    found = files_of(house.bob, keys)
    [told] = [
        json.loads(body) for path, body in found.items() if path.endswith(".json") and "/" in path
    ]
    assert [one.get("opens", True) for one in told["revisions"]] == [False, True]


def test_deleted_reflection_is_left_out(house, keys):
    note_id = write(house.bob, keys, "Gone.")
    notes.delete_note(house.bob, AT, keys, note_id)
    assert [path for path in files_of(house.bob, keys) if "/" in path] == []


def test_draft_that_waits_is_there(house, keys):
    edit = Edit(uuid4(), uuid4(), 0)
    notes.save_draft(house.bob, AT, edit, Words("free", "Late", {"reflection": "Tired."}), pepper())
    [path] = [path for path in files_of(house.bob, keys) if path.startswith("drafts/")]
    assert path == f"drafts/2026-11-23-late-{edit.editor.hex[:8]}.md"


def test_rosters_sessions_and_attendance_are_ones_own(house, keys):
    group = db.session.get_one(factories.Roster, house.group)
    mine = factories.session(group, AT - DAY, house.alice, house.bob, house.carol)
    factories.session(group, AT - 2 * DAY, house.alice, house.carol)
    db.session.add_all(_marked(mine, who, house.alice) for who in (house.bob, house.carol))
    db.session.flush()
    found = files_of(house.bob, keys)
    assert json.loads(found["profile.json"])["email"] == "bob@example.org"
    titles = {one["title"] for one in json.loads(found["rosters.json"])}
    assert titles == {"Tuesday group", "Bob with Alice"}
    assert [one["id"] for one in json.loads(found["sessions.json"])] == [str(mine.id)]
    [line] = json.loads(found["attendance.json"])
    assert (line["minutes"], line["marked_by"]) == (45, "Alice Ashworth")
    [event] = Calendar.from_ical(found["sessions.ics"].decode()).walk("VEVENT")
    assert (event["SUMMARY"], event.decoded("DTSTART")) == ("Tuesday group", AT - DAY)
    assert found["sessions.csv"].decode("utf-8-sig").count("\r\n") == 2


def _marked(session, who, lead):
    return Attendance(
        session_id=session.id,
        person_id=who.id,
        state="attended",
        minutes=45,
        role="supervisee",
        contracted=True,
        version=1,
        marked_by_id=lead.id,
        marked_at=AT,
    )


def test_availability_leave_and_links_are_there(house, keys):
    bob = house.bob
    hours = WeekHours((0, 2), (9 * 60, 12 * 60))
    kinds = [Offer("Triad", 75)]
    said = Whole(OwnTerms("America/Toronto"), [hours], [], [Away(AT.date(), AT.date(), "")], kinds)
    availability.save_availability(bob, AT, said)
    first = AT.date() + DAY
    meetings.take_leave(bob, AT, LeaveWish(first, first + DAY, "holiday"))
    _, token = feeds.make_subscription(bob, AT, "person", None, "Phone", "plain")
    found = files_of(bob, keys)
    told = json.loads(found["availability.json"])
    assert [(one["weekday"], one["from_minute"]) for one in told["hours"]] == [(0, 540), (2, 540)]
    assert [one["name"] for one in told["kinds"]] == ["Triad"]
    assert (told["terms"][0]["zone"], len(told["time_off"])) == ("America/Toronto", 1)
    assert [one["first_on"] for one in json.loads(found["leave.json"])] == ["2026-11-24"]
    assert [one["label"] for one in json.loads(found["feeds.json"])] == ["Phone"]
    assert all(token.encode() not in body for body in found.values())


def test_what_is_shared_and_answered_is_there(app, clock):
    place = opened()
    compare_all(place)
    share_id = give(place, write_page(place), place.carol)
    gone = give(place, write_page(place), place.alice)
    sharing.revoke(place.bob, AT, pepper(), gone)
    comment = (place.carol, AT, place.of(place.carol), share_id, uuid4(), "Be kind to you.", BASE)
    sharing.add_comment(*comment)
    found = files_of(place.bob, place.of(place.bob))
    told = [json.loads(body) for path, body in found.items() if path.startswith("shared/")]
    by_id = {one["id"]: one for one in told}
    assert set(by_id) == {str(share_id), str(gone)}
    one = by_id[str(share_id)]
    assert (one["readers"], one["passage"]["blocks"][0]["text"]) == (["Carol Conti"], TEXT)
    assert [said["text"] for said in one["comments"]] == ["Be kind to you."]
    assert by_id[str(gone)]["readers"] == []
    theirs = files_of(place.carol, place.of(place.carol))
    assert [path for path in theirs if path.startswith("shared/")] == []
    [line] = json.loads(theirs["comments.json"])
    assert (line["owner"], line["comments"][0]["text"]) == ("Bob Brandt", "Be kind to you.")
    assert all(TEXT.encode() not in body for body in theirs.values())


def test_person_without_anything_gets_what_there_is(house):
    keys = furnish(house.dana)
    assert sorted(files_of(house.dana, keys)) == [
        "about.txt",
        "attendance.csv",
        "attendance.json",
        "feeds.csv",
        "feeds.json",
        "leave.csv",
        "leave.json",
        "profile.json",
        "rosters.csv",
        "rosters.json",
        "sessions.csv",
        "sessions.json",
    ]


def test_statements_are_as_many_for_one_reflection_as_for_thirty(house, keys):
    counts = []
    for many in (1, 29):
        for _ in range(many):
            write(house.bob, keys, "Words.")
        with counted() as seen:
            files_of(house.bob, keys)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_hundreds_are_opened_in_batches(house, keys, monkeypatch):
    monkeypatch.setattr(reflections, "BATCH", 2)
    written = {write(house.bob, keys, "One.", "Two.").hex[:8] for _ in range(5)}
    found = files_of(house.bob, keys)
    told = {path[-13:-5] for path in found if path.startswith("reflections/") and "json" in path}
    assert told == written
    assert all(b'"opens"' not in body for body in found.values())


def test_export_leaves_a_line_and_a_mail_without_content(house):
    export.keep_export(house.bob, AT, sealed=True)
    line = db.session.execute(
        select(AuditEntry.act, AuditEntry.actor_id, AuditEntry.detail).order_by(
            AuditEntry.id.desc()
        )
    ).first()
    assert line is not None
    assert tuple(line) == ("export.make", house.bob.id, {"sealed": "True"})
    mail = db.session.scalars(select(Outbox)).one()
    assert (mail.recipient, mail.kind) == ("bob@example.org", "account")
