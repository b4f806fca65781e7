"""Where somebody is signed in, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from supervision.db import db
from supervision.errors import NotFound
from supervision.models.audit import AuditEntry
from supervision.models.people import SignIn
from supervision.services import devices, people
from supervision.services.people import SIGN_IN_LASTS
from tests import factories
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def bob(app, clock):
    return factories.person("bob")


def as_signed_in(sign_in_id, at=AT):
    found = people.actor_for(sign_in_id, at)
    assert found is not None
    return found


def test_devices_are_this_one_then_the_latest_used(bob):
    older, newer = (people.sign_in(bob.id, FIREFOX, AT - hours * HOUR) for hours in (5, 3))
    devices.note_use(as_signed_in(older), AT - HOUR)
    found = devices.signed_in(bob, AT)
    assert [(one.id, one.here) for one in found] == [
        (bob.sign_in_id, True),
        (older, False),
        (newer, False),
    ]
    assert [one.used_at for one in found[1:]] == [AT - HOUR, AT - 3 * HOUR]
    assert (found[1].device.browser, found[1].since) == ("Firefox", AT - 5 * HOUR)


def test_ended_and_outlived_sign_ins_are_no_devices(bob):
    people.sign_in(bob.id, FIREFOX, AT - SIGN_IN_LASTS)
    ended = people.sign_in(bob.id, FIREFOX, AT - HOUR)
    devices.sign_out_there(bob, AT, ended)
    assert [one.id for one in devices.signed_in(bob, AT)] == [bob.sign_in_id]


def test_use_is_written_once_an_hour(bob):
    key = people.sign_in(bob.id, FIREFOX, AT)
    early = AT + HOUR - timedelta(seconds=1)
    assert devices.is_noted(as_signed_in(key), early)
    assert not devices.is_noted(as_signed_in(key), AT + HOUR)
    devices.note_use(as_signed_in(key), AT + HOUR)
    again = as_signed_in(key)
    assert (again.used_at, devices.is_noted(again, AT + HOUR)) == (AT + HOUR, True)


def test_use_of_another_sign_in_is_not_written(bob):
    key, other = (people.sign_in(bob.id, FIREFOX, AT) for _ in range(2))
    devices.note_use(as_signed_in(key), AT + HOUR)
    assert as_signed_in(other).used_at == AT


def test_sign_out_there_ends_that_one_alone_and_leaves_a_line(bob):
    key = people.sign_in(bob.id, FIREFOX, AT)
    devices.sign_out_there(bob, AT, key)
    assert (people.actor_for(key, AT), people.actor_for(bob.sign_in_id, AT)) == (None, bob_of(bob))
    lines = db.session.execute(
        select(AuditEntry.act, AuditEntry.actor_id).where(AuditEntry.subject_id == key)
    ).all()
    assert [tuple(line) for line in lines] == [
        ("people.sign_in", bob.id),
        ("people.sign_out", bob.id),
    ]


def bob_of(bob):
    return people.actor_for(bob.sign_in_id, AT)


@pytest.mark.parametrize("act", [devices.lock_there, devices.sign_out_there])
def test_device_of_somebody_else_is_like_an_unknown_one(bob, act):
    carol = factories.person("carol")
    for key in (carol.sign_in_id, factories.unknown()):
        with pytest.raises(NotFound):
            act(bob, AT, key)
    row = db.session.get_one(SignIn, carol.sign_in_id)
    assert row.ended_at is None


def test_ended_device_cannot_be_ended_again(bob):
    key = people.sign_in(bob.id, FIREFOX, AT)
    devices.sign_out_there(bob, AT, key)
    with pytest.raises(NotFound):
        devices.sign_out_there(bob, AT, key)


def test_list_takes_one_statement_however_long(bob):
    for _ in range(30):
        people.sign_in(bob.id, FIREFOX, AT)
    with counted() as seen:
        assert len(devices.signed_in(bob, AT)) == 31
    assert len(seen) == 1
