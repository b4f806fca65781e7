"""Handing a text on: sealed once under a key of its own, and that key to each reader.

HPKE tells nothing of who sealed (RFC 9180, 9.1): anybody with the reader's public keys could. So
each hand-over is signed by the author, over all that the key was sealed for, over the envelope, and
over the list of all readers. Moved to another text, reader or state, or with a reader slipped in,
it does not open.
"""

import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature, InvalidTag

from supervision.domain.vault.contacts import record_hash
from supervision.domain.vault.envelope import (
    HEADER_BYTES,
    OnceKey,
    Place,
    Type,
    pack_start,
    place_of,
    seal,
    unseal,
)
from supervision.domain.vault.faults import Damaged
from supervision.domain.vault.keys import Keys
from supervision.domain.vault.padding import pad, unpad
from supervision.domain.vault.pairs import HPKE, PrivateKeys, PublicKeys
from supervision.domain.vault.revisions import Sealed, unwrap

ID_BYTES = 16


class Subject(NamedTuple):
    """What is handed on: a text of its author's, about something, in its `number`-th state (1, …).

    A share is about a note, a comment about a share.
    """

    kind: Type
    id: UUID
    about: UUID
    author_id: UUID
    number: int


class Readers(NamedTuple):
    """Who may read: a list as `listed` packs it, and its number (1, …), which grows with each
    change.

    Lists from before they were numbered have number 0, and so has the one reader of a comment.
    """

    ids: bytes
    number: int


class Handed(NamedTuple):
    """The key of a text, sealed to one reader and signed by its author."""

    sealed_key: bytes
    signature: bytes


class Shared(NamedTuple):
    """A text as it is stored, with what each reader was handed. `wrap` is for its author."""

    sealed: Sealed
    handed: Mapping[UUID, Handed]


def a_share(share_id: UUID, note_id: UUID, author_id: UUID, number: int) -> Subject:
    """Something of a note's, shared in its `number`-th state."""
    return Subject(Type.SHARE, share_id, note_id, author_id, number)


def a_comment(comment_id: UUID, share_id: UUID, author_id: UUID, number: int) -> Subject:
    """What a reader writes about the `number`-th state of a share."""
    return Subject(Type.COMMENT, comment_id, share_id, author_id, number)


def listed(readers: Iterable[UUID]) -> bytes:
    """A list of readers as it is signed: their ids in order, each once, 16 bytes each."""
    return b"".join(sorted({reader.bytes for reader in readers}))


def listed_ids(readers: bytes) -> list[UUID]:
    """The ids in a list."""
    return [UUID(bytes=part) for part in _parts(readers)]


def sign_list(private: PrivateKeys, subject: Subject, readers: Readers) -> bytes:
    """The author's signature (64 bytes) under who may read; the same for all states of a share."""
    return private.ed25519.sign(_list_words(subject, readers))


def check_list(author: PublicKeys, subject: Subject, readers: Readers, signature: bytes) -> None:
    """Raises Damaged unless the author signed this very list for this share."""
    _verify(author, signature, _list_words(subject, readers))


def seal_shared(
    keys: Keys,
    private: PrivateKeys,
    subject: Subject,
    body: bytes,
    readers: Iterable[PublicKeys],
    everybody: Readers,
    epoch: int = 1,
) -> Shared:
    """Seal a text and hand its key to each of `readers` (about 0.15 ms for the first).

    `keys` and `private` are the author's, `epoch` their key epoch. `everybody` is the list of all
    who may read, of whom `readers` are those that are handed it now. Raises Damaged for a reader
    who is not in the list.
    """
    data_key, place = os.urandom(32), _place(subject, epoch)
    envelope = seal(OnceKey(data_key), subject.kind, place, pad(body))
    sealed = Sealed(envelope, seal(keys.wrap, Type.WRAP, place, data_key))
    handed = {}
    for reader in readers:
        _in_list(reader.person_id, everybody.ids)
        info = _info(subject, place, envelope, reader)
        sealed_key = HPKE.encrypt(data_key, reader.hpke, info=info)
        words = _hand_words(info, envelope, sealed_key, everybody)
        handed[reader.person_id] = Handed(sealed_key, private.ed25519.sign(words))
    return Shared(sealed, handed)


