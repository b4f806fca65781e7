"""From a passphrase to keys: one Argon2id run (RFC 9106) serves sign-in and unlock alike."""

import os
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from supervision.domain.folding import can_be_normalised, normalised
from supervision.domain.vault.faults import BadParams, Damaged
from supervision.errors import N_, Invalid

SALT_BYTES = 16
LONGEST_PASSPHRASE = 200
_HEADER = struct.Struct(">4s8sIII16s16s")
_NOBODY = UUID(int=0)

# One at a time in each worker process: each run takes 64 MiB and a whole core, and there are as
# many workers as cores. Waiting is cheap, memory is not.
_one_at_a_time = threading.BoundedSemaphore(1)
# How far a run stands back where cores are short: pages then get nine tenths of one.
NICE = 10


@dataclass(frozen=True, slots=True)
class KdfParams:
    """Argon2id's cost: memory in KiB, passes over it, lanes."""

    memory_kib: int
    passes: int
    lanes: int


FLOOR = KdfParams(19 * 1024, 2, 1)
CEILING = KdfParams(1024 * 1024, 10, 8)
POLICY = KdfParams(64 * 1024, 3, 1)


@dataclass(frozen=True, slots=True, repr=False)
class Stretched:
    """What a passphrase becomes: `auth` proves it at sign-in, `kek` opens the slot. 32 bytes each.

    Neither tells the other. Neither may be stored or logged as it is.
    """

    auth: bytes
    kek: bytes


def check_params(params: KdfParams) -> None:
    """Raises BadParams below the floor of 19 MiB/2/1 or above 1 GiB/10/8.

    Parameters come out of a database, which may lie: cheap ones would let its thief guess fast,
    dear ones would let its writer stop the server.
    """
    pairs = (
        (FLOOR.memory_kib, params.memory_kib, CEILING.memory_kib),
        (FLOOR.passes, params.passes, CEILING.passes),
        (FLOOR.lanes, params.lanes, CEILING.lanes),
    )
    if not all(low <= value <= high for low, value, high in pairs):
        raise BadParams("parameters")


def below_policy(params: KdfParams, policy: KdfParams = POLICY) -> bool:
    """True when any cost is under the policy's: the slot should be re-wrapped at this unlock."""
    return stronger(params, policy) != params


def stronger(one: KdfParams, other: KdfParams) -> KdfParams:
    """The larger of each cost: what a change of passphrase takes of the old and the policy."""
    return KdfParams(
        max(one.memory_kib, other.memory_kib),
        max(one.passes, other.passes),
        max(one.lanes, other.lanes),
    )


def kdf_header(person_id: UUID, params: KdfParams, salt: bytes) -> bytes:
    """Argon2's `ad` (52 bytes): binds the result to the person, the costs and the salt."""
    if len(salt) != SALT_BYTES:
        raise Damaged("salt size")
    costs = (params.memory_kib, params.passes, params.lanes)
    return _HEADER.pack(b"SUP1", b"argon2id", *costs, person_id.bytes, salt)


def kdf_binding(person_id: UUID, params: KdfParams, salt: bytes) -> bytes:
    """SHA-256 of the header: put into the AAD of whatever hangs on the passphrase."""
    check_params(params)
    return sha256(kdf_header(person_id, params, salt)).digest()


def check_passphrase(passphrase: str, field: str = "passphrase") -> None:
    """Raises Invalid for one that nobody types: over 200 characters, or accents without end."""
    if len(passphrase) > LONGEST_PASSPHRASE:
        raise Invalid(field, N_("Keep this to %(max)s characters."), max=LONGEST_PASSPHRASE)
    if not can_be_normalised(passphrase):
        raise Invalid(field, N_("There are too many accents on one letter."))


def stretch(passphrase: str, person_id: UUID, salt: bytes, params: KdfParams) -> Stretched:
    """Run Argon2id once (about 150 ms and 64 MiB at policy); never inside a write transaction.

    The passphrase is taken in Unicode NFKC, so that the same one typed on another keyboard opens.
    Raises BadParams, Damaged for a salt that is not 16 bytes, and Invalid (`check_passphrase`).
    """
    check_params(params)
    kdf = Argon2id(
        salt=salt,
        length=64,
        iterations=params.passes,
        lanes=params.lanes,
        memory_cost=params.memory_kib,
        ad=kdf_header(person_id, params, salt),
    )
    both = _run(kdf, passphrase)
    return Stretched(auth=both[:32], kek=both[32:])


def stretch_alone(passphrase: str, salt: bytes, params: KdfParams) -> bytes:
    """64 bytes for something that leaves the vault: bound to nothing but passphrase, salt, costs.

    Raises BadParams, and Invalid (`check_passphrase`).
    """
    check_params(params)
    kdf = Argon2id(
        salt=salt,
        length=64,
        iterations=params.passes,
        lanes=params.lanes,
        memory_cost=params.memory_kib,
    )
    return _run(kdf, passphrase)


def _run(kdf: Argon2id, passphrase: str) -> bytes:
    check_passphrase(passphrase)
    normal = normalised("NFKC", passphrase).encode("utf-8", "surrogatepass")
    with _one_at_a_time, ThreadPoolExecutor(1, initializer=_stand_back) as aside:
        return aside.submit(kdf.derive, normal).result()


def _stand_back() -> None:
    """This thread alone gives way to others; only Linux has a priority for a thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def stretch_nobody(passphrase: str, params: KdfParams = POLICY) -> None:
    """Spend what a real sign-in spends, for an unknown account or one whose row is unusable.

    Pass the costs that a new account would get, so that the two answers take equally long.
    """
    stretch(passphrase, _NOBODY, bytes(SALT_BYTES), params)
