"""Which mails somebody wants: chosen on a page, or stopped by the link at a mail's end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask

from supervision.db import db
from supervision.errors import Gone, Invalid
from supervision.models.mail import OPTIONAL, MailAgenda, MailKind
from supervision.permissions import Actor
from supervision.services import mail, people
from supervision.services.mail import Choices
from supervision.services.people import Profile
from tests import factories

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
KEY = "k" * 32
ALL = frozenset(OPTIONAL)
USUAL = Choices(ALL - {MailKind.AGENDA}, (1440,), None)


@pytest.fixture
def bob(app: Flask) -> Actor:
    """In Toronto, where it is four in the morning."""
    return factories.person("bob")


def agenda_due() -> list[datetime]:
    return list(db.session.scalars(db.select(MailAgenda.due_at)))


def token_for(bob: Actor, kind: str) -> str:
    return mail.stop_token(KEY, bob.id, kind)


# -- choices -------------------------------------------------------------------------------


def test_who_chose_nothing_gets_all_but_the_agenda_and_one_reminder(bob: Actor) -> None:
    assert mail.choices_of(bob) == USUAL


def test_choice_is_what_was_chosen_and_nobody_else_s(bob: Actor) -> None:
    wanted = Choices(frozenset({MailKind.TURNS, MailKind.REMINDERS}), (1440, 60, 15), None)
    mail.choose(bob, AT, wanted)
    assert mail.choices_of(bob) == wanted
    assert mail.choices_of(factories.person("carol")) == USUAL


def test_choice_takes_the_place_of_the_former_one(bob: Actor) -> None:
    mail.choose(bob, AT, Choices(frozenset(), (60,), 7))
    mail.choose(bob, AT, USUAL)
    assert (mail.choices_of(bob), agenda_due()) == (USUAL, [])


def test_agenda_is_due_at_the_next_such_hour_of_its_reader(bob: Actor) -> None:
    mail.choose(bob, AT, Choices(ALL, (1440,), 7))
    assert agenda_due() == [datetime(2026, 11, 23, 12, tzinfo=UTC)]
    assert mail.choices_of(bob) == Choices(ALL, (1440,), 7)


def test_no_reminder_at_all_turns_their_kind_off(bob: Actor) -> None:
    mail.choose(bob, AT, Choices(ALL, (), None))
    assert mail.choices_of(bob).kinds == ALL - {MailKind.AGENDA, MailKind.REMINDERS}


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        (Choices(ALL, (1440, 120, 60, 30), None), "reminders"),
        (Choices(ALL, (61,), None), "reminders"),
        (Choices(ALL, (60,), 24), "agenda_hour"),
        (Choices(ALL, (60,), -1), "agenda_hour"),
    ],
)
def test_choice_that_is_not_offered_is_refused(bob: Actor, choices: Choices, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        mail.choose(bob, AT, choices)
    assert caught.value.field == field


def test_agenda_follows_its_reader_to_another_zone(bob: Actor) -> None:
    mail.choose(bob, AT, Choices(ALL, (1440,), 7))
    people.edit_profile(bob, AT, Profile("Bob", "Asia/Tokyo", "en", "24", 0))
    assert agenda_due() == [datetime(2026, 11, 23, 22, tzinfo=UTC)]


# -- the link that stops -------------------------------------------------------------------


def test_link_stops_its_kind_and_no_other_and_twice_is_once(bob: Actor) -> None:
    token = token_for(bob, MailKind.TURNS)
    first, found = mail.stop(KEY, AT, token), mail.stop(KEY, AT, token)
    assert first == found
    assert (found.email, found.kind) == ("bob@example.org", MailKind.TURNS)
    assert mail.choices_of(bob) == Choices(USUAL.kinds - {MailKind.TURNS}, (1440,), None)


def test_link_that_stops_the_agenda_takes_its_hour(bob: Actor) -> None:
    mail.choose(bob, AT, Choices(ALL, (1440,), 7))
    mail.stop(KEY, AT, token_for(bob, MailKind.AGENDA))
    assert (mail.choices_of(bob), agenda_due()) == (USUAL, [])


def test_looking_at_a_link_stops_nothing(bob: Actor) -> None:
    mail.open_stop(KEY, token_for(bob, MailKind.TURNS))
    assert mail.choices_of(bob) == USUAL


def test_forged_stale_and_foreign_links_are_gone_alike(bob: Actor) -> None:
    sound = token_for(bob, MailKind.TURNS)
    bad = {
        "forged": sound[:-9] + ("A" if sound[-9] != "A" else "B") + sound[-8:],
        "cut": sound[:10],
        "nothing": "x" * 43,
        "another key": mail.stop_token("y" * 32, bob.id, MailKind.TURNS),
        "account": token_for(bob, MailKind.ACCOUNT),
        "a former kind": token_for(bob, "letters"),
        "nobody": mail.stop_token(KEY, uuid4(), MailKind.TURNS),
    }
    said = set()
    for token in bad.values():
        with pytest.raises(Gone) as caught:
            mail.stop(KEY, AT + timedelta(days=1), token)
        said.add(str(caught.value))
    assert (len(said), mail.choices_of(bob)) == (1, USUAL)