def open_own(keys: Keys, subject: Subject, sealed: Sealed, epoch: int = 1) -> bytes:
    """The text, for its author. Raises Damaged."""
    place = _place(subject, epoch)
    data_key = unseal(keys.wrap, Type.WRAP, place, sealed.wrap)
    return unpad(unseal(OnceKey(data_key), subject.kind, place, sealed.envelope))


def rewrap_own(keys: Keys, subject: Subject, wrap: bytes, epoch: int = 1) -> bytes:
    """The author's own wrap under their present master key. Raises Damaged."""
    place = _place(subject, epoch)
    return seal(keys.wrap, Type.WRAP, place, unwrap(keys, place, wrap))


def open_shared(
    private: PrivateKeys,
    reader: PublicKeys,
    author: PublicKeys,
    subject: Subject,
    everybody: Readers,
    envelope: bytes,
    handed: Handed,
) -> bytes:
    """The text, for one of its readers. All but the last two is what the request expects.

    `private` and `reader` are both of who reads; `author` comes from `read_pinned`, or from
    `read_public` where nothing was compared. Raises Damaged unless the author signed exactly this
    for this reader.
    """
    _in_list(reader.person_id, everybody.ids)
    place = _place(subject, author.epoch)
    info = _info(subject, place, envelope, reader)
    _verify(author, handed.signature, _hand_words(info, envelope, handed.sealed_key, everybody))
    try:
        data_key = HPKE.decrypt(handed.sealed_key, private.hpke, info=info)
    except (InvalidTag, ValueError):
        raise Damaged("share") from None
    return unpad(unseal(OnceKey(data_key), subject.kind, place, envelope))


def _place(subject: Subject, epoch: int) -> Place:
    """What a text is about stands where a revision has the hash of the one before it."""
    about = sha256(b"SUP1 about" + bytes([subject.kind]) + subject.about.bytes).digest()
    return place_of(subject.id, subject.author_id, subject.number, about, epoch)


def _info(subject: Subject, place: Place, envelope: bytes, reader: PublicKeys) -> bytes:
    """Binds the sealed key to kind, text, note, author, state and reader, and to its commitment."""
    expected = pack_start(subject.kind) + place
    whom = subject.about.bytes + reader.person_id.bytes + record_hash(reader)
    return b"SUP1 hand" + expected + whom + envelope[len(expected) : HEADER_BYTES]


def _hand_words(info: bytes, envelope: bytes, sealed_key: bytes, everybody: Readers) -> bytes:
    """What the author signs for one reader. Each part has one length."""
    parts = (sha256(part).digest() for part in (envelope, sealed_key, everybody.ids))
    return b"SUP1 handed" + info + b"".join(parts) + _numbered(everybody)


def _list_words(subject: Subject, readers: Readers) -> bytes:
    ids = subject.id.bytes + subject.about.bytes + subject.author_id.bytes
    return b"SUP1 readers" + bytes([subject.kind]) + ids + readers.ids + _numbered(readers)


def _numbered(readers: Readers) -> bytes:
    """24 bytes, so that no list with a number is as long as one without; nothing for these."""
    return b"SUP1 list number" + readers.number.to_bytes(8) if readers.number else b""


def _verify(author: PublicKeys, signature: bytes, words: bytes) -> None:
    try:
        author.ed25519.verify(signature, words)
    except InvalidSignature:
        raise Damaged("signature") from None


def _in_list(person_id: UUID, readers: bytes) -> None:
    if person_id.bytes not in _parts(readers):
        raise Damaged("reader")


def _parts(readers: bytes) -> list[bytes]:
    return [readers[at : at + ID_BYTES] for at in range(0, len(readers), ID_BYTES)]
