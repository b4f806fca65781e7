"""The request as all views see it: bounded, with htmx's headers, nothing of it on the disk, no NUL.

Forms measure their own fields (`supervision/web/forms.py`); what a view reads by itself is measured
here, and so is how many fields there are, before they are taken apart.
"""

import re
from binascii import a2b_qp
from io import BytesIO
from typing import IO, Any

from htmx_flask.requests import HtmxAwareRequest
from werkzeug.datastructures import Authorization, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

from supervision.errors import N_, Invalid

LONGEST = 2_000
MOST_FIELDS = 5_000


class Sent(ImmutableMultiDict[str, Any]):
    """What was sent, by name. Whatever is read singly is short: raises Invalid when it is not."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if isinstance(value, str) and len(value) > LONGEST:
            raise Invalid(None, N_("Keep this to %(max)d characters."), max=LONGEST)
        return value


def long_text(form: MultiDict[str, str], name: str) -> str:
    """A field that may be as long as the whole form; empty when it is not there."""
    return next(iter(form.getlist(name)), "")


class Parser(FormDataParser):
    """Counts fields before they are taken apart. Raises RequestEntityTooLarge (413).

    `urllib.parse` takes 0.3 s for two megabytes of escapes; quoted-printable is the same but for
    its sign, and read in C.
    """

    def _parse_urlencoded(self, stream: IO[bytes], *_about: Any) -> Any:
        body = stream.read()
        _count(body)
        pairs = (pair.partition(b"=") for pair in body.split(b"&") if pair)
        return stream, self.cls((_plain(name), _plain(value)) for name, _is, value in pairs), Sent()


_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def _plain(sent: bytes) -> str:
    """Percent-encoding undone (WHATWG URL, application/x-www-form-urlencoded parsing)."""
    whole = _NO_ESCAPE.sub(b"%25", sent.replace(b"+", b" ")).replace(b"=", b"=3D")
    return a2b_qp(whole.replace(b"%", b"=")).decode(errors="replace")


def _count(pairs: bytes) -> None:
    if pairs.count(b"&") >= MOST_FIELDS:
        raise RequestEntityTooLarge


class Request(HtmxAwareRequest):  # type: ignore[misc]  # htmx-flask has no types
    """Keeps whatever a form sends in memory: it is small, and it may be somebody's reflection."""

    parameter_storage_class = Sent
    form_data_parser_class = Parser

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
