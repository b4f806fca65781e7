"""Looking for a sentence wherever it might have been left, in the guises that programs give it."""

import base64
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

SENTENCE = "the heron at Ålesund forgot its violet umbrella"


def guises(sentence: str = SENTENCE) -> dict[str, bytes]:
    """The sentence as it might stand in a file: encodings, addresses, base64 at each offset."""
    plain = sentence.encode()
    found = {
        "utf-8": plain,
        "utf-16": sentence.encode("utf-16-le"),
        "hex": plain.hex().encode(),
        "json": sentence.encode("unicode_escape"),
        "quoted": quote(sentence).encode(),
        "form": quote_plus(sentence).encode(),
    }
    for offset in range(3):
        # What surrounds the sentence spoils the first and last letters: these are left out.
        encoded = base64.b64encode(bytes(offset) + plain).rstrip(b"=")[4:-4]
        found[f"base64 at {offset}"] = encoded
        found[f"base64url at {offset}"] = encoded.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def traces(where: str, content: bytes, sentence: str = SENTENCE) -> list[str]:
    """Where and in what guise the sentence stands in these bytes, in zlib streams too."""
    looks = {where: content, f"{where}, inflated": _inflated(content)}
    return [
        f"{name}: {guise}"
        for name, bytes_ in looks.items()
        for guise, needle in guises(sentence).items()
        if needle in bytes_
    ]


def _inflated(content: bytes) -> bytes:
    """What zlib streams in these bytes hold."""
    found = []
    for start in _starts(content):
        try:
            found.append(zlib.decompressobj().decompress(content[start:]))
        except zlib.error:
            continue
    return b"\n".join(found)


def _starts(content: bytes) -> Iterator[int]:
    for magic in (b"\x78\x01", b"\x78\x9c", b"\x78\xda"):
        at = content.find(magic)
        while at >= 0:
            yield at
            at = content.find(magic, at + 1)


def traces_in(folders: Iterable[Path], sentence: str = SENTENCE) -> list[str]:
    """Every trace in every file of these folders."""
    return [
        trace
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for trace in traces(str(path), path.read_bytes(), sentence)
    ]


BROWSER_STORAGE = """async () => {
  const found = [...Object.entries(localStorage), ...Object.entries(sessionStorage)];
  found.push(["cookie", document.cookie], ["history", JSON.stringify(history.state)]);
  for (const key of await caches.keys()) {
    const cache = await caches.open(key);
    for (const request of await cache.keys()) {
      found.push([request.url, await (await cache.match(request)).text()]);
    }
  }
  for (const { name } of await indexedDB.databases()) found.push(["indexedDB", name]);
  return JSON.stringify(found);
}"""
"""For a browser test: `page.evaluate(BROWSER_STORAGE)` is all that the page's origin keeps."""
