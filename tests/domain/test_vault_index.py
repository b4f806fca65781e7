"""Attacks on the sealed catalogue by somebody who can write the database.

As in `test_vault_notes`: each fails against the vault, and succeeds where its field is left out.
"""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.vault import Damaged, Part, WrongKey
from supervision.domain.vault.envelope import Type, place_of, seal
from supervision.domain.vault.padding import pad
from tests.domain.vault_cast import ALICE, BOB, BODY, FIELDS, drop, every_damage, member

HEAD, OTHER_HEAD = bytes([1]) * 32, bytes([2]) * 32
NAME = UUID(bytes=b"cards\0\0\0" + (0).to_bytes(8))


def sealed(
    part: Part = Part.CARDS, number: int = 0, counter: int = 7, head: bytes = vault.NO_HASH
) -> bytes:
    """A part of Alice's catalogue."""
    return vault.seal_index(member(ALICE).keys, ALICE, part, number, counter, BODY, head)


def opened(
    blob: bytes,
    part: Part = Part.CARDS,
    number: int = 0,
    counter: int = 7,
    head: bytes = vault.NO_HASH,
    owner: UUID = ALICE,
) -> bytes:
    """What Alice's request reads."""
    return vault.open_index(member(ALICE).keys, owner, part, number, counter, blob, head)


@given(
    st.binary(max_size=3000),
    st.sampled_from(Part),
    st.integers(0, 2**31),
    st.integers(0, 2**63),
    st.binary(min_size=32, max_size=32),
)
def test_a_part_opens_to_what_was_sealed(body, part, number, counter, head):
    keys = member(ALICE).keys
    blob = vault.seal_index(keys, ALICE, part, number, counter, body, head)
    assert vault.open_index(keys, ALICE, part, number, counter, blob, head) == body


def test_a_sealed_part_shows_no_text():
    assert BODY[:10] not in sealed()


def another_type() -> bytes:
    """Something else that was sealed under the same key."""
    return opened(seal(member(ALICE).keys.index, Type.CHUNK, place_of(NAME, ALICE, 7), pad(BODY)))


def another_epoch() -> bytes:
    place = place_of(NAME, ALICE, 7, epoch=2)
    return opened(seal(member(ALICE).keys.index, Type.INDEX, place, pad(BODY)))


def texts_as_cards() -> bytes:
    return opened(sealed(Part.TEXT))


def another_owner() -> bytes:
    """The row says that it is Bob's, and Bob was given keys that open it."""
    return opened(sealed(), owner=BOB)


def put_back() -> bytes:
    """The segment as it was before the last save."""
    return opened(sealed(counter=6))


def another_head() -> bytes:
    """A root that was sealed beside another head, at the same count."""
    return opened(sealed(Part.ROOT, head=OTHER_HEAD), Part.ROOT, head=HEAD)


BY_FIELD: dict[str, Callable[[], bytes]] = {
    "type": another_type,
    "epoch": another_epoch,
    "object": texts_as_cards,
    "owner": another_owner,
    "revision": put_back,
    "previous": another_head,
}


@pytest.mark.parametrize("field", BY_FIELD)
def test_each_attack_on_the_catalogue_succeeds_without_its_field(monkeypatch, field):
    drop(monkeypatch, field)
    assert BY_FIELD[field]() == BODY


PAIRS = [(a, b) for a in BY_FIELD for b in FIELDS if b not in (a, "nonce")]


@pytest.mark.parametrize(("field", "other"), PAIRS)
def test_each_attack_on_the_catalogue_fails_without_any_other_field(monkeypatch, field, other):
    drop(monkeypatch, other)
    with pytest.raises(Damaged):
        BY_FIELD[field]()


@pytest.mark.parametrize("attack", BY_FIELD.values(), ids=BY_FIELD)
def test_each_attack_on_the_catalogue_fails(attack):
    with pytest.raises(Damaged):
        attack()


def test_segment_does_not_open_in_the_place_of_another():
    with pytest.raises(Damaged):
        opened(sealed(number=1))


def test_every_byte_cut_and_tail_of_a_part():
    for damaged in every_damage(sealed()):
        with pytest.raises(Damaged):
            opened(damaged)


def test_part_of_another_vault_does_not_open():
    theirs = vault.seal_index(member(BOB).keys, ALICE, Part.CARDS, 0, 7, BODY)
    with pytest.raises(WrongKey):
        opened(theirs)
