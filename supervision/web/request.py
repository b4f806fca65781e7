"""The request as all views see it: bounded, with htmx's headers, nothing of it on the disk, no NUL.

Forms measure their own fields (`supervision/web/forms.py`); what a view reads by itself is measured
here, and so are lists in headers and how many fields there are, before they are taken apart.
"""

import re
from binascii import a2b_qp
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from htmx_flask.requests import HtmxAwareRequest
from werkzeug.datastructures import Authorization, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

from supervision.errors import N_, Invalid
from supervision.web import multipart

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LONGEST = 2_000
MOST_FIELDS = 5_000
# Signs of an escape that are none: no browser sends one, and each is mended by itself.
MOST_BROKEN = 1_000
# What Werkzeug takes apart a character at a time. Longer than any program sends it, it is not read.
TAKEN_APART = (
    *("HTTP_ACCEPT", "HTTP_ACCEPT_CHARSET", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE"),
    *("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_RANGE", "HTTP_RANGE"),
    *("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_DATE"),
    *("HTTP_AUTHORIZATION", "HTTP_CACHE_CONTROL", "HTTP_PRAGMA", "CONTENT_TYPE"),
)
LONGEST_HEADER = 500


def forget_long_headers(environ: "WSGIEnvironment") -> None:
    """Nobody who reads a header of `TAKEN_APART` afterwards finds a long one there."""
    for name in TAKEN_APART:
        if len(environ.get(name, "")) > LONGEST_HEADER:
            del environ[name]


class Sent(ImmutableMultiDict[str, Any]):
    """What was sent, by name. Whatever is read singly is short: raises Invalid when it is not."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if isinstance(value, str) and len(value) > LONGEST:
            raise Invalid(None, N_("Keep this to %(max)s characters."), max=LONGEST)
        return value


def long_text(form: MultiDict[str, str], name: str) -> str:
    """A field that may be as long as the whole form; empty when it is not there."""
    return next(iter(form.getlist(name)), "")


class Parser(FormDataParser):
    """Counts fields before they are taken apart. Raises RequestEntityTooLarge (413).

    What no browser makes of a form raises BadRequest (400). `urllib.parse` takes 0.3 s for two
    megabytes of escapes; quoted-printable is the same but for its sign, and read in C.
    """

    def _parse_multipart(
        self, stream: IO[bytes], kind: str, length: int | None, options: dict[str, str]
    ) -> Any:
        body = stream.read()
        multipart.check(body, options.get("boundary", ""), MOST_FIELDS)
        _stream, form, files = super()._parse_multipart(BytesIO(body), kind, length, options)
        if None in form or None in files:
            raise BadRequest
        return stream, form, files

    def _parse_urlencoded(self, stream: IO[bytes], *_about: Any) -> Any:
        body = stream.read()
        _count(body)
        body, broken = _NO_ESCAPE.subn(b"%25", body, MOST_BROKEN + 1)
        if broken > MOST_BROKEN:
            raise BadRequest
        pairs = (pair.partition(b"=") for pair in body.split(b"&") if pair)
        return stream, self.cls((_plain(name), _plain(value)) for name, _is, value in pairs), Sent()


_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def _plain(sent: bytes) -> str:
    """Whole escapes undone (WHATWG URL, application/x-www-form-urlencoded parsing)."""
    whole = sent.replace(b"+", b" ").replace(b"=", b"=3D")
    return a2b_qp(whole.replace(b"%", b"=")).decode(errors="replace")


def _count(pairs: bytes) -> None:
    if pairs.count(b"&") >= MOST_FIELDS:
        raise RequestEntityTooLarge


class Request(HtmxAwareRequest):  # type: ignore[misc]  # htmx-flask has no types
    """Keeps whatever a form sends in memory: it is small, and it may be somebody's reflection."""

    parameter_storage_class = Sent
    form_data_parser_class = Parser

    def __init__(self, environ: "WSGIEnvironment", *args: Any, **kwargs: Any) -> None:
        forget_long_headers(environ)
        super().__init__(environ, *args, **kwargs)

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()

    @property
    def authorization(self) -> Authorization | None:
        """None for what cannot be read: Werkzeug raises for letters that Base64 has not."""
        try:
            found: Authorization | None = super().authorization
        except ValueError:
            return None
        return found

    def _load_form_data(self) -> None:
        super()._load_form_data()
        self.__dict__["form"] = _without_nul(self.form)

    @cached_property
    def args(self) -> MultiDict[str, str]:
        _count(self.query_string)
        return _without_nul(super().args)


def _without_nul(values: MultiDict[str, str]) -> MultiDict[str, str]:
    """What was sent without U+0000: nobody types it, pasting can bring it, PostgreSQL has none."""
    if not any("\0" in value for _name, value in values.items(multi=True)):
        return values
    return Sent((name, value.replace("\0", "")) for name, value in values.items(multi=True))
