"""Sealed archives: opened by the program in docs/export-format.md, which shares no code with us."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from supervision.domain.vault import FLOOR, archive_key, seal_archive

PAGE = Path(__file__).parents[2] / "docs" / "export-format.md"
PASSPHRASE = "an ﬁne archive, sealed"  # the ligature is two letters in NFKC
HEADER, CHUNK = 67, 64 * 1024
SEALED = CHUNK + 16


def program() -> str:
    [found] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


def opened(folder: Path, sealed: bytes, passphrase: str = PASSPHRASE) -> bytes | None:
    """What the program of the page makes of it; None when it ends with an error."""
    script, archive, plain = (folder / name for name in ("open.py", "archive", "plain"))
    script.write_text(program())
    archive.write_bytes(sealed)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(archive), str(plain)],
        input=f"{passphrase}\n".encode(),
        capture_output=True,
        start_new_session=True,  # no terminal, so it reads what it is given
        check=False,
    )
    return plain.read_bytes() if done.returncode == 0 else None


def sealed(body: bytes) -> bytes:
    return b"".join(seal_archive(archive_key(PASSPHRASE, FLOOR), [body]))


def test_program_is_short_and_knows_nothing_of_ours() -> None:
    lines = [line for line in program().splitlines() if line and "import" not in line]
    assert len(lines) <= 13
    assert ("supervision" in program(), "cryptography" in program()) == (False, False)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_archive_is_opened_by_the_program_of_the_page(tmp_path: Path, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    assert opened(tmp_path, sealed(body)) == body


def test_same_passphrase_in_another_spelling_opens(tmp_path: Path) -> None:
    assert opened(tmp_path, sealed(b"hello"), "an fine archive, sealed") == b"hello"


def test_parts_of_any_size_make_the_same_chunks() -> None:
    key = archive_key(PASSPHRASE, FLOOR)
    body = bytes(range(256)) * 1000
    whole = b"".join(seal_archive(key, [body]))
    pieces = [body[at : at + 999] for at in range(0, len(body), 999)]
    assert b"".join(seal_archive(key, pieces)) == whole


def test_archive_is_sealed_as_it_comes() -> None:
    def parts():
        yield bytes(2 * CHUNK)
        raise AssertionError("read too far")

    made = seal_archive(archive_key(PASSPHRASE, FLOOR), parts())
    assert [len(next(made)), len(next(made))] == [HEADER, SEALED]


BODY = bytes(3 * CHUNK - 100)


def flipped(whole: bytes, at: int) -> bytes:
    """With one bit otherwise, whatever the byte was."""
    return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda whole: whole[: HEADER + 2 * SEALED], id="last chunk cut off"),
        pytest.param(lambda whole: whole[:-1], id="one byte cut off"),
        pytest.param(lambda whole: whole + b"\0", id="one byte more"),
        pytest.param(
            lambda whole: (
                whole[:HEADER]
                + whole[HEADER + SEALED : HEADER + 2 * SEALED]
                + whole[HEADER : HEADER + SEALED]
                + whole[HEADER + 2 * SEALED :]
            ),
            id="two chunks swapped",
        ),
        pytest.param(
            lambda whole: whole[:HEADER] + whole[HEADER + SEALED :], id="first chunk left out"
        ),
        pytest.param(lambda whole: whole[:5] + b"\2" + whole[6:], id="another cost"),
        pytest.param(lambda whole: flipped(whole, 35), id="check altered"),
        pytest.param(lambda whole: flipped(whole, 28), id="prefix altered"),
    ],
)
def test_altered_archive_does_not_open(tmp_path: Path, harm) -> None:
    assert opened(tmp_path, harm(sealed(BODY))) is None


def test_wrong_passphrase_does_not_open(tmp_path: Path) -> None:
    assert opened(tmp_path, sealed(b"hello"), "another passphrase") is None


def test_two_archives_share_neither_salt_nor_key() -> None:
    one, other = (archive_key(PASSPHRASE, FLOOR) for _ in range(2))
    assert (one.raw == other.raw, one.header == other.header) == (False, False)
    assert one.raw.hex() not in repr(one)
