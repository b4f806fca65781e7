"""Sizes were worked by hand from the paper: exponent E, S = bits of E, low bits E − S are zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.vault import padding
from supervision.domain.vault.faults import Damaged
from tests.domain.vault_cast import seal_note


@pytest.mark.parametrize(
    ("size", "padded"),
    [
        (0, 512),
        (512, 512),
        (513, 544),  # E 9, S 4: multiples of 2**5
        (544, 544),
        (545, 576),
        (1023, 1024),
        (1024, 1024),  # E 10, S 4: multiples of 2**6
        (1025, 1088),
        (2052, 2176),  # E 11, S 4: multiples of 2**7
        (20484, 21504),  # E 14, S 4: multiples of 2**10
        (65537, 67584),  # E 16, S 5: multiples of 2**11
    ],
)
def test_padded_size_is_padme(size, padded):
    assert padding.padded_size(size) == padded


@given(st.integers(min_value=1, max_value=1 << 30))
def test_padded_size_is_little_more_and_stable(size):
    padded = padding.padded_size(size)
    assert max(size, 512) <= padded <= max(512, size * 1.12)
    assert padding.padded_size(padded) == padded


@given(st.binary(max_size=3000))
def test_unpad_gives_back_what_was_padded(body):
    assert padding.unpad(padding.pad(body)) == body


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(511),
        bytes(513),
        b"\0\0\0\1" + bytes(507) + b"x",  # something hidden behind the text
        b"\0\0\1\xfd" + bytes(508),  # longer than there is
        b"\xff\xff\xff\xff" + bytes(508),
        bytes(544),  # more padding than there would be
    ],
)
def test_unpad_refuses_what_pad_does_not_make(padded):
    with pytest.raises(Damaged):
        padding.unpad(padded)


def sizes_of_notes_from_520_to_540_bytes() -> set[int]:
    return {len(seal_note(body=b"x" * size).envelope) for size in range(520, 541)}


def test_attack_34_notes_of_520_to_540_bytes_have_one_size():
    assert sizes_of_notes_from_520_to_540_bytes() == {128 + 544 + 16}


def test_attack_34_succeeds_without_padding(monkeypatch):
    monkeypatch.setattr(padding, "padded_size", lambda size: size)
    assert len(sizes_of_notes_from_520_to_540_bytes()) == 21
