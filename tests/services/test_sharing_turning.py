"""What is shared and whose keys were compared, once a master key was replaced or its owner left."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from supervision.db import db, writing
from supervision.domain import vault
from supervision.errors import NotFound
from supervision.models.sharing import KeyPin, ShareSeal
from supervision.services import leaving, rotation, sharing, sign_ins
from supervision.services.sharing import KeyState
from tests.support.sharing import (
    AT,
    BASE,
    TEXT,
    Open,
    compare_all,
    give,
    opened,
    read,
    write,
)
from tests.support.vaults import PASSPHRASE, pepper, settings


@pytest.fixture
def compared(app, clock) -> Open:
    place = opened()
    compare_all(place)
    return place


def turn(place: Open, who) -> None:
    """Somebody replaces their key, from beginning to end."""
    turned = rotation.prepare(who, place.of(who), pepper())
    changed = sign_ins.change(sign_ins.Opened(who.id, turned.keys), PASSPHRASE, settings())
    with writing():
        rotation.begin(who, AT, turned, changed)
    over = False
    while not over:
        with writing():
            over = rotation.go_on(who, AT, turned.keys).over
    place.keys[who.id] = vault.without_former(turned.keys)
    db.session.expire_all()


def states(place: Open, actor) -> set[KeyState]:
    circles = sharing.circles_of(actor, place.of(actor))
    return {one.state for circle in circles for one in circle.people}


def test_shares_and_compared_keys_outlast_a_new_master_key(compared):
    share_id = give(compared, write(compared), compared.alice, compared.carol)
    turn(compared, compared.bob)
    assert states(compared, compared.bob) == {KeyState.CHECKED}
    assert (
        sharing.own_share(compared.bob, compared.of(compared.bob), pepper(), share_id).passage
        is not None
    )
    assert read(compared, compared.alice, share_id) == TEXT
    again = give(compared, write(compared), compared.alice)
    assert read(compared, compared.alice, again) == TEXT


def test_reader_with_a_new_master_key_reads_on(compared):
    share_id = give(compared, write(compared), compared.alice)
    turn(compared, compared.alice)
    assert read(compared, compared.alice, share_id) == TEXT


def test_compared_keys_are_lost_where_pins_are_not_made_anew(compared, monkeypatch):
    monkeypatch.setattr(sharing, "turn_keys", lambda *_: None)
    turn(compared, compared.bob)
    assert KeyState.CHECKED not in states(compared, compared.bob)


def test_closing_an_account_takes_back_what_it_shared(compared):
    share_id = give(compared, write(compared), compared.alice, compared.carol)
    with writing():
        leaving.close_account(compared.bob, AT, BASE, pepper())
    with pytest.raises(NotFound):
        read(compared, compared.alice, share_id)
    assert db.session.scalar(select(func.count()).select_from(ShareSeal)) == 0


def test_nobody_s_keys_are_remembered_once_they_have_left(compared):
    with writing():
        leaving.close_account(compared.bob, AT, BASE, pepper())
    leaving.finish_due(AT + timedelta(days=7))
    about = select(func.count()).where(
        (KeyPin.person_id == compared.bob.id) | (KeyPin.owner_id == compared.bob.id)
    )
    assert db.session.scalar(about) == 0
