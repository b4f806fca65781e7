"""Padding that hides how long a text is (Padmé, Nikitin et al., PETS 2019, section 4)."""

import struct

from supervision.domain.vault.faults import Damaged

SMALLEST = 512
_LENGTH = struct.Struct(">I")


def padded_size(size: int) -> int:
    """The Padmé size in bytes for `size` bytes: at most 12 % more, at least `SMALLEST`."""
    if size <= SMALLEST:
        return SMALLEST
    exponent = size.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (size + mask) & ~mask


def pad(body: bytes) -> bytes:
    """u32 length, the body, then zeros up to the Padmé size of both."""
    size = _LENGTH.size + len(body)
    return _LENGTH.pack(len(body)) + body + bytes(padded_size(size) - size)


def unpad(padded: bytes) -> bytes:
    """The body again. Raises Damaged for any other size or filling than `pad` makes."""
    if len(padded) < SMALLEST:
        raise Damaged("padding")
    end = _LENGTH.size + int(_LENGTH.unpack_from(padded)[0])
    if padded_size(end) != len(padded) or padded.count(0, end) != len(padded) - end:
        raise Damaged("padding")
    return padded[_LENGTH.size : end]
