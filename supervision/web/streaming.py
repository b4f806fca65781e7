"""Answers that are made while they leave, so that nothing of them has to be held whole."""

from collections.abc import Callable, Generator, Iterator
from contextvars import copy_context
from typing import Any, cast

from flask import current_app
from flask_babel import force_locale, get_locale


def streamed(make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """What `make()` yields, each step in a context of the application that is its own.

    The request is over by then, and its session with it; the reader's language goes on.
    """
    app, language = cast(Any, current_app)._get_current_object(), str(get_locale())

    def within() -> Generator[bytes]:
        with app.app_context(), force_locale(language):
            yield from make()

    return _stepped(within())


def _stepped(parts: Generator[bytes]) -> Iterator[bytes]:
    """Each step, and the end, in the same copy of the context, whatever thread asks for it."""
    own = copy_context()
    try:
        while (part := own.run(next, parts, None)) is not None:
            if part:
                yield part
    finally:
        own.run(parts.close)
