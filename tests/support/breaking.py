"""A small application as granian serves it, whose answer breaks off; takes a port to listen on."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from typing import Any

from supervision.serve import web_server
from supervision.web.front import Front


def _breaking(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
    start("200 OK", [])
    yield b"one"
    if environ["PATH_INFO"] == "/breaks":
        raise LookupError("what a person wrote")
    yield b"two"


def front() -> Front:
    return Front(_breaking, 1, 100)


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    web_server("tests.support.breaking:front", "127.0.0.1", int(sys.argv[1]), 1).serve()
