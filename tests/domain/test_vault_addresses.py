"""Addresses that the server opens by itself, and nobody who only has the database."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.vault import Damaged, envelope
from tests.domain.vault_cast import ALICE, BOB, FIELDS, PEPPER, every_damage

CALENDAR, OTHER = UUID(int=8), UUID(int=9)
ADDRESS = "https://calendar.example/private-0123456789abcdef/basic.ics"


def sealed() -> bytes:
    return vault.seal_address(ADDRESS, ALICE, CALENDAR, PEPPER)


@given(st.text(max_size=2000))
def test_an_address_opens_to_what_was_sealed(text: str) -> None:
    blob = vault.seal_address(text, ALICE, CALENDAR, PEPPER)
    assert vault.open_address(blob, ALICE, CALENDAR, PEPPER) == text


def test_neither_the_address_nor_its_length_shows() -> None:
    other = vault.seal_address("https://a.org/", ALICE, CALENDAR, PEPPER)
    assert (b"calendar.example" in sealed(), len(sealed()) == len(other)) == (False, True)


@pytest.mark.parametrize(
    ("owner", "key", "pepper"),
    [(BOB, CALENDAR, PEPPER), (ALICE, OTHER, PEPPER), (ALICE, CALENDAR, bytes(32))],
)
def test_address_moved_elsewhere_does_not_open(owner: UUID, key: UUID, pepper: bytes) -> None:
    with pytest.raises(Damaged):
        vault.open_address(sealed(), owner, key, pepper)


def test_every_damage_to_an_address_is_refused() -> None:
    for damaged in every_damage(sealed()):
        with pytest.raises(Damaged):
            vault.open_address(damaged, ALICE, CALENDAR, PEPPER)


def test_address_is_of_a_type_of_its_own() -> None:
    start, end = FIELDS["type"]
    assert sealed()[start:end] == bytes([envelope.Type.ADDRESS])
